;; Tries to run for ever by tail calls, which need no stack.
;; expect: outOfGas
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (func $f (param i32) (return_call $f (i32.add (local.get 0) (i32.const 1))))
  (func (export "call") (call $f (i32.const 0))))
