;; Tries to grow a table past the profile's limit: it must fail inside the module.
;; gas: 20000000000
;; expect: returned
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (table 1 funcref)
  (func (export "call")
    (if (i32.ne (table.grow (ref.null func) (i32.const 16383)) (i32.const 1)) (then unreachable))
    (if (i32.ne (table.grow (ref.null func) (i32.const 1)) (i32.const -1)) (then unreachable))))
