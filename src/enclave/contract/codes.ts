/**
 * Stored code: what is checked at an upload, who pays for it, and the compiled form of what is stored.
 *
 * An upload is refused for the reasons, and with the texts, of contract-abi.md, section 1; then the pass checks the
 * module against the cluster's profile, and every import must be in the table of host functions with its very type.
 * @module
 */

import { blake2_256 } from "../../crypto/hash.ts";
import { ContractFault } from "../../errors.ts";
import type { Code, LoadOptions, Machine } from "../../vm/index.ts";
import { type AccountId, type CodeHash, codeHash, toHex } from "../../wire/bytes.ts";
import type { Journal } from "../state/journal.ts";
import { Blob, type StateSource } from "../state/page.ts";
import type { CodeRecord, Determinism, Profile } from "../state/records.ts";
import { accountOf, spendable } from "./balances.ts";
import type { ClusterFacts } from "./call.ts";
import { codeCheck, codeCheckPerByte, freeGlobals, freeTableElements, perGlobal, perTableElement } from "./costs.ts";
import { codeDeposit } from "./deposits.ts";
import { contractsFault, type DispatchFault } from "./dispatch-error.ts";
import { contractHost } from "./host.ts";
import { maxCodeLength, maxDecompressedCode, memoryPages } from "./limits.ts";
import { checkImports } from "./linkage.ts";
import { codeStored } from "./pallet-events.ts";

/** How many compiled codes are kept at hand; the machine keeps its own, by size. */
const atHand = 64;

/** Gas for what a code declares, which every fresh instance has to be given. */
export function declarationCost({ tableElements, mutableGlobals }: Code): number {
  const elements = tableElements - freeTableElements;
  const globals = mutableGlobals - freeGlobals;
  return (elements > 0 ? elements * perTableElement : 0) + (globals > 0 ? globals * perGlobal : 0);
}

/** Compiled code of stored code. */
export class CodeStore {
  readonly #machine: Machine;
  readonly #stack: { readonly maxStack?: number };
  /** By the stored code itself, which is one object for as long as it is stored and in memory. */
  readonly #loaded = new Map<Blob, Code>();

  /** @param maxStack bytes of stack of a frame's guest, which the thread must have; the pass's own default when absent. */
  constructor(machine: Machine, maxStack?: number) {
    this.#machine = machine;
    this.#stack = maxStack === undefined ? {} : { maxStack };
  }

  /**
   * The compiled form of stored code.
   * @param source where the code is read from when it is not in memory.
   * @throws {ContractFault} `CodeRejected` when the profile refuses it.
   */
  load(record: CodeRecord, hash: Uint8Array, profile: Profile, source: StateSource | undefined): Code {
    const known = this.#loaded.get(record.code);
    if (known !== undefined) return known;
    const bytes = record.code.open(source);
    const code = this.#machine.load(bytes, this.#options(bytes, hash, profile, record.determinism));
    if (this.#loaded.size >= atHand)
      for (const oldest of this.#loaded.keys()) {
        this.#loaded.delete(oldest);
        break;
      }
    this.#loaded.set(record.code, code);
    return code;
  }

  /**
   * Checks code as an upload.
   * @throws {DispatchFault} `CodeTooLarge` or `CodeRejected`, with the reason among its facts.
   */
  check(code: Uint8Array, hash: Uint8Array, profile: Profile, determinism: Determinism): void {
    if (code.length > maxCodeLength) throw contractsFault("CodeTooLarge");
    const loaded = rejecting(() => this.#machine.load(code, this.#options(code, hash, profile, determinism)));
    const { report } = loaded;
    if (16 * report.instructions + report.dataBytes > maxDecompressedCode) throw rejected("DecompressedCodeTooLarge");
    checkExports(loaded);
    checkMemory(loaded);
    checkImports(loaded.imports, profile);
    // The trial: whether segments fit is known only now. No code of the guest runs.
    rejecting(() => this.#machine.link(loaded, contractHost));
  }

  #options(code: Uint8Array, hash: Uint8Array, profile: Profile, determinism: Determinism): LoadOptions {
    // Relaxed code runs in queries alone, yet two queries to two replicas had better agree.
    const floats = profile === "pink" && determinism === "enforced" ? "reject" : "canonical";
    // Traps tell their places in the code as it was uploaded; the source maps are the client's.
    const symbols = { code: () => code };
    return { key: toHex(hash), prepare: { profile, floats, ...this.#stack }, symbols };
  }
}

/** The fault of code that is refused. */
export function rejected(detail: string): DispatchFault {
  return contractsFault("CodeRejected", { detail });
}

/** Gives what the pass refuses the ABI's form. */
function rejecting<T>(load: () => T): T {
  try {
    return load();
  } catch (error) {
    if (error instanceof ContractFault) throw rejected(String(error.facts.reason ?? error.message));
    // The pass lets through only what every engine takes. Should it ever be wrong, one upload is lost and not the chain.
    if (error instanceof WebAssembly.CompileError) throw rejected(`the engine refuses it: ${error.message}`);
    throw error;
  }
}

function checkExports(code: Code): void {
  const entries = new Set<string>();
  for (const item of code.exports) {
    if (item.kind !== "function") throw rejected(`${item.kind} export is forbidden`);
    if (item.name !== "call" && item.name !== "deploy") {
      throw rejected("unknown function export: expecting only deploy and call functions");
    }
    const { parameters, results } = item.type;
    if (parameters.length > 0 || results.length > 1 || (results[0] ?? "i32") !== "i32") {
      throw rejected("entry point has wrong signature");
    }
    entries.add(item.name);
  }
  if (!entries.has("deploy")) throw rejected("deploy function isn't exported");
  if (!entries.has("call")) throw rejected("call function isn't exported");
}

function checkMemory(code: Code): void {
  let memories = 0;
  for (const item of code.imports) {
    if (item.kind === "table") throw rejected("Cannot import tables");
    if (item.kind === "global") throw rejected("Cannot import globals");
    if (item.kind !== "memory") continue;
    memories += 1;
    if (item.module !== "env") throw rejected("Invalid module for imported memory");
    if (item.name !== "memory") throw rejected("Memory import must have the field name 'memory'");
    if (memories > 1) throw rejected("Multiple memory imports defined");
    if (item.minimum > memoryPages || (item.maximum ?? memoryPages) > memoryPages) {
      throw rejected("Maximum number of memory pages should not exceed the maximum configured in the Schedule");
    }
  }
  if (memories === 0) throw rejected("No memory import found in the module");
}

/**
 * Stores code; code that is stored already is left alone and costs nothing.
 *
 * @param request `charge` takes the gas for checking the code before that is done, or throws.
 * @param emit takes the pallet's event.
 * @returns the hash, and what was held from the uploader.
 * @throws {DispatchFault} when the code is refused or the uploader cannot pay.
 */
export function upload(
  journal: Journal,
  store: CodeStore,
  cluster: ClusterFacts & { readonly profile: Profile },
  request: {
    readonly code: Uint8Array;
    readonly uploader: AccountId;
    readonly determinism: Determinism;
    readonly charge: (gas: number) => void;
  },
  emit: (event: Uint8Array) => void,
): { readonly hash: CodeHash; readonly deposit: bigint } {
  const { code, uploader, determinism, charge } = request;
  if (code.length > maxCodeLength) throw contractsFault("CodeTooLarge");
  const hash = codeHash(blake2_256(code));
  if (journal.state.codes.get(hash) !== undefined) return { hash, deposit: 0n };
  charge(codeCheck + codeCheckPerByte * code.length);
  store.check(code, hash, cluster.profile, determinism);
  const deposit = codeDeposit(code.length, cluster);
  const account = accountOf(journal.state, uploader);
  if (deposit > 0n) {
    if (spendable(account) < deposit) throw contractsFault("StorageDepositNotEnoughFunds");
    journal.setAccount(uploader, { free: account.free - deposit, held: account.held + deposit });
  }
  journal.setCode(hash, { code: Blob.of(code), owner: uploader, deposit, determinism, users: 0 });
  emit(codeStored(hash, deposit, uploader));
  return { hash, deposit };
}
