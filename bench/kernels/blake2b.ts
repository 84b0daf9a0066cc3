// 64-bit mixing through a table of permutations.
const IV: StaticArray<u64> = [
  0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b,
  0x5be0cd19137e2179,
];
const SIGMA: StaticArray<u8> = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3, 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6,
  7, 1, 9, 4, 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8, 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13, 2, 12, 6, 10, 0, 11, 8, 3, 4,
  13, 7, 5, 15, 14, 1, 9, 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11, 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10, 6, 15, 14, 9, 11,
  3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5, 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 14, 10,
  4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3,
];
const H = new StaticArray<u64>(8);
const V = new StaticArray<u64>(16);
const data = memory.data(65536);
function g(a: i32, b: i32, c: i32, d: i32, x: u64, y: u64): void {
  let va = unchecked(V[a]), vb = unchecked(V[b]), vc = unchecked(V[c]), vd = unchecked(V[d]);
  va += vb + x; vd = rotr(vd ^ va, 32); vc += vd; vb = rotr(vb ^ vc, 24);
  va += vb + y; vd = rotr(vd ^ va, 16); vc += vd; vb = rotr(vb ^ vc, 63);
  unchecked((V[a] = va)); unchecked((V[b] = vb)); unchecked((V[c] = vc)); unchecked((V[d] = vd));
}
function compress(p: usize, t: u64): void {
  for (let i = 0; i < 8; i++) { unchecked((V[i] = H[i])); unchecked((V[i + 8] = IV[i])); }
  unchecked((V[12] ^= t));
  for (let r = 0; r < 12; r++) {
    const s = r << 4;
    for (let i = 0; i < 8; i++) {
      const x = load<u64>(p + (<usize>unchecked(SIGMA[s + 2 * i]) << 3));
      const y = load<u64>(p + (<usize>unchecked(SIGMA[s + 2 * i + 1]) << 3));
      const k = i & 3;
      if (i < 4) g(k, k + 4, k + 8, k + 12, x, y);
      else g(k, ((k + 1) & 3) + 4, ((k + 2) & 3) + 8, ((k + 3) & 3) + 12, x, y);
    }
  }
  for (let i = 0; i < 8; i++) unchecked((H[i] ^= V[i] ^ V[i + 8]));
}
export function run(rounds: i32): f64 {
  for (let i = 0; i < 8; i++) unchecked((H[i] = IV[i]));
  for (let i = 0; i < 65536; i++) store<u8>(data + i, i * 7);
  for (let r = 0; r < rounds; r++) for (let i = 0; i < 65536; i += 128) compress(data + i, i);
  return <f64>(unchecked(H[0]) >>> 12);
}
