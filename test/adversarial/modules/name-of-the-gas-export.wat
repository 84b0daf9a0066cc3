;; Tries to take the name under which the counter is exported.
;; profile: wasm2
;; expect: outOfGas
(module (global (export "phatvm:gas") (mut i64) (i64.const 0x7fffffffffffffff))
  (global (export "phatvm:stack") (mut i32) (i32.const 0x7fffffff))
  (func (export "phatvm:start")) (func (export "call") (loop $again (br $again))))
