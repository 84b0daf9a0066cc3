// 64-bit rotations over a state in memory, with small inner loops.
const RC: StaticArray<u64> = [
  0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000, 0x000000000000808b, 0x0000000080000001, 0x8000000080008081,
  0x8000000000008009, 0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a, 0x000000008000808b, 0x800000000000008b,
  0x8000000000008089, 0x8000000000008003, 0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a, 0x8000000080008081,
  0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
];
const R: StaticArray<i32> = [1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44];
const P: StaticArray<i32> = [10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1];
const S = new StaticArray<u64>(25);
const C = new StaticArray<u64>(5);
function permute(): void {
  for (let round = 0; round < 24; round++) {
    for (let x = 0; x < 5; x++) unchecked((C[x] = S[x] ^ S[x + 5] ^ S[x + 10] ^ S[x + 15] ^ S[x + 20]));
    for (let x = 0; x < 5; x++) {
      const d = unchecked(C[(x + 4) % 5]) ^ rotl(unchecked(C[(x + 1) % 5]), 1);
      for (let y = 0; y < 25; y += 5) unchecked((S[y + x] ^= d));
    }
    let t = unchecked(S[1]);
    for (let i = 0; i < 24; i++) {
      const j = unchecked(P[i]);
      const k = unchecked(S[j]);
      unchecked((S[j] = rotl(t, unchecked(R[i]))));
      t = k;
    }
    for (let y = 0; y < 25; y += 5) {
      for (let x = 0; x < 5; x++) unchecked((C[x] = S[y + x]));
      for (let x = 0; x < 5; x++) unchecked((S[y + x] = C[x] ^ (~C[(x + 1) % 5] & C[(x + 2) % 5])));
    }
    unchecked((S[0] ^= RC[round]));
  }
}
export function run(rounds: i32): f64 {
  for (let i = 0; i < 25; i++) unchecked((S[i] = 0));
  for (let r = 0; r < rounds; r++) {
    unchecked((S[0] ^= r));
    permute();
  }
  return <f64>(unchecked(S[0]) >>> 12);
}
