/**
 * UTF-8 on the wire: contracts hold UTF-16 strings, the ABI speaks UTF-8, and bytes that are not UTF-8 are malformed.
 */

/** Whether `size` bytes at `at` are well-formed UTF-8 (Unicode 15, table 3-7: no overlong forms, no surrogates). */
export function isUtf8(at: usize, size: usize): bool {
  const end = at + size;
  while (at < end) {
    const first = <u32>load<u8>(at++);
    if (first < 0x80) continue;
    let more: u32 = 0;
    let low: u32 = 0x80;
    let high: u32 = 0xbf;
    if (first < 0xc2) return false;
    else if (first < 0xe0) more = 1;
    else if (first < 0xf0) {
      more = 2;
      if (first == 0xe0) low = 0xa0;
      else if (first == 0xed) high = 0x9f;
    } else if (first < 0xf5) {
      more = 3;
      if (first == 0xf0) low = 0x90;
      else if (first == 0xf4) high = 0x8f;
    } else return false;
    if (<usize>more > end - at) return false;
    for (; more > 0; --more) {
      const next = <u32>load<u8>(at++);
      if (next < low || next > high) return false;
      low = 0x80;
      high = 0xbf;
    }
  }
  return true;
}
