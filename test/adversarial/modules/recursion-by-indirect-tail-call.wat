;; Tries to run for ever by tail calls through a table.
;; expect: outOfGas
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (table 1 funcref) (elem (i32.const 0) $f) (type $t (func))
  (func $f (return_call_indirect (type $t) (i32.const 0)))
  (func (export "call") (return_call_indirect (type $t) (i32.const 0))))
