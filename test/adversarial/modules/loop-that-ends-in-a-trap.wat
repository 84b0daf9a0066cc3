;; Tries to get a long loop for nothing by ending it in a trap that throws the counter away.
;; gas: 10000000000
;; expect: trapped memoryOutOfBounds
;; uses at least: 900000000
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (func (export "call") (local i32)
  (loop $again
    (drop (i32.load8_u (local.get 0)))
    (local.set 0 (i32.add (local.get 0) (i32.const 1)))
    (br $again))))
