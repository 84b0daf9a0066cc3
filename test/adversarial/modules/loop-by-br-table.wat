;; Tries to run for ever in a loop whose way back is a branch table.
;; expect: outOfGas
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (func (export "call") (local i32)
  (loop $a (loop $b (loop $c
    (local.set 0 (i32.add (local.get 0) (i32.const 1)))
    (br_table $a $b $c (i32.rem_u (local.get 0) (i32.const 3))))))))
