;; Tries to be uploaded without an entry.
;; expect: refused
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")))
