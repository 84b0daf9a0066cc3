;; Tries to share a table with somebody.
;; expect: refused tables
(module (import "env" "table" (table 1 funcref)) (import "env" "memory" (memory 1 4)) (func (export "deploy")) (func (export "call")))
