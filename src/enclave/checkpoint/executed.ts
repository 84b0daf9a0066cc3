/**
 * What a sealed file stands for: a block that the enclave has executed, and the state after it.
 * @module
 */

import type { Reader, Writer } from "../../wire/scale.ts";

/** A block that was executed. */
export interface ExecutedBlock {
  /** Its number, u32; 0 is the genesis. */
  readonly height: number;
  /** Its hash: 32 bytes. */
  readonly hash: Uint8Array;
  /** Root of the state after it: 32 bytes. */
  readonly stateRoot: Uint8Array;
}

export function writeExecutedBlock(w: Writer, at: ExecutedBlock): void {
  w.u32(at.height).raw(at.hash).raw(at.stateRoot);
}

export function readExecutedBlock(r: Reader): ExecutedBlock {
  return { height: r.u32(), hash: r.raw(32), stateRoot: r.raw(32) };
}
