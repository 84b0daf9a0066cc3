/**
 * The text parser of the tests: WABT, compiled to WebAssembly and shipped in the npm package `wabt`.
 * @module
 */

import wabt from "wabt";
import type { TextParser } from "./runner.ts";

/** Everything in WebAssembly 2.0, and tail calls; nothing else. */
const FEATURES = {
  exceptions: false,
  mutable_globals: true,
  sat_float_to_int: true,
  sign_extension: true,
  simd: true,
  threads: false,
  multi_value: true,
  tail_call: true,
  bulk_memory: true,
  reference_types: true,
  annotations: false,
  gc: false,
  memory64: false,
  extended_const: false,
  relaxed_simd: false,
};

/** Starts WABT; the parser gives bytes that nobody has validated. */
export async function wabtParser(): Promise<TextParser> {
  const { parseWat } = await wabt();
  return (source) => {
    // WABT reads a view's whole buffer, so the view gets one of its own.
    const module = parseWat("module.wat", new Uint8Array(source), FEATURES);
    try {
      module.resolveNames();
      // WABT's buffer is a view of its own memory.
      return module.toBinary({ write_debug_names: true }).buffer.slice();
    } finally {
      module.destroy();
    }
  };
}
