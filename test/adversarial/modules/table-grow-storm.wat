;; Tries to grow a table to its limit and on.
;; expect: outOfGas
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (table 1 funcref)
  (func (export "call") (loop $again (drop (table.grow (ref.null func) (i32.const 1000))) (br $again))))
