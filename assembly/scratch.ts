/**
 * The one scratch buffer through which every byte enters and leaves the contract.
 *
 * Each operation (input, a storage access, an event, a call) encodes and decodes here and copies out what outlives it,
 * so nothing is allocated on the way. Its size is that of ink!'s static buffer: what other tools expect to fit, fits.
 */

/** Bytes of scratch space. */
export const SCRATCH_SIZE: usize = 16384;
/** Where the scratch space begins. */
export const SCRATCH: usize = memory.data(16384, 16);
/** Where it ends. */
export const SCRATCH_END: usize = SCRATCH + SCRATCH_SIZE;
/** A length cell for host functions that report how much they wrote. */
export const LENGTH: usize = memory.data(4, 4);

// @ts-ignore: decorator
@lazy let writing: usize = 0;
// @ts-ignore: decorator
@lazy let reading: usize = 0;
// @ts-ignore: decorator
@lazy let readable: usize = 0;
// @ts-ignore: decorator
@lazy let malformed: bool = false;

/** Starts a new encoding at the beginning of the scratch space. */
// @ts-ignore: decorator
@inline
export function begin(): void {
  writing = SCRATCH;
}

/** Where the next byte will be written. */
// @ts-ignore: decorator
@inline
export function position(): usize {
  return writing;
}

/** How many bytes have been written since `begin`. */
// @ts-ignore: decorator
@inline
export function written(): usize {
  return writing - SCRATCH;
}

/** Makes room for `size` bytes and returns where they go; traps when the scratch space is full. */
export function reserve(size: usize): usize {
  const at = writing;
  if (size > SCRATCH_END - at) unreachable();
  writing = at + size;
  return at;
}

/** Starts decoding `size` bytes at `from`. */
export function open(from: usize, size: usize): void {
  openAt(from, from + size);
}

/** Starts decoding what lies between two addresses. */
// @ts-ignore: decorator
@inline
export function openAt(from: usize, to: usize): void {
  reading = from;
  readable = to;
  malformed = false;
}

/** Takes `size` bytes of what is being decoded; returns 0, and marks the whole input as malformed, when they are not there. */
export function take(size: usize): usize {
  const at = reading;
  if (size > readable - at) {
    malformed = true;
    return 0;
  }
  reading = at + size;
  return at;
}

/** How many bytes are still to be decoded. */
// @ts-ignore: decorator
@inline
export function remaining(): usize {
  return readable - reading;
}

/** Marks what is being decoded as malformed. */
// @ts-ignore: decorator
@inline
export function fail(): void {
  malformed = true;
}

/** Whether anything decoded since `open` was malformed. */
// @ts-ignore: decorator
@inline
export function failed(): bool {
  return malformed;
}

/**
 * Copies bytes to where they do not overlap with what comes later. Code has its price in gas at every call: this loop is
 * a tenth of the standard library's copy.
 */
export function copy(to: usize, from: usize, size: usize): void {
  const end = from + size;
  while (from + 8 <= end) {
    store<u64>(to, load<u64>(from));
    to += 8;
    from += 8;
  }
  while (from < end) store<u8>(to++, load<u8>(from++));
}
