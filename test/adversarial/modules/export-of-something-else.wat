;; Tries to export more than the two entries.
;; expect: refused export
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (func (export "call")) (func (export "backdoor")))
