// Byte stores in a tight loop.
const size = 1 << 18;
const flags = memory.data(1 << 18);
export function run(rounds: i32): f64 {
  let count = 0;
  for (let r = 0; r < rounds; r++) {
    memory.fill(flags, 1, size);
    count = 0;
    for (let i = 2; i < size; i++) {
      if (load<u8>(flags + i)) {
        count++;
        for (let k = i + i; k < size; k += i) store<u8>(flags + k, 0);
      }
    }
  }
  return count;
}
