;; Tries to read the machine's choice of NaN bits through stores, reinterpretation and sign operations.
;; expect: returned
;; notes: 2143289344 2143289344 -4194304 2143289344
(module (import "host" "note" (func $note (param i32))) (import "env" "memory" (memory 1)) (func (export "deploy"))
  (func (export "call") (local f32 f32)
    (local.set 0 (f32.div (local.get 0) (local.get 1)))
    (call $note (i32.reinterpret_f32 (local.get 0)))
    (f32.store (i32.const 0) (f32.add (local.get 0) (f32.reinterpret_i32 (i32.const 0xffc01234))))
    (call $note (i32.load (i32.const 0)))
    (call $note (i32.reinterpret_f32 (f32.neg (f32.sqrt (f32.const -1)))))
    (v128.store (i32.const 16) (f32x4.mul (v128.const f32x4 -nan:0x123456 inf 0 1) (v128.const f32x4 1 0 1 1)))
    (call $note (i32.load (i32.const 16)))))
