;; Tries the one signed division whose result does not fit.
;; expect: trapped integerOverflow
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (func (export "call") (local i64)
  (local.set 0 (i64.const -1)) (drop (i64.div_s (i64.const 0x8000000000000000) (local.get 0)))))
