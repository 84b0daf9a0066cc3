;; Tries to write a gigabyte two hundred times, one instruction and a good part of a second each.
;; profile: wasm2
;; gas: 3000000000000
;; expect: outOfGas
(module (memory 16384) (func (export "call") (local i32)
  (loop $again
    (memory.fill (i32.const 0) (local.get 0) (i32.const 0x40000000))
    (br_if $again (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 200))))))
