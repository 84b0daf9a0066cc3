/**
 * A small host for contracts on bare V8: the functions of the contract ABI over a `Map`, exactly as far as the SDK's own
 * tests need them. Gas, limits and rollback are the engine's; this judges what the compiled contract does.
 * @module
 */
import { blake2b } from "@noble/hashes/blake2.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { type BuildOptions, buildContract } from "../../assembly/transform/build.ts";
import { type Bundle, loadBundle } from "../../src/client/bundle.ts";
import { type DecodedEvent, decodeEvent } from "../../src/client/metadata/events.ts";
import { ContractInterface } from "../../src/client/metadata/interface.ts";

const absent = 0xffffffff;

/** How a frame ended. */
export interface Ended {
  readonly outcome: "returned" | "reverted" | "trapped";
  readonly data: Uint8Array;
  readonly reason?: unknown;
}

class Return extends Error {
  readonly flags: number;
  readonly data: Uint8Array;
  constructor(flags: number, data: Uint8Array) {
    super("return");
    this.flags = flags;
    this.data = data;
  }
}

class HostTrap extends Error {}

/** What surrounds a call. */
export interface Surroundings {
  caller?: Uint8Array;
  value?: bigint;
}

/** An account whose 32 bytes are all the same. */
export const account = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

/** One deployed contract. */
export class Contract {
  readonly storage = new Map<string, Uint8Array>();
  readonly events: { topics: Uint8Array[]; data: Uint8Array }[] = [];
  readonly transfers: { to: string; value: bigint }[] = [];
  readonly log: string[] = [];
  /** Calls of host functions, by name. */
  readonly calls = new Map<string, number>();
  readonly face: ContractInterface;
  readonly wasm: Uint8Array;
  readonly #module: WebAssembly.Module;
  /** More host functions, by "module.name". */
  readonly more: Record<string, (...args: never[]) => unknown> = {};
  memory!: WebAssembly.Memory;
  /**
   * Keeps the instance from one frame to the next, without the reset that the engine does: for messages that hold no
   * state, tried with thousands of values. Its arena is never freed, so it is replaced before it is full.
   */
  reuse = false;
  #instance: WebAssembly.Instance | undefined;
  blockNumber = 7;
  now = 1_700_000_000_000n;
  balance = 1_000_000n;
  #input: Uint8Array = new Uint8Array();
  #around: Surroundings = {};

  constructor(bundle: Bundle) {
    this.wasm = bundle.wasm!;
    this.face = new ContractInterface(bundle.metadata!);
    this.#module = new WebAssembly.Module(this.wasm as Uint8Array<ArrayBuffer>);
  }

  /** Deploys with a constructor and decodes what it answers. */
  deploy(name: string, args: readonly unknown[] = [], around: Surroundings = {}): unknown {
    const entry = this.face.constructorEntry(name);
    return this.#decoded(entry, this.run("deploy", this.face.encodeInput(entry, args), around));
  }

  /** Calls a message and decodes what it answers. */
  call(message: string, args: readonly unknown[] = [], around: Surroundings = {}): unknown {
    const entry = this.face.message(message);
    return this.#decoded(entry, this.run("call", this.face.encodeInput(entry, args), around));
  }

  #decoded(entry: Parameters<ContractInterface["decodeOutput"]>[0], ended: Ended): unknown {
    if (ended.outcome === "trapped") throw ended.reason;
    return this.face.decodeOutput(entry, ended.data, ended.outcome === "reverted").value;
  }

  /** The events so far, by name. */
  decodedEvents(): (DecodedEvent | undefined)[] {
    return this.events.map(({ topics, data }) => decodeEvent(this.face, topics, data));
  }

  /** Runs an entry with raw input; a frame that does not return normally leaves no trace in storage. */
  run(entry: "deploy" | "call", input: Uint8Array, around: Surroundings = {}): Ended {
    this.#input = input;
    this.#around = around;
    const before = new Map(this.storage);
    const kept = this.events.length;
    const undo = (): void => {
      this.storage.clear();
      for (const [key, value] of before) this.storage.set(key, value);
      this.events.length = kept;
    };
    try {
      if (!this.reuse || this.#instance === undefined || this.memory.buffer.byteLength > 8 * 65_536) {
        this.memory = new WebAssembly.Memory({ initial: 2, maximum: 16 });
        this.#instance = new WebAssembly.Instance(this.#module, this.#imports());
      }
      (this.#instance.exports[entry] as () => void)();
      return { outcome: "returned", data: new Uint8Array() };
    } catch (reason) {
      if (reason instanceof Return) {
        if (reason.flags === 0) return { outcome: "returned", data: reason.data };
        undo();
        return { outcome: "reverted", data: reason.data };
      }
      undo();
      this.#instance = undefined;
      return { outcome: "trapped", data: new Uint8Array(), reason };
    }
  }

  bytes(at: number, length: number): Uint8Array {
    if (at + length > this.memory.buffer.byteLength) throw new HostTrap("OutOfBounds");
    return new Uint8Array(this.memory.buffer.slice(at, at + length));
  }

  put(at: number, bytes: Uint8Array): void {
    new Uint8Array(this.memory.buffer).set(bytes, at);
  }

  /** Writes an output with its length cell. */
  output(out: number, cell: number, bytes: Uint8Array): void {
    const view = new DataView(this.memory.buffer);
    if (view.getUint32(cell, true) < bytes.length) throw new HostTrap("OutputBufferTooSmall");
    this.put(out, bytes);
    view.setUint32(cell, bytes.length, true);
  }

  #imports(): WebAssembly.Imports {
    const integer = (value: bigint, size: number): Uint8Array =>
      Uint8Array.from({ length: size }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
    const key = (at: number, length: number): string => bytesToHex(this.bytes(at, length));
    const size = (value: Uint8Array | undefined): number => (value === undefined ? absent : value.length);
    const hashed =
      (hash: (bytes: Uint8Array) => Uint8Array) =>
      (at: number, length: number, out: number): void =>
        this.put(out, hash(this.bytes(at, length)));
    const functions: Record<string, (...args: never[]) => unknown> = {
      "seal0.input": (out: number, cell: number) => this.output(out, cell, this.#input),
      "seal0.seal_return": (flags: number, at: number, length: number) => {
        throw new Return(flags, this.bytes(at, length));
      },
      "seal2.set_storage": (k: number, kl: number, v: number, vl: number) => {
        const old = this.storage.get(key(k, kl));
        this.storage.set(key(k, kl), this.bytes(v, vl));
        return size(old);
      },
      "seal1.get_storage": (k: number, kl: number, out: number, cell: number) => {
        const value = this.storage.get(key(k, kl));
        if (value === undefined) return 3;
        this.output(out, cell, value);
        return 0;
      },
      "seal0.take_storage": (k: number, kl: number, out: number, cell: number) => {
        const value = this.storage.get(key(k, kl));
        if (value === undefined) return 3;
        this.output(out, cell, value);
        this.storage.delete(key(k, kl));
        return 0;
      },
      "seal1.contains_storage": (k: number, kl: number) => size(this.storage.get(key(k, kl))),
      "seal1.clear_storage": (k: number, kl: number) => {
        const old = this.storage.get(key(k, kl));
        this.storage.delete(key(k, kl));
        return size(old);
      },
      "seal0.caller": (out: number, cell: number) => this.output(out, cell, this.#around.caller ?? account(1)),
      "seal0.address": (out: number, cell: number) => this.output(out, cell, account(2)),
      "seal0.balance": (out: number, cell: number) => this.output(out, cell, integer(this.balance, 16)),
      "seal0.value_transferred": (out: number, cell: number) =>
        this.output(out, cell, integer(this.#around.value ?? 0n, 16)),
      "seal0.block_number": (out: number, cell: number) => this.output(out, cell, integer(BigInt(this.blockNumber), 4)),
      "seal0.now": (out: number, cell: number) => this.output(out, cell, integer(this.now, 8)),
      "seal0.transfer": (to: number, _: number, value: number) => {
        const bytes = this.bytes(value, 16);
        this.transfers.push({ to: key(to, 32), value: bytes.reduceRight((n, b) => (n << 8n) | BigInt(b), 0n) });
        return 0;
      },
      "seal0.hash_blake2_256": hashed((b) => blake2b(b, { dkLen: 32 })),
      "seal0.hash_blake2_128": hashed((b) => blake2b(b, { dkLen: 16 })),
      "seal0.hash_sha2_256": hashed(sha256),
      "seal0.hash_keccak_256": hashed(keccak_256),
      "seal0.deposit_event": (t: number, tl: number, d: number, dl: number) => {
        const topics = this.bytes(t, tl);
        const count = topics[0]! >> 2;
        if (count * 32 + 1 !== tl) throw new HostTrap("DecodingFailed");
        this.events.push({
          topics: Array.from({ length: count }, (_, i) => topics.slice(1 + 32 * i, 33 + 32 * i)),
          data: this.bytes(d, dl),
        });
      },
      "seal0.debug_message": (at: number, length: number) => {
        this.log.push(new TextDecoder().decode(this.bytes(at, length)));
        return 0;
      },
      ...this.more,
    };
    const imports: Record<string, Record<string, WebAssembly.ImportValue>> = { env: { memory: this.memory } };
    for (const { module, name, kind } of WebAssembly.Module.imports(this.#module)) {
      if (kind !== "function") continue;
      const full = `${module}.${name}`;
      const run = functions[full];
      imports[module] ??= {};
      imports[module][name] = (...args: unknown[]) => {
        this.calls.set(full, (this.calls.get(full) ?? 0) + 1);
        if (run === undefined) throw new HostTrap(`no host function ${full}`);
        return run(...(args as never[]));
      };
    }
    return imports;
  }
}

/** Builds a contract and puts it on the host. */
export async function load(entry: string, options: Partial<BuildOptions> = {}): Promise<Contract> {
  const { bundle } = await buildContract({ entry, ...options });
  return new Contract(await loadBundle(JSON.parse(bundle)));
}
