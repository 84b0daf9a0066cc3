// A dot product in float lanes.
const n = 4096;
const A = memory.data(4 * 4096);
const B = memory.data(4 * 4096);
export function run(rounds: i32): f64 {
  for (let i = 0; i < n; i++) { store<f32>(A + (i << 2), <f32>(i % 7)); store<f32>(B + (i << 2), <f32>(i % 5) * 0.5); }
  let total: f64 = 0;
  for (let r = 0; r < rounds; r++) {
    let acc = f32x4.splat(0);
    for (let i = 0; i < 4 * n; i += 16) acc = f32x4.add(acc, f32x4.mul(v128.load(A + i), v128.load(B + i)));
    total += <f64>(f32x4.extract_lane(acc, 0) + f32x4.extract_lane(acc, 1) + f32x4.extract_lane(acc, 2) + f32x4.extract_lane(acc, 3));
  }
  return total;
}
