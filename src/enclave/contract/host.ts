/**
 * The table of host functions as the machine binds it to an instance.
 *
 * A bound function is a closure of the very arity of its import, so that WebAssembly calls it without an array of
 * arguments between.
 * @module
 */

import type { Host, HostFunction, Slot } from "../../vm/index.ts";
import type { Frame } from "./frame.ts";
import { type HostFunctionRow, hostFunctionsByImport } from "./imports.ts";

function bindRow(row: HostFunctionRow, slot: Slot<Frame>): HostFunction {
  const { run } = row;
  const frame = (): Frame => {
    const current = slot.frame;
    current.slot = slot;
    return current;
  };
  switch (row.parameters.length) {
    case 0:
      return () => run(frame());
    case 1:
      return (a) => run(frame(), a);
    case 2:
      return (a, b) => run(frame(), a, b);
    case 3:
      return (a, b, c) => run(frame(), a, b, c);
    case 4:
      return (a, b, c, d) => run(frame(), a, b, c, d);
    case 5:
      return (a, b, c, d, e) => run(frame(), a, b, c, d, e);
    default:
      return (...all) => run(frame(), ...all);
  }
}

/** The host functions of contracts. */
export const contractHost: Host<Frame> = {
  bind(module, name, slot) {
    const row = hostFunctionsByImport.get(`${module}.${name}`);
    return row === undefined ? undefined : bindRow(row, slot);
  },
};
