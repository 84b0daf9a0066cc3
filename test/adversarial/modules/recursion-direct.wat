;; Tries to end the isolate by a function that calls itself without end.
;; expect: stackOverflow
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (func $f (export "call") (call $f)))
