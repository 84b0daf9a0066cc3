;; Tries to grow past the profile's limit by declaring a maximum of 65,536 pages.
;; gas: 2000000000
;; expect: returned
(module (import "env" "memory" (memory 2 65536)) (func (export "deploy"))
  (func (export "call")
    (if (i32.ne (memory.grow (i32.const 63)) (i32.const -1)) (then unreachable))
    (if (i32.ne (memory.grow (i32.const 62)) (i32.const 2)) (then unreachable))))
