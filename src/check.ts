/**
 * Judges contract code as a cluster would judge its upload, without a network: the very check that the enclave makes.
 * @module
 */

import type { Hex } from "./client/address.ts";
import { type BundleSource, loadUnchecked } from "./client/bundle.ts";
import { EngineError, PhatError } from "./errors.ts";
import { toHex } from "./wire/bytes.ts";

/** What is judged by. */
export interface CheckOptions {
  /** The cluster's profile: "deterministic" (default) or "pink". */
  readonly profile?: "deterministic" | "pink";
}

/** What was found. */
export interface CheckReport {
  readonly profile: string;
  readonly accepted: boolean;
  /** Why the code is refused. */
  readonly reason: string | undefined;
  /** blake2_256 of the code, as `0x…` text. */
  readonly codeHash: Hex;
  /** Bytes as given. */
  readonly bytes: number;
  /** What the pass found and made; undefined when the module could not be read. */
  readonly module:
    | {
        /** As in `seal0.get_storage (i32, i32) -> (i32)`. */
        readonly imports: readonly string[];
        readonly exports: readonly string[];
        readonly functions: number;
        readonly instructions: number;
        /** Bytes in data segments. */
        readonly dataBytes: number;
        /** Bytes with gas, stack and float code added. */
        readonly preparedBytes: number;
        /** The deepest stack of what is bounded by the call graph, in bytes. */
        readonly worstStack: number;
        /** Functions that count their depth at run time, because the call graph does not bound them. */
        readonly countedFunctions: number;
      }
    | undefined;
  /** What the bundle says of itself; undefined for bare code. */
  readonly metadata:
    | {
        readonly name: string;
        readonly format: string;
        readonly language: string;
        readonly messages: readonly string[];
      }
    | undefined;
}

/**
 * Says whether a cluster would accept code, and what is in it.
 *
 * @param source a bundle, or the path of a `.wasm` file.
 * @throws {EngineError} `BundleUnreadable`, `MetadataInvalid`
 */
export async function check(source: BundleSource, options: CheckOptions = {}): Promise<CheckReport> {
  const { profile = "deterministic" } = options;
  const { wasm, metadata } = await loadUnchecked(source);
  if (wasm === undefined) {
    throw new EngineError("MetadataInvalid", { reason: "it has no code: pass the `.contract` or `.wasm` file" });
  }
  const [{ CodeStore }, { Machine }, { prepareModule }, { blake2_256 }, { ContractInterface }] = await Promise.all([
    import("./enclave/contract/codes.ts"),
    import("./vm/index.ts"),
    import("./wasm/index.ts"),
    import("./crypto/blake2b.ts"),
    import("./client/metadata/interface.ts"),
  ]);
  const hash = blake2_256(wasm);
  const refusal = reasonOf(() => new CodeStore(new Machine()).check(wasm, hash, profile, "enforced"));
  let prepared: ReturnType<typeof prepareModule> | undefined;
  const unreadable = reasonOf(() => {
    prepared = prepareModule(wasm, { profile });
  });
  const reason = refusal ?? unreadable;
  const face = metadata && new ContractInterface(metadata);
  return {
    profile,
    accepted: reason === undefined,
    reason,
    codeHash: toHex(hash),
    bytes: wasm.length,
    module: prepared && {
      imports: prepared.imports.map((item) => `${item.module}.${item.name} ${shape(item)}`),
      exports: prepared.exports.map((item) => `${item.name} ${shape(item)}`),
      functions: prepared.report.functions.length,
      instructions: prepared.report.instructions,
      dataBytes: prepared.report.dataBytes,
      preparedBytes: prepared.report.outputBytes,
      worstStack: prepared.report.worstStack,
      countedFunctions: prepared.report.counted,
    },
    metadata: face && {
      name: face.metadata.name,
      format: face.metadata.format,
      language: face.metadata.language,
      messages: face.metadata.messages.map((message) => face.signature(message)),
    },
  };
}

type Extern = ReturnType<typeof import("./wasm/index.ts").prepareModule>["imports"][number] | { readonly kind: string };

function shape(item: Extern): string {
  if ("type" in item && item.kind === "function") {
    return `(${item.type.parameters.join(", ")}) -> (${item.type.results.join(", ")})`;
  }
  return item.kind;
}

/** Why something is refused; undefined when it is not. */
function reasonOf(run: () => void): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (!(error instanceof PhatError)) throw error;
    const { detail, reason } = error.facts;
    const shown = typeof detail === "string" ? detail : typeof reason === "string" ? reason : undefined;
    const { offset } = error.facts;
    const where = error.facts.function === undefined ? "" : ` in function ${error.facts.function}`;
    return `${shown ?? error.message.split("\n")[0]}${where}${offset === undefined ? "" : ` at byte ${offset}`}`;
  }
}
