;; Tries to write beyond memory while the instance is being made.
;; expect: refused
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (func (export "call")) (data (i32.const 65533) "abcd"))
