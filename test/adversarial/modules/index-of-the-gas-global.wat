;; Tries to fill the counter up by writing the global that stands behind its own last one.
;; expect: refused
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (global (mut i64) (i64.const 0)) (func (export "call") (global.set 1 (i64.const 0x7fffffffffffffff))))
