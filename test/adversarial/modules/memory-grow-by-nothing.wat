;; Tries to wear the machine out by growing memory by no page at all, again and again.
;; expect: outOfGas
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (func (export "call") (loop $again (drop (memory.grow (i32.const 0))) (br $again))))
