;; Tries to hide endless recursion in a cycle of three functions.
;; expect: stackOverflow
(module (import "env" "memory" (memory 1 4)) (func (export "deploy"))
  (func $a (export "call") (call $b))
  (func $b (call $c (i32.const 1)))
  (func $c (param i32) (call $a)))
