;; Tries to look like a counted loop and steps over its end.
;; expect: outOfGas
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (func (export "call") (local i32)
  (loop $again
    (local.set 0 (i32.add (local.get 0) (i32.const 2)))
    (br_if $again (i32.ne (local.get 0) (i32.const 1001))))))
