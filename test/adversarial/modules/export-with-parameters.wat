;; Tries to be entered with parameters that nobody passes.
;; expect: refused signature
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (func (export "call") (param i32)))
