;; Tries to export a global under the name of an entry.
;; expect: refused export
(module (import "env" "memory" (memory 1)) (func (export "deploy")) (global (export "call") i32 (i32.const 0)))
