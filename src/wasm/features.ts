/**
 * Which parts of WebAssembly each profile accepts.
 * @module
 */

import type { Profile } from "./options.ts";

/** One line a feature. Everything else beyond WebAssembly 1.0 (threads, relaxed SIMD, memory64, GC, exceptions, …) is refused everywhere. */
export interface Features {
  readonly signExtension: boolean;
  readonly multiValue: boolean;
  readonly mutableGlobals: boolean;
  readonly bulkMemory: boolean;
  readonly referenceTypes: boolean;
  readonly saturatingConversions: boolean;
  readonly vectors: boolean;
  readonly tailCalls: boolean;
}

const all: Features = {
  signExtension: true,
  multiValue: true,
  mutableGlobals: true,
  bulkMemory: true,
  referenceTypes: true,
  saturatingConversions: true,
  vectors: true,
  tailCalls: true,
};

/** Each profile's features. `pink` is WebAssembly 1.0 and the sign extension operators, as upstream configures its engine. */
export const profileFeatures: Readonly<Record<Profile, Features>> = {
  wasm2: all,
  deterministic: all,
  pink: {
    signExtension: true,
    multiValue: false,
    mutableGlobals: false,
    bulkMemory: false,
    referenceTypes: false,
    saturatingConversions: false,
    vectors: false,
    tailCalls: false,
  },
};
