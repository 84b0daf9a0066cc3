;; Tries to spin for ever in the start function, where many engines count nothing yet.
;; expect: outOfGas
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (func (export "call")) (func $spin (loop $again (br $again))) (start $spin))
