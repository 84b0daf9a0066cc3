;; Tries to hide work in copies of the whole memory onto itself.
;; expect: outOfGas
(module (import "env" "memory" (memory 64)) (func (export "deploy"))
  (func (export "call") (loop $again (memory.copy (i32.const 1) (i32.const 0) (i32.const 0x3fffff)) (br $again))))
