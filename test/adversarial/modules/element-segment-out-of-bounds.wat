;; Tries to write beyond a table while the instance is being made.
;; expect: refused
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (table 1 funcref) (elem (i32.const 1) $f) (func $f (export "call")))
