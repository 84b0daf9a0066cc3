;; Tries to look like a counted loop and sets its counter back in an arm that is rarely taken.
;; expect: outOfGas
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (func (export "call") (local i32)
  (loop $again
    (if (i32.eq (local.get 0) (i32.const 999)) (then (local.set 0 (i32.const 0))))
    (br_if $again (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 1000))))))
