;; Tries to make the backtrace of a trap long, and the names in it hostile.
;; expect: trapped unreachable
(module (import "env" "memory" (memory 1 4)) (func (export "deploy"))
  (func $<img/src=x|onerror=`rm`> (param i32)
    (if (local.get 0) (then (call 1 (i32.sub (local.get 0) (i32.const 1)))) (else unreachable)))
  (func (export "call") (call 1 (i32.const 1000))))
