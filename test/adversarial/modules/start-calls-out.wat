;; Tries to call the host from the start function, before the entry was ever called.
;; expect: returned
;; notes: 7 8
(module (import "host" "note" (func $note (param i32))) (import "env" "memory" (memory 1 4)) (func (export "deploy"))
  (func (export "call") (call $note (i32.const 8)))
  (func $begin (call $note (i32.const 7)))
  (start $begin))
