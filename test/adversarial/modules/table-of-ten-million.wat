;; Tries to begin with a table of ten million entries.
;; expect: refused table
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (table 10000000 funcref) (func (export "call")))
