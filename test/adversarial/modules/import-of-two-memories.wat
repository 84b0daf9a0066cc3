;; Tries to import a memory twice.
;; expect: refused
(module (import "env" "memory" (memory 1)) (import "env" "memory" (memory 1 4)) (func (export "deploy")) (func (export "call")))
