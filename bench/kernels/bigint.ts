// Schoolbook multiplication of 2048-bit numbers in 32-bit limbs.
const limbs = 64;
const A = new StaticArray<u32>(limbs);
const B = new StaticArray<u32>(limbs);
const C = new StaticArray<u32>(2 * limbs);
export function run(rounds: i32): f64 {
  for (let i = 0; i < limbs; i++) { unchecked((A[i] = 0x9e3779b9 * (i + 1))); unchecked((B[i] = 0x85ebca6b * (i + 3))); }
  for (let r = 0; r < rounds; r++) {
    for (let i = 0; i < 2 * limbs; i++) unchecked((C[i] = 0));
    for (let i = 0; i < limbs; i++) {
      let carry: u64 = 0;
      const a = <u64>unchecked(A[i]);
      for (let j = 0; j < limbs; j++) {
        const t = a * <u64>unchecked(B[j]) + <u64>unchecked(C[i + j]) + carry;
        unchecked((C[i + j] = <u32>t));
        carry = t >>> 32;
      }
      unchecked((C[i + limbs] = <u32>carry));
    }
    unchecked((A[0] ^= C[7]));
  }
  return unchecked(C[limbs]);
}
