;; Tries to hide endless recursion behind a table, where no call graph sees it.
;; expect: stackOverflow
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (table 1 funcref) (elem (i32.const 0) $f) (type $t (func))
  (func $f (export "call") (call_indirect (type $t) (i32.const 0))))
