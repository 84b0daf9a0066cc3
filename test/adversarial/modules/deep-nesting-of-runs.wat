;; Tries to run itself inside itself, each time as deep as its stack allows.
;; expect: stackOverflow
;; notes: 6
(module (import "host" "nest" (func $nest)) (import "env" "memory" (memory 1 4)) (func (export "deploy"))
  (func $down (param i32) (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1)))) (else (call $nest))))
  (func $f (call $f))
  (func (export "call") (call $down (i32.const 3000)) (call $f)))
