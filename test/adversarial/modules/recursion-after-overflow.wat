;; Tries to go on after a stack overflow from another entry of the same instance.
;; expect: stackOverflow
(module (import "host" "note" (func $note (param i32))) (import "env" "memory" (memory 1 4)) (func (export "deploy")) (global $deep (mut i32) (i32.const 0))
  (func $f (global.set $deep (i32.add (global.get $deep) (i32.const 1))) (call $f))
  (func (export "call") (if (global.get $deep) (then (call $note (global.get $deep)))) (call $f)))
