;; Tries to get a long loop for nothing by dividing by a counter that reaches zero.
;; gas: 10000000000
;; expect: trapped integerDivideByZero
;; uses at least: 700000000
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (func (export "call") (local i32)
  (local.set 0 (i32.const 20000))
  (loop $again
    (drop (i32.div_u (i32.const 1) (local.get 0)))
    (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
    (br $again))))
