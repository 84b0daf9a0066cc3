;; Tries to bring its memory from another module than the ABI's.
;; expect: refused memory
(module (import "evil" "memory" (memory 1)) (func (export "deploy")) (func (export "call")))
