;; Tries to read a data segment that it has dropped.
;; expect: trapped memoryOutOfBounds
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (data $d "secret")
  (func (export "call") (data.drop $d) (memory.init $d (i32.const 0) (i32.const 0) (i32.const 6))))
