/**
 * The Pink chain extension: what a Phat contract has beyond the contract interface.
 *
 * One table lists the 25 functions; documentation and tests are made from it. A call costs what the table says before
 * it is done, which upstream does not charge. Input must be the arguments and nothing else.
 * @see phala-runtime.md, section 1
 * @module
 */

import { verifyEcdsa } from "../../../crypto/ecdsa.ts";
import { EngineError } from "../../../errors.ts";
import { encode, Reader } from "../../../wire/scale.ts";
import type { Call, ExtensionAnswer } from "../call.ts";
import { contractsFault, pinkFault } from "../dispatch-error.ts";
import { cacheGet, cacheRemove, cacheSet, cacheSetExpiration, readKey } from "./caching.ts";
import { batchHttpRequest, httpRequest, readHttpRequest } from "./http.ts";
import { deriveKey, publicKey, readScheme, sign, signPrehashed, verify } from "./keys.ts";
import {
  balanceOf,
  codeExists,
  evaluateJavaScript,
  eventChainHead,
  getRandom,
  importLatestSystemCode,
  isInTransaction,
  log,
  systemContractId,
  untrustedMillis,
  workerPublicKey,
} from "./surroundings.ts";

/** One function of the extension. */
export interface ExtensionFunction {
  readonly id: number;
  readonly name: string;
  /** Arguments and result, as Rust would write them. */
  readonly signature: string;
  /** What differs in a transaction or an estimate; empty when nothing does. */
  readonly inTransaction: string;
  /** Gas (ref_time) of a call. */
  readonly cost: number;
  /** Gas for each byte of input. */
  readonly costPerByte: number;
  /** Reads the arguments and does it. */
  readonly run: (call: Call, input: Uint8Array) => ExtensionAnswer;
}

type Run<A> = (call: Call, args: A, input: Uint8Array) => Uint8Array | ExtensionAnswer;

/** Makes a row. Undecodable arguments end the call as `DecodingFailed`. */
function row<A>(
  id: number,
  name: string,
  signature: string,
  inTransaction: string,
  [cost, costPerByte]: readonly [cost: number, costPerByte: number],
  read: (r: Reader) => A,
  run: Run<A>,
): ExtensionFunction {
  const decoded = (input: Uint8Array): A => {
    try {
      const r = new Reader(input, `arguments of ${name}`);
      const args = read(r);
      r.end();
      return args;
    } catch (error) {
      if (error instanceof EngineError && error.code === "Undecodable") {
        throw contractsFault("DecodingFailed", { detail: error.message });
      }
      throw error;
    }
  };
  return {
    id,
    name,
    signature,
    inTransaction,
    cost,
    costPerByte,
    run: (call, input) => {
      const answer = run(call, decoded(input), input);
      return answer instanceof Uint8Array ? { status: 0, output: answer } : answer;
    },
  };
}

const bool = (value: boolean): Uint8Array => Uint8Array.of(value ? 1 : 0);
const bytes = (value: Uint8Array): Uint8Array => encode(value, (w, v) => w.bytes(v));
const unit = (): undefined => undefined;

/** Prices by kind of work: base, and for each byte of input. */
const price = {
  fact: [500_000, 0],
  lookup: [4_000_000, 0],
  log: [2_000_000, 1_500],
  random: [3_000_000, 0],
  cache: [6_000_000, 2_000],
  derive: [30_000_000, 1_500],
  publicKey: [600_000_000, 0],
  sign: [1_000_000_000, 2_000],
  verify: [2_000_000_000, 2_000],
  http: [100_000_000, 2_000],
  /** Checking the code, if there is any to check, is charged by what that is. */
  upload: [4_000_000, 0],
} as const;

/** Every function of the extension, by its number. */
export const extensionFunctions: readonly ExtensionFunction[] = [
  row(
    1,
    "http_request",
    "(request: HttpRequest) -> HttpResponse",
    'status 523 "API Unavailable"',
    price.http,
    readHttpRequest,
    (call, request, input) => httpRequest(call, request, input),
  ),
  row(
    2,
    "sign",
    "(scheme: SigType, key: &[u8], message: &[u8]) -> Vec<u8>",
    "sr25519: empty",
    price.sign,
    (r) => ({ scheme: readScheme(r), key: r.bytes(), message: r.bytes() }),
    (call, { scheme, key, message }, input) => bytes(sign(call, scheme, key, message, input)),
  ),
  row(
    3,
    "verify",
    "(scheme: SigType, key: &[u8], message: &[u8], signature: &[u8]) -> bool",
    "",
    price.verify,
    (r) => ({ scheme: readScheme(r), key: r.bytes(), message: r.bytes(), signature: r.bytes() }),
    (_, { scheme, key, message, signature }) => bool(verify(scheme, key, message, signature)),
  ),
  row(
    4,
    "derive_sr25519_key",
    "(salt: &[u8]) -> Vec<u8>",
    "",
    price.derive,
    (r) => r.bytes(),
    (call, salt) => bytes(deriveKey(call, salt)),
  ),
  row(
    5,
    "get_public_key",
    "(scheme: SigType, key: &[u8]) -> Vec<u8>",
    "",
    price.publicKey,
    (r) => ({ scheme: readScheme(r), key: r.bytes() }),
    (_, { scheme, key }) => bytes(publicKey(scheme, key)),
  ),
  row(
    6,
    "cache_set",
    "(key: &[u8], value: &[u8]) -> Result<(), StorageQuotaExceeded>",
    "Ok; done after the transaction, if there is room",
    price.cache,
    (r) => ({ key: r.bytes(), value: r.bytes() }),
    (call, { key, value }, input) => cacheSet(call, key, value, input),
  ),
  row(
    7,
    "cache_set_expiration",
    "(key: &[u8], seconds: u64)",
    "done after the transaction",
    price.cache,
    (r) => ({ key: r.bytes(), seconds: r.u64() }),
    (call, { key, seconds }, input) => cacheSetExpiration(call, key, seconds, input),
  ),
  row(8, "cache_get", "(key: &[u8]) -> Option<Vec<u8>>", "None", price.cache, readKey, cacheGet),
  row(
    9,
    "cache_remove",
    "(key: &[u8]) -> Option<Vec<u8>>",
    "None; done after the transaction",
    price.cache,
    readKey,
    cacheRemove,
  ),
  row(
    10,
    "log",
    "(level: u8, text: &str)",
    "",
    price.log,
    (r) => ({ level: r.u8(), text: r.str() }),
    (call, { level, text }, input) => log(call, level, text, input),
  ),
  row(
    11,
    "getrandom",
    "(length: u8) -> Vec<u8>",
    "empty",
    price.random,
    (r) => r.u8(),
    (call, length, input) => bytes(getRandom(call, length, input)),
  ),
  row(12, "is_in_transaction", "() -> bool", "true; in an estimate too", price.fact, unit, (call) =>
    bool(isInTransaction(call)),
  ),
  row(
    13,
    "ecdsa_sign_prehashed",
    "(key: &[u8], hash: [u8; 32]) -> [u8; 65]",
    "",
    price.sign,
    (r) => ({ key: r.bytes(), hash: r.raw(32) }),
    (_, { key, hash }) => signPrehashed(key, hash),
  ),
  row(
    14,
    "ecdsa_verify_prehashed",
    "(signature: [u8; 65], hash: [u8; 32], key: [u8; 33]) -> bool",
    "",
    price.verify,
    (r) => ({ signature: r.raw(65), hash: r.raw(32), key: r.raw(33) }),
    (_, { signature, hash, key }) => bool(verifyEcdsa(key, hash, signature)),
  ),
  row(15, "system_contract_id", "() -> AccountId", "", price.fact, unit, systemContractId),
  row(
    16,
    "balance_of",
    "(account: AccountId) -> (Balance, Balance)",
    "",
    price.lookup,
    (r) => r.raw(32),
    (call, account) => balanceOf(call, account),
  ),
  row(17, "worker_pubkey", "() -> [u8; 32]", "zeros", price.fact, unit, workerPublicKey),
  row(18, "untrusted_millis_since_unix_epoch", "() -> u64", "0", price.fact, unit, (call, _, input) =>
    untrustedMillis(call, input),
  ),
  row(
    19,
    "code_exists",
    "(hash: [u8; 32], sidevm: bool) -> bool",
    "",
    price.lookup,
    (r) => ({ hash: r.raw(32), sidevm: r.bool() }),
    (call, { hash, sidevm }) => bool(codeExists(call, hash, sidevm)),
  ),
  row(
    20,
    "import_latest_system_code",
    "(payer: AccountId) -> Option<[u8; 32]>",
    "",
    price.upload,
    (r) => r.raw(32),
    (call, payer) => encode(importLatestSystemCode(call, payer), (w, v) => w.option(v, (o, hash) => o.raw(hash))),
  ),
  row(21, "runtime_version", "() -> (u32, u32)", "", price.fact, unit, (call) =>
    encode(call.execution.cluster.runtimeVersion, (w, [major, minor]) => w.u32(major).u32(minor)),
  ),
  row(
    22,
    "batch_http_request",
    "(requests: Vec<HttpRequest>, timeout_ms: u64) -> Result<Vec<Result<HttpResponse, HttpRequestError>>, HttpRequestError>",
    "Err(NotAllowed)",
    price.http,
    (r) => ({ requests: r.vec(readHttpRequest, 4), timeoutMs: r.u64() }),
    (call, { requests, timeoutMs }, input) => batchHttpRequest(call, requests, timeoutMs, input),
  ),
  row(23, "current_event_chain_head", "() -> (u64, [u8; 32])", "", price.fact, unit, eventChainHead),
  row(
    24,
    "js_eval",
    "(codes: Vec<JsCode>, args: Vec<String>) -> JsValue",
    "an Exception",
    price.log,
    (r) => {
      const codes = r.vec((c) => {
        const tag = c.u8();
        if (tag > 1) throw c.fail(`JavaScript code tagged ${tag}`);
        return tag === 0 ? c.str() : c.bytes();
      }, 2);
      return { codes, args: r.vec((a) => a.str()) };
    },
    evaluateJavaScript,
  ),
  // The platform is a simulated one: it has no quote of SGX to show.
  row(25, "worker_sgx_quote", "() -> Option<SgxQuote>", "None", price.fact, unit, () => Uint8Array.of(0)),
];

/** The functions by their number; the numbers have no gaps. */
const byId: readonly (ExtensionFunction | undefined)[] = [undefined, ...extensionFunctions];

/**
 * Calls a function of the extension.
 *
 * @param call the frame that calls.
 * @param id the extension in the upper 16 bits, which must be 0, and the function in the lower.
 * @param input SCALE of the arguments; nothing of it is kept.
 * @throws {DispatchFault} `Pink.UnknownChainExtensionId`, `Pink.UnknownChainExtensionFunction`, `DecodingFailed`, and
 *   what the function throws.
 */
export function callExtension(call: Call, id: number, input: Uint8Array): ExtensionAnswer {
  if (id >>> 16 !== 0) throw pinkFault("UnknownChainExtensionId");
  const called = byId[id];
  if (called === undefined) throw pinkFault("UnknownChainExtensionFunction");
  call.charge(called.cost + called.costPerByte * input.length);
  return called.run(call, input);
}
