;; Tries to call an entry of the table that nobody set.
;; expect: trapped indirectCallMismatch
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (table 4 funcref) (func (export "call") (call_indirect (i32.const 3))))
