;; Tries to import the counter.
;; expect: refused import
(module (import "env" "phatvm:gas" (global (mut i64))) (import "env" "memory" (memory 1 4)) (func (export "deploy")) (func (export "call")))
