// Quicksort of integers with an insertion sort at the leaves.
const n = 20000;
const A = new StaticArray<i32>(n);
function sort(lo: i32, hi: i32): void {
  while (hi - lo > 12) {
    const pivot = unchecked(A[(lo + hi) >>> 1]);
    let i = lo;
    let j = hi;
    while (i <= j) {
      while (unchecked(A[i]) < pivot) i++;
      while (unchecked(A[j]) > pivot) j--;
      if (i <= j) {
        const t = unchecked(A[i]);
        unchecked((A[i] = A[j]));
        unchecked((A[j] = t));
        i++; j--;
      }
    }
    sort(lo, j);
    lo = i;
  }
  for (let i = lo + 1; i <= hi; i++) {
    const x = unchecked(A[i]);
    let j = i - 1;
    while (j >= lo && unchecked(A[j]) > x) { unchecked((A[j + 1] = A[j])); j--; }
    unchecked((A[j + 1] = x));
  }
}
export function run(rounds: i32): f64 {
  for (let r = 0; r < rounds; r++) {
    let x: u32 = 12345;
    for (let i = 0; i < n; i++) { x = x * 1664525 + 1013904223; unchecked((A[i] = <i32>(x >>> 1))); }
    sort(0, n - 1);
  }
  return unchecked(A[n / 2]);
}
