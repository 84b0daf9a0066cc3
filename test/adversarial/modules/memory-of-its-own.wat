;; Tries to bring a memory of its own, which no host function could read.
;; expect: refused memory
(module (memory 1) (func (export "deploy")) (func (export "call")))
