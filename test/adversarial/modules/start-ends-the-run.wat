;; Tries to end the run from the start function and to be entered all the same.
;; expect: returned
;; notes: 1
(module (import "host" "note" (func $note (param i32))) (import "host" "return" (func $return)) (import "env" "memory" (memory 1 4)) (func (export "deploy"))
  (func (export "call") (call $note (i32.const 2)))
  (func $begin (call $note (i32.const 1)) (call $return))
  (start $begin))
