;; Tries to import what every JavaScript object inherits.
;; expect: refused
(module (import "host" "constructor" (func)) (import "__proto__" "toString" (func (result i32))) (import "env" "memory" (memory 1 4)) (func (export "deploy")) (func (export "call")))
