;; Tries to begin with four gigabytes of memory.
;; expect: refused memory
(module (import "env" "memory" (memory 65536)) (func (export "deploy")) (func (export "call")))
