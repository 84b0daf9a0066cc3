;; Tries to convert what is no integer.
;; expect: trapped invalidConversion
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (func (export "call") (drop (i32.trunc_f64_u (f64.const nan)))))
