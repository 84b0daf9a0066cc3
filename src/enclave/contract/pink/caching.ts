/**
 * The cache functions: in a query they act at once, in a transaction they ask for it by an event.
 *
 * No transaction can read the cache, whose content differs between workers.
 * @see phala-runtime.md, sections 1.2 and 1.4
 * @module
 */

import type { Reader, Writer } from "../../../wire/scale.ts";
import { encode } from "../../../wire/scale.ts";
import type { Call, ExtensionAnswer } from "../call.ts";
import { type CacheOperation, cacheEventData, pinkTopic } from "./events.ts";
import { querySession } from "./session.ts";

const nothing = new Uint8Array();
/** Status of `cache_set` when the quota has no room. */
const StorageQuotaExceeded = 1;

function request(call: Call, operation: CacheOperation): void {
  call.emit([pinkTopic], cacheEventData(operation));
}

const writeOptionalBytes = (w: Writer, value: Uint8Array | undefined): unknown =>
  w.option(value, (o, bytes) => o.bytes(bytes));
const none = encode(undefined, writeOptionalBytes);

/** Arguments of the functions with one key. */
export const readKey = (r: Reader): Uint8Array => r.bytes();

/** `cache_set`: status 1 when the quota has no room; in a transaction always 0. */
export function cacheSet(call: Call, key: Uint8Array, value: Uint8Array, input: Uint8Array): ExtensionAnswer {
  const session = querySession(call);
  if (session === undefined) {
    request(call, { kind: "set", key, value });
    return { status: 0, output: nothing };
  }
  const stored = session.answer(call.contract, 6, input, () =>
    Uint8Array.of(session.cache?.set(call.contract, key, value) ? 1 : 0),
  );
  return { status: stored[0] === 1 ? 0 : StorageQuotaExceeded, output: nothing };
}

/** `cache_set_expiration`: seconds from now; 0 removes. */
export function cacheSetExpiration(call: Call, key: Uint8Array, seconds: bigint, input: Uint8Array): Uint8Array {
  const session = querySession(call);
  if (session === undefined) request(call, { kind: "setExpiration", key, seconds });
  else {
    session.answer(call.contract, 7, input, () => {
      session.cache?.setExpiration(call.contract, key, seconds);
      return nothing;
    });
  }
  return nothing;
}

/** `cache_get`: the value, if any; in a transaction always none. */
export function cacheGet(call: Call, key: Uint8Array, input: Uint8Array): Uint8Array {
  const session = querySession(call);
  if (session === undefined) return none;
  return session.answer(call.contract, 8, input, () =>
    encode(session.cache?.get(call.contract, key), writeOptionalBytes),
  );
}

/** `cache_remove`: the value removed, if any; in a transaction always none. */
export function cacheRemove(call: Call, key: Uint8Array, input: Uint8Array): Uint8Array {
  const session = querySession(call);
  if (session === undefined) {
    request(call, { kind: "remove", key });
    return none;
  }
  return session.answer(call.contract, 9, input, () =>
    encode(session.cache?.remove(call.contract, key), writeOptionalBytes),
  );
}
