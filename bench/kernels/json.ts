// A recursive descent JSON reader over bytes.
const text = '{"name":"phat","list":[1,2.5,-3e2,true,false,null,"a\\"b\\u0041"],"nested":{"deep":{"deeper":[[],{},[{"k":[0,1,2,3,4,5,6,7,8,9]}]]}},"text":"the quick brown fox jumps over the lazy dog 0123456789"}';
const bytes = changetype<usize>(String.UTF8.encode(text));
const length = String.UTF8.byteLength(text);
let p: usize = 0;
let end: usize = 0;
let sum: f64 = 0;
function space(): void {
  while (p < end) {
    const c = load<u8>(p);
    if (c != 32 && c != 10 && c != 13 && c != 9) return;
    p++;
  }
}
function string(): void {
  p++;
  for (;;) {
    const c = load<u8>(p++);
    if (c == 34) return;
    if (c == 92) p++;
    sum += c;
  }
}
function number(): void {
  let sign = 1.0;
  if (load<u8>(p) == 45) { sign = -1; p++; }
  let v = 0.0;
  while (p < end && load<u8>(p) - 48 < 10) v = v * 10 + <f64>(load<u8>(p++) - 48);
  if (load<u8>(p) == 46) {
    p++;
    let scale = 0.1;
    while (load<u8>(p) - 48 < 10) { v += <f64>(load<u8>(p++) - 48) * scale; scale *= 0.1; }
  }
  if ((load<u8>(p) | 32) == 101) {
    p++;
    let e = 0;
    while (load<u8>(p) - 48 < 10) e = e * 10 + load<u8>(p++) - 48;
    for (; e > 0; e--) v *= 10;
  }
  sum += sign * v;
}
function value(): void {
  space();
  switch (load<u8>(p)) {
    case 123: {
      p++; space();
      if (load<u8>(p) == 125) { p++; return; }
      for (;;) {
        space(); string(); space(); p++; value(); space();
        if (load<u8>(p++) == 125) return;
      }
    }
    case 91: {
      p++; space();
      if (load<u8>(p) == 93) { p++; return; }
      for (;;) {
        value(); space();
        if (load<u8>(p++) == 93) return;
      }
    }
    case 34: return string();
    case 116: p += 4; return;
    case 102: p += 5; return;
    case 110: p += 4; return;
    default: return number();
  }
}
export function run(rounds: i32): f64 {
  sum = 0;
  for (let r = 0; r < rounds; r++) {
    p = bytes;
    end = bytes + length;
    value();
  }
  return sum;
}
