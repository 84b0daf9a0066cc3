;; Tries to survive a fault of its own that a host function raised.
;; expect: trapped host
;; notes: 1
(module (import "host" "note" (func $note (param i32))) (import "host" "fault" (func $fault)) (import "env" "memory" (memory 1 4)) (func (export "deploy"))
  (func (export "call") (call $note (i32.const 1)) (call $fault) (call $note (i32.const 2))))
