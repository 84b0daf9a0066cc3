/**
 * The probe contract in a network, and what asks it: each call does one thing.
 * @module
 */

import { readFileSync } from "node:fs";
import type { PinkEvent } from "../../src/enclave/contract/pink/events.ts";
import { cacheEventData, pinkEventRules } from "../../src/enclave/contract/pink/events.ts";
import type { ContractId } from "../../src/wire/bytes.ts";
import { dispatchErrorName } from "../../src/wire/dispatch-error.ts";
import type { QueryAnswer } from "../../src/wire/query.ts";
import type { Receipt } from "../../src/wire/receipt.ts";
import { encode, type Reader, Reader as ScaleReader, type Writer } from "../../src/wire/scale.ts";
import { type CommandOptions, type Network, wat } from "../runtime/network.ts";

export const probe: Uint8Array = wat(readFileSync(new URL("../../fixtures/probe.wat", import.meta.url), "utf8"));
export const text = (value: string): Uint8Array => new TextEncoder().encode(value);

export type Mode = "tx" | "query" | "estimate";

/** How a call of the probe ended. */
export type Ended =
  | { readonly ok: true; readonly status: number; readonly output: Uint8Array }
  | { readonly ok: false; readonly error: string };

function message(op: number, write: (w: Writer) => unknown): Uint8Array {
  return encode(undefined, (w) => write(w.u32(op)));
}

export function endedAs(receipt: Receipt): Ended {
  if (receipt.outcome !== "ok") {
    return { ok: false, error: receipt.error === undefined ? receipt.outcome : dispatchErrorName(receipt.error) };
  }
  return split(receipt.output);
}

export function answeredAs({ result }: QueryAnswer): Ended {
  return result.ok ? split(result.data) : { ok: false, error: dispatchErrorName(result.error) };
}

function split(data: Uint8Array): Ended {
  if (data.length < 4) return { ok: true, status: 0, output: data };
  return { ok: true, status: new DataView(data.buffer, data.byteOffset).getUint32(0, true), output: data.slice(4) };
}

/** Sends an operation of the probe in a mode. */
export function run(
  network: Network,
  contract: ContractId,
  mode: Mode,
  input: Uint8Array,
  options: CommandOptions = {},
): Ended {
  if (mode === "tx") return endedAs(network.call(contract, input, options));
  return answeredAs(network.ask(contract, input, { estimating: mode === "estimate" }));
}

/** Input that makes the probe call function `id` of the extension. */
export function extensionInput(id: number, write: (w: Writer) => unknown = () => undefined, op = 0): Uint8Array {
  return message(op, (w) => write(w.u32(id)));
}

/** Calls function `id` of the extension. */
export function ext(
  network: Network,
  contract: ContractId,
  mode: Mode,
  id: number,
  write?: (w: Writer) => unknown,
): Ended {
  return run(network, contract, mode, extensionInput(id, write));
}

/** As `ext`, and reads the output; what did not end well fails the test. */
export function value<T>(ended: Ended, read: (r: Reader) => T): T {
  if (!ended.ok) throw new Error(`the call ended with ${ended.error}`);
  const r = new ScaleReader(ended.output, "output of the extension");
  const result = read(r);
  r.end();
  return result;
}

/** Input that makes the probe emit a Pink event. */
export function eventInput(event: PinkEvent, op = 1): Uint8Array {
  return message(op, (w) => {
    if (event.kind === "CacheOp") return w.raw(cacheEventData(event.operation));
    w.u8(pinkEventRules[event.kind].index);
    switch (event.kind) {
      case "SetHook":
        return w.u8(0).raw(event.contract).u32(event.selector).u64(event.gasLimit);
      case "SetContractWeight":
        return w.raw(event.contract).u32(event.weight);
      case "UpgradeRuntimeTo":
        return w.u32(event.version[0]).u32(event.version[1]);
      case "SetLogHandler":
        return w.raw(event.contract);
      default:
        return w;
    }
  });
}

/** Input that makes the probe call another contract. */
export function callInput(contract: ContractId, input: Uint8Array): Uint8Array {
  return message(4, (w) => w.raw(contract).raw(input));
}
