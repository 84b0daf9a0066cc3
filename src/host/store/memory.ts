/**
 * The store of a node without a folder: gone when the process is.
 * @module
 */

import type { Commit, Store } from "./store.ts";

function name(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("latin1");
}

const done: Commit = { committed: Promise.resolve(), flushed: Promise.resolve() };

/** Makes an empty store in memory. */
export function memoryStore(): Store {
  const values = new Map<string, Uint8Array>();
  return {
    get: (key) => values.get(name(key))?.slice(),
    write(writes) {
      for (const { key, value } of writes) {
        if (value === undefined) values.delete(name(key));
        else values.set(name(key), value.slice());
      }
      return done;
    },
    close: async () => values.clear(),
  };
}
