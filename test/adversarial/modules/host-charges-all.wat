;; Tries to go on after the host has taken all its gas.
;; expect: outOfGas
(module (import "host" "pay" (func $pay (param i32))) (import "host" "note" (func $note (param i32))) (import "env" "memory" (memory 1 4)) (func (export "deploy"))
  (func (export "call") (call $pay (i32.const 0x7fffffff)) (call $note (i32.const 1))))
;; gas: 1000000000
