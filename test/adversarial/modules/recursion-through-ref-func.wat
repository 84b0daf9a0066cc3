;; Tries to hide recursion behind a reference that is put into the table only at run time.
;; expect: stackOverflow
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (table 1 funcref) (elem declare func $f) (type $t (func))
  (func $f (table.set (i32.const 0) (ref.func $f)) (call_indirect (type $t) (i32.const 0)))
  (func (export "call") (call $f)))
