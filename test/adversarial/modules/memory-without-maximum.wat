;; Tries to grow past the profile's limit where the module declares none: it must fail inside the module.
;; expect: returned
(module (import "env" "memory" (memory 1)) (func (export "deploy"))
  (func (export "call")
    (if (i32.ne (memory.grow (i32.const 63)) (i32.const 1)) (then unreachable))
    (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
    (if (i32.ne (memory.size) (i32.const 64)) (then unreachable))))
