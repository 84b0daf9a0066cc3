/**
 * Calls that contracts get at the end of every block.
 *
 * They come after all messages of the block, in the order of contract ids; each runs in the name of the contract itself,
 * which pays for the gas. One that fails stays set. Effects of one are applied before the next.
 * @see phala-runtime.md, section 2.10
 * @module
 */

import type { ContractId } from "../../../wire/bytes.ts";
import type { Hook } from "../../state/records.ts";

/** A call that is due. */
export interface DueHook {
  /** Callee, caller and payer. */
  readonly contract: ContractId;
  /** The selector, big endian, without arguments. */
  readonly message: Uint8Array;
  readonly gasLimit: bigint;
}

/**
 * The hooks that are due at the end of a block.
 * @param hooks the hooks of the state, in the order of their contracts' ids.
 */
export function dueHooks(hooks: Iterable<{ readonly key: Uint8Array; readonly value: Hook }>): DueHook[] {
  const due: DueHook[] = [];
  for (const { key, value } of hooks) {
    const message = new Uint8Array(4);
    new DataView(message.buffer).setUint32(0, value.selector);
    due.push({ contract: key as ContractId, message, gasLimit: value.gasLimit });
  }
  return due;
}
