;; Tries to have the host's function entered as its own entry.
;; expect: refused entry point
(module (import "host" "return" (func $return)) (import "env" "memory" (memory 1))
  (export "call" (func $return)) (func (export "deploy")))
