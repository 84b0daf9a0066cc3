;; Tries the old form of an entry that gives a number back.
;; expect: returned
(module (import "env" "memory" (memory 1)) (func (export "deploy") (result i32) (i32.const 1))
  (func (export "call") (result i32) (i32.const -1)))
