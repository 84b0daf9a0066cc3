// Double precision in locals only: nothing here can trap.
export function run(rounds: i32): f64 {
  let total = 0;
  for (let r = 0; r < rounds; r++) {
    for (let y = 0; y < 64; y++) {
      for (let x = 0; x < 64; x++) {
        const cr = <f64>x / 32 - 1.5;
        const ci = <f64>y / 32 - 1;
        let zr = 0.0, zi = 0.0, i = 0;
        while (i < 100 && zr * zr + zi * zi < 4) {
          const t = zr * zr - zi * zi + cr;
          zi = 2 * zr * zi + ci;
          zr = t;
          i++;
        }
        total += i;
      }
    }
  }
  return total;
}
