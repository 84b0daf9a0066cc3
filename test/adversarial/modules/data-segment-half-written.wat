;; Tries to write a first segment and to fail at a second, to leave a memory behind that is half made.
;; expect: refused
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (func (export "call")) (data (i32.const 0) "left behind") (data (i32.const -1) "x"))
