;; Tries to hide work in filling a large table.
;; expect: outOfGas
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (table 16384 funcref)
  (func (export "call")
    (loop $again (table.fill (i32.const 0) (ref.null func) (i32.const 16384)) (br $again))))
