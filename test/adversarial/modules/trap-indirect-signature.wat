;; Tries to call a function of the table with a signature that is not its own.
;; expect: trapped indirectCallMismatch
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (table 1 funcref) (elem (i32.const 0) $f) (func $f (param i64))
  (func (export "call") (call_indirect (param i32) (i32.const 1) (i32.const 0))))
