;; Tries to confuse the pass with code that no control flow reaches and whose stack has any types.
;; expect: returned
(module (import "env" "memory" (memory 1 4)) (func (export "deploy")) (table 1 1 funcref)
  (func (export "call")
    (block
      (br 0)
      (i32.add) (drop) (f64.neg) (i32.const 1) (select) (drop)
      (block (result i32 i64) (unreachable)) (drop) (drop)
      (f32x4.add) (i32x4.extract_lane 1) (memory.fill) (table.grow 0) (drop))
    (loop
      (br_if 1 (i32.const 1))
      (return)
      (memory.grow) (drop) (call 0) (call_indirect (param i64 f32)) (if (then (unreachable) (f64.sqrt) (drop)) (else (br 2)))
      (br_table 0 1 (i32.const 0)))))
