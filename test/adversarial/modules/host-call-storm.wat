;; Tries to keep the host busy with calls that cost the guest little.
;; expect: outOfGas
(module (import "host" "pay" (func $pay (param i32))) (import "env" "memory" (memory 1 4)) (func (export "deploy"))
  (func (export "call") (loop $again (call $pay (i32.const 1000)) (br $again))))
