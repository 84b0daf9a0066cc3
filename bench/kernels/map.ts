// A hash map of integers: inserts, lookups, deletes.
export function run(rounds: i32): f64 {
  let total = 0;
  for (let r = 0; r < rounds; r++) {
    const map = new Map<i32, i32>();
    for (let i = 0; i < 2000; i++) map.set(i * 7919, i);
    for (let i = 0; i < 4000; i++) if (map.has(i * 7919)) total += map.get(i * 7919);
    for (let i = 0; i < 1000; i++) map.delete(i * 7919);
    total += map.size;
  }
  return total;
}
