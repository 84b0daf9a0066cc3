;; Tries to import a function that no host has, by the name that other meters use.
;; expect: refused
(module (import "metering" "usegas" (func (param i32))) (import "env" "memory" (memory 1 4)) (func (export "deploy")) (func (export "call")))
