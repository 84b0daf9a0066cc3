/**
 * Guests for these tests, written as text.
 * @module
 */

import wabtInit from "wabt";
import type { Host, Slot } from "../../src/vm/index.ts";

const wabt = await wabtInit();
const features = {
  bulk_memory: true,
  multi_value: true,
  mutable_globals: true,
  reference_types: true,
  sat_float_to_int: true,
  sign_extension: true,
  simd: true,
  tail_call: true,
};

/** Assembles a module from text, with its names. */
export function wat(text: string): Uint8Array {
  const module = wabt.parseWat("test.wat", text, features);
  module.resolveNames();
  module.validate();
  const { buffer } = module.toBinary({ write_debug_names: true });
  module.destroy();
  return Uint8Array.from(buffer);
}

/** A contract: memory of one page that may grow to four, an entry `call`, and a `deploy` that does nothing. */
export function contract(call: string, rest = "", imports = ""): Uint8Array {
  return wat(`(module ${imports}
    (import "env" "memory" (memory 1 4))
    (func (export "deploy"))
    (func $call (export "call") ${call})
    ${rest})`);
}

/** Host functions by name, of any module name, each given the slot before its parameters. */
export function hostOf<F = undefined>(
  // biome-ignore lint/suspicious/noExplicitAny: each function has its own parameters
  functions: Record<string, (slot: Slot<F>, ...parameters: any[]) => unknown> = {},
): Host<F> {
  return {
    bind(_module, name, slot) {
      const found = functions[name];
      return found === undefined ? undefined : (...parameters: unknown[]) => found(slot, ...parameters);
    },
  };
}
