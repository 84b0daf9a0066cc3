/**
 * A guest that makes a list of host calls and gives back what they answered and what memory looks like then.
 * @module
 */

import { hostFunctionsByImport } from "../../src/enclave/contract/imports.ts";
import { type ContractId, codeHash } from "../../src/wire/bytes.ts";
import { dispatchErrorName } from "../../src/wire/dispatch-error.ts";
import type { Receipt } from "../../src/wire/receipt.ts";
import { type CommandOptions, type Network, wat } from "../runtime/network.ts";

/** One host call: the import as `module.name`, and its arguments. */
export type HostCall = readonly [name: string, ...args: (number | bigint)[]];

/** What a probe is made of. */
export interface Probe {
  readonly calls: readonly HostCall[];
  /** Bytes in memory before the first call, by address. */
  readonly memory?: Readonly<Record<number, Uint8Array | readonly number[]>>;
  /** Runs in the constructor instead of in `call`. */
  readonly inConstructor?: boolean;
  readonly input?: Uint8Array;
  readonly options?: CommandOptions;
}

/** How a probe ended. */
export interface Probed {
  readonly receipt: Receipt;
  readonly contract: ContractId | undefined;
  /** What each call answered; numbers as u32. */
  readonly results: readonly (number | bigint)[];
  /** The first 4 KiB of memory after the calls. */
  readonly memory: Uint8Array;
  /** Name of the error that ended the contract. */
  readonly error: string | undefined;
}

/** One page. */
export const memoryEnd = 65_536;
const resultsAt = 0xe000;
const shown = 4096;

const data = (bytes: ArrayLike<number>): string =>
  Array.from(bytes, (byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");

function types(name: string): { parameters: string; result: string } {
  const row = hostFunctionsByImport.get(name);
  if (row === undefined) throw new Error(`no row ${name}`);
  const parameters = row.parameters.map(({ kind }) => (kind === "u64" ? "i64" : "i32")).join(" ");
  const result = row.result === "none" || row.result === "never" ? "" : row.result === "i64" ? "i64" : "i32";
  return { parameters, result };
}

/** The module of a probe. */
export function probeModule({ calls, memory = {}, inConstructor = false }: Probe): Uint8Array {
  const names = [...new Set(["seal0.seal_return", ...calls.map(([name]) => name)])];
  const imports = names.map((name) => {
    const { parameters, result } = types(name);
    const [module, field] = name.split(".");
    const type = `${parameters === "" ? "" : `(param ${parameters})`} ${result === "" ? "" : `(result ${result})`}`;
    return `(import "${module}" "${field}" (func $${name} ${type}))`;
  });
  const body = calls.map(([name, ...args], i) => {
    const { parameters, result } = types(name);
    const kinds = parameters === "" ? [] : parameters.split(" ");
    const call = `(call $${name} ${args.map((arg, j) => `(${kinds[j]}.const ${arg})`).join(" ")})`;
    return result === "" ? call : `(${result}.store (i32.const ${resultsAt + 8 * i}) ${call})`;
  });
  const end = `(memory.copy (i32.const ${resultsAt + 8 * calls.length}) (i32.const 0) (i32.const ${shown}))
    (call $seal0.seal_return (i32.const 0) (i32.const ${resultsAt}) (i32.const ${8 * calls.length + shown}))`;
  const segments = Object.entries(memory).map(([at, bytes]) => `(data (i32.const ${at}) "${data(bytes)}")`);
  const work = `${body.join("\n")}\n${end}`;
  return wat(`(module ${imports.join("\n")}
    (import "env" "memory" (memory 1 1))
    ${segments.join("\n")}
    (func (export "deploy") ${inConstructor ? work : ""})
    (func (export "call") ${inConstructor ? "" : work}))`);
}

let salts = 0;

/** A salt that was not used before. */
export function freshSalt(): Uint8Array {
  salts += 1;
  return Uint8Array.of(salts, salts >> 8, salts >> 16);
}

/** Uploads and deploys a probe, calls it, and tells how that went. */
export function probe(network: Network, parts: Probe): Probed {
  const uploaded = network.upload(probeModule(parts));
  if (uploaded.outcome !== "ok") throw new Error(`upload: ${uploaded.diagnosis}`);
  const input = parts.input ?? Uint8Array.of(1, 2, 3, 4);
  const options = parts.options ?? {};
  const hash = codeHash(uploaded.output);
  const made = network.instantiate(hash, input, { ...(parts.inConstructor ? options : {}), salt: freshSalt() });
  const receipt = parts.inConstructor ? made : network.call(made.contract!, input, options);
  return { ...readProbe(receipt, parts.calls), receipt, contract: made.contract };
}

/** Reads what a probe returned. */
export function readProbe(receipt: Receipt, calls: readonly HostCall[]): Omit<Probed, "receipt" | "contract"> {
  const { output } = receipt;
  const whole = output.length === 8 * calls.length + shown;
  const view = new DataView(output.buffer, output.byteOffset, output.byteLength);
  const results = whole
    ? calls.map(([name], i) =>
        types(name).result === "i64" ? view.getBigUint64(8 * i, true) : view.getUint32(8 * i, true),
      )
    : [];
  return {
    results,
    memory: whole ? output.slice(8 * calls.length) : new Uint8Array(0),
    error: receipt.error === undefined ? undefined : dispatchErrorName(receipt.error),
  };
}

/** A u32 as four bytes. */
export function u32(value: number): number[] {
  return [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24];
}

/** A u128 as sixteen bytes. */
export function u128(value: bigint): number[] {
  return Array.from({ length: 16 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));
}

/** The number in sixteen bytes of memory. */
export function readU128(memory: Uint8Array, at: number): bigint {
  let value = 0n;
  for (let i = 15; i >= 0; i--) value = (value << 8n) | BigInt(memory[at + i]!);
  return value;
}
