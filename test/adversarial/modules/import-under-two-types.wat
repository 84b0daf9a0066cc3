;; Tries to import one host function under two signatures and to call the wrong one.
;; expect: returned
;; notes: 5 0
(module (import "host" "note" (func $note (param i32))) (import "host" "note" (func $alias)) (import "env" "memory" (memory 1 4)) (func (export "deploy"))
  (func (export "call") (call $note (i32.const 5)) (call $alias)))
