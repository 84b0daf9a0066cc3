;; A contract that hands its input to the extension's `http_request` and returns the answer as it comes: of what a query
;; takes, as little as can be is the contract's. Its memory is that of contracts compiled by ink!.
(module
  (import "seal0" "input" (func $input (param i32 i32)))
  (import "seal0" "seal_return" (func $return (param i32 i32 i32)))
  (import "seal0" "call_chain_extension" (func $extension (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "memory" (memory 2 16))
  ;; 0 length cell, 16 input, 16384 output
  (func (export "deploy"))
  (func (export "call")
    (local $length i32)
    (i32.store (i32.const 0) (i32.const 16000))
    (call $input (i32.const 16) (i32.const 0))
    (local.set $length (i32.load (i32.const 0)))
    (i32.store (i32.const 0) (i32.const 65536))
    (drop
      (call $extension (i32.const 1) (i32.const 20) (i32.sub (local.get $length) (i32.const 4))
        (i32.const 16384) (i32.const 0)))
    (call $return (i32.const 0) (i32.const 16384) (i32.load (i32.const 0)))))
