/**
 * A runtime that ends and starts again from what it saved, as it does in an enclave, but for the seal.
 * @module
 */

import { Runtime, type RuntimeServices } from "../../src/enclave/runtime/runtime.ts";
import { genesisBytes, type Network } from "./network.ts";

/** What a runtime has saved: where it begins again, and the parts of its state. */
export interface SavedRuntime {
  readonly content: Uint8Array;
  readonly parts: readonly Uint8Array[];
}

/** Saves all that a runtime has in memory. */
export function saved(runtime: Runtime): SavedRuntime {
  const parts: Uint8Array[] = [];
  const write = (part: Uint8Array): Uint8Array => {
    parts.push(part.slice());
    return Uint8Array.of(parts.length, parts.length >> 8);
  };
  const steps = runtime.save({ write });
  for (;;) {
    const { done, value } = steps.next();
    if (done) return { content: value.content, parts };
  }
}

/** Begins again with what was saved. */
export function resumed(
  { content, parts }: SavedRuntime,
  services: RuntimeServices,
  genesis: Uint8Array = genesisBytes,
): Runtime {
  const source = {
    read: ([low, high]: Uint8Array) => {
      const part = parts[((low as number) | ((high as number) << 8)) - 1];
      if (part === undefined) throw new TypeError(`there is no part ${low}, ${high}`);
      return part.slice();
    },
  };
  return Runtime.resume(genesis, content, { ...services, source });
}

/** The runtime of a network after an end and a start. */
export function restarted(network: Network, services: RuntimeServices = network.services()): Runtime {
  return resumed(saved(network.runtime), services);
}
