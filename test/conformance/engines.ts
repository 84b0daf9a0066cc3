/**
 * The engines that the core suite judges: bare V8, and V8 on what `prepareModule` gives.
 * @module
 */

import { ContractFault } from "../../src/errors.ts";
import { type FloatMode, prepareModule } from "../../src/wasm/index.ts";
import type { Engine } from "./runner.ts";

/** V8 as it is. */
export const bare: Engine = {
  name: "bare V8",
  prepare: (bytes) => ({ bytes, overflowed: () => false }),
  refuses: (thrown) => thrown instanceof WebAssembly.CompileError,
};

/** What the stack counter holds after a stack overflow. */
const OVERFLOWED = -1;
const MAX_STACK = 524_288;

/** V8 on prepared modules. */
export function prepared(floats: FloatMode): Engine {
  return {
    name: `prepared, floats ${floats}`,
    prepare: (original) => {
      const { bytes, stackGlobal } = prepareModule(original, { profile: "wasm2", floats, maxStack: MAX_STACK });
      return {
        bytes,
        overflowed: ({ exports }) => {
          const remaining = exports[stackGlobal] as WebAssembly.Global<number>;
          const overflowed = remaining.value === OVERFLOWED;
          remaining.value = MAX_STACK;
          return overflowed;
        },
      };
    },
    // What is accepted must not depend on the V8 underneath, so a module that only V8 refuses counts as accepted.
    refuses: (thrown) => thrown instanceof ContractFault && thrown.code === "CodeRejected",
  };
}
