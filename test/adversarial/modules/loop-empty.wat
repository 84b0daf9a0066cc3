;; Tries to run for ever in a loop that does nothing.
;; expect: outOfGas
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (func (export "call") (loop $again (br $again))))
