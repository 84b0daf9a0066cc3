;; Tries to grow memory to the whole address space at once; by its price alone that cannot be paid.
;; expect: outOfGas
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (func (export "call") (drop (memory.grow (i32.const -1)))))
