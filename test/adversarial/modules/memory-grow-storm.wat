;; Tries to wear the machine out by growing memory without end.
;; expect: outOfGas
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (func (export "call") (loop $again (drop (memory.grow (i32.const 1))) (br $again))))
