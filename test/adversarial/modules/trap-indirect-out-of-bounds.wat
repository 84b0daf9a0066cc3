;; Tries to call far beyond the end of the table.
;; expect: trapped tableOutOfBounds
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (table 1 funcref) (func (export "call") (call_indirect (i32.const -1))))
