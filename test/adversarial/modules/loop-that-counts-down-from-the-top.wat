;; Tries to look like a loop that ends soon and turns four thousand million times.
;; expect: outOfGas
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (func (export "call") (local i32)
  (local.set 0 (i32.const -1))
  (loop $again (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))
