;; Tries to make instantiation fail by a trap in the start function.
;; expect: trapped unreachable
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (func (export "call")) (func $begin unreachable) (start $begin))
