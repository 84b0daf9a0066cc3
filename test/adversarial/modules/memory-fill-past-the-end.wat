;; Tries to pay for nothing by asking for more than there is; the length is charged before anything is checked.
;; expect: outOfGas
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (func (export "call") (memory.fill (i32.const 0) (i32.const 1) (i32.const -1))))
