;; Tries to leave the host with a view of memory that growing has detached.
;; expect: returned
;; notes: 65536 131072
(module (import "host" "size" (func $size)) (import "env" "memory" (memory 1 4)) (func (export "deploy"))
  (func (export "call") (call $size) (drop (memory.grow (i32.const 1))) (call $size)))
