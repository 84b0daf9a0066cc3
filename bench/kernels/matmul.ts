// Double precision sums of products.
const n = 160;
const A = new StaticArray<f64>(n * n);
const B = new StaticArray<f64>(n * n);
const C = new StaticArray<f64>(n * n);
export function run(rounds: i32): f64 {
  for (let i = 0; i < n * n; i++) {
    unchecked((A[i] = <f64>(i % 17) * 0.5));
    unchecked((B[i] = <f64>(i % 13) * 0.25));
  }
  for (let r = 0; r < rounds; r++) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0.0;
        for (let k = 0; k < n; k++) sum += unchecked(A[i * n + k]) * unchecked(B[k * n + j]);
        unchecked((C[i * n + j] = sum));
      }
    }
  }
  return unchecked(C[n + 1]);
}
