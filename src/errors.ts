/**
 * Both error families and the catalogue of their codes.
 *
 * A `ContractFault` is the guest's: deterministic, equal on every replica, fit to be part of a result. An
 * `EngineError` is the host's, the disk's, the network's or a bug's: it is never recorded as an outcome of a contract.
 * Every code stands once in `catalogue` with its message and with what to do about it; `docs/errors.md` is made from
 * it and a test raises each.
 * @module
 */

/** The facts that belong to an error: plain values, shown in its message and kept as a field. */
export type Facts = Readonly<Record<string, unknown>>;

interface Entry {
  readonly family: "contract" | "engine";
  /** What happened, in one sentence, with the facts in it. */
  readonly says: (facts: Facts) => string;
  /** What to do about it. */
  readonly advice: string;
}

const at = (f: Facts): string =>
  `${f.function === undefined ? "" : ` in function ${f.function}`}${f.offset === undefined ? "" : ` at byte ${f.offset}`}`;

const contract = (says: Entry["says"], advice: string): Entry & { readonly family: "contract" } => ({
  family: "contract",
  says,
  advice,
});
const engine = (says: Entry["says"], advice: string): Entry & { readonly family: "engine" } => ({
  family: "engine",
  says,
  advice,
});

/** Every code of both families. Codes are stable: a code is never renamed or given another meaning. */
export const catalogue = {
  // --- the guest's ---
  CodeRejected: contract(
    (f) => `The code was refused: ${f.reason}${at(f)}.`,
    "Run `phatvm check <file>` to see the verdict, the imports and the sizes; rebuild the contract accordingly.",
  ),
  DispatchError: contract(
    (f) => `The call ended with ${f.error}${f.detail ? `: ${f.detail}` : ""}.`,
    "docs/contract-interface.md lists the errors of the contract interface and the functions that raise them.",
  ),

  // --- what was asked of a contract, and how it answered (client) ---
  UnknownMessage: contract(
    (f) => `${f.contract} has no ${f.kind ?? "message"} "${f.name}"${f.near ? `; near it: ${f.near}` : ""}.`,
    "Use a name from the contract's metadata, spelt as it is there.",
  ),
  BadArguments: contract(
    (f) => `${f.where}: expected ${f.expected}, got ${f.got}.`,
    "Pass the values that the contract's metadata asks for, in its order; docs/values.md says how each type is written.",
  ),
  AbiMismatch: contract(
    (f) => `The contract and its metadata disagree: ${f.reason}.`,
    "Attach the contract with the bundle that it was built with, or deploy it again from this one.",
  ),
  ContractReverted: contract(
    (f) => `"${f.message}" was reverted by the contract${f.value === undefined ? "" : `: ${f.value}`}.`,
    "The state is as it was. The contract's own error says why.",
  ),
  ContractTrapped: contract(
    (f) =>
      `"${f.message}" trapped${f.trap ? `: ${f.trap}` : ""}${f.place ? ` at ${f.place}` : ""}.` +
      (f.unasked === undefined ? "" : ` It is not payable, and ${f.unasked} was sent along.`),
    "The state is as it was. The debug text and the backtrace in the error's facts show where the contract stopped.",
  ),
  OutOfGas: contract(
    (f) => `"${f.message}" ran out of gas${f.limit === undefined ? "" : ` (limit ${f.limit})`}.`,
    "The state is as it was, the gas is spent. Pass a higher `gas`; `estimate` tells how much it needs.",
  ),
  ContractNotFound: contract(
    (f) => `There is no contract ${f.contract}.`,
    "Check the id and the network or folder; `deploy` prints the id of a new contract.",
  ),
  CallRefused: contract(
    (f) => `"${f.message}" was refused: ${f.error}${f.detail ? ` (${f.detail})` : ""}.`,
    "The state is as it was. Check the caller's balance, the value sent, and the limits of gas and storage deposit.",
  ),

  // --- the host's ---
  BadUsage: engine(
    (f) => (String(f.problem).endsWith("?") ? `${f.problem}` : `${f.problem}.`),
    "`phatvm help` lists the commands, `phatvm help <command>` says how each is called.",
  ),
  AccountInvalid: engine(
    (f) => `No account and no contract has the name ${f.value}.`,
    "Pass 0x and 64 hex digits, SS58 text, 32 bytes, an account or a contract.",
  ),
  SignerMissing: engine(
    (f) => `Nobody signs "${f.message}".`,
    'Pass a `signer`, for instance `net.account("//Alice")`.',
  ),
  MetadataMissing: engine(
    (f) => `No metadata is known for ${f.contract}.`,
    "Pass its bundle: `attach(id, bundle)`, or on the command line `--bundle <file>`.",
  ),
  BlockRefused: engine(
    (f) => `Block ${f.block} was refused: ${f.reason}.`,
    "Nothing was changed. Check that the relay feeds the blocks of this chain, in order and unchanged.",
  ),
  ReceiptForged: engine(
    (f) => `The receipt of transaction ${f.index} in block ${f.block} is not what the enclave signed: ${f.reason}.`,
    "Do not rely on it: whoever gave it is damaged or lies. Ask `receipt` of a node that you trust.",
  ),
  StateProofForged: engine(
    (f) => `The proof of what the cluster's state holds is not what the enclave signed: ${f.reason}.`,
    "Do not rely on it: whoever gave it is damaged or lies. Ask a node that you trust.",
  ),
  GenesisMismatch: engine(
    (f) => `This state belongs to the chain ${f.found}, not to ${f.expected}.`,
    "Open the folder with the genesis that it was made with.",
  ),
  NoCluster: engine(() => "This worker serves no cluster yet.", "Wait for the block that deploys a cluster."),
  Undecodable: engine(
    (f) => `These bytes are not a valid ${f.what}: ${f.reason}${at(f)}.`,
    "Check that sender and receiver run the same version of phatvm and that the bytes were not cut or changed.",
  ),
  MetadataInvalid: engine(
    (f) =>
      `${f.source ?? "The metadata"} is not ink! metadata that can be used: ${f.reason}${f.at ? ` at ${f.at}` : ""}.`,
    "Pass a `.contract` file, or a metadata JSON with its wasm, of ink! 3.0 to 5 or of the phatvm SDK.",
  ),
  BundleUnreadable: engine(
    (f) => `The bundle ${f.path} cannot be read: ${f.reason}.`,
    "Check the path; `phatvm build` and `cargo contract build` both write a `.contract` file.",
  ),
  MemoryRefused: engine(
    (f) => `The machine could not serve ${f.what}.`,
    "The process is out of memory or of address space: give it more, or keep fewer instances (`idleInstances`).",
  ),
  StackExhausted: engine(
    () => "V8's own stack ended before the contract's stack limit did.",
    "Give the thread a larger stack (`requiredStackBytes` of phatvm/vm says how large), or prepare with a smaller `maxStack`.",
  ),
  DeadlineExceeded: engine(
    (f) => `The run took longer than ${f.milliseconds} ms and was given up.`,
    "Ask for less work at once, or allow more time; nothing of the run was kept.",
  ),
  QueryLimit: engine(
    (f) => `The query gathered more than ${f.limit}.`,
    "Ask for less at once: split the query, or let the contract log and cache less of it.",
  ),
  QueryBacklogFull: engine(
    (f) => `Too many queries wait: ${f.waiting} (${f.scope}).`,
    "Ask again later; a contract with more weight waits less.",
  ),
  QueryLogMismatch: engine(
    (f) => `The query cannot be done again from this log: ${f.reason}.`,
    "Ask the same of the same state, on the network that made the log; `clearLogs` lifts both, for tests.",
  ),
  EgressDenied: engine(
    (f) => `${f.url} was denied by the policy for the internet: ${f.rule}.`,
    "If it is to be reached, change what the rule names: `egress` where the network is opened, `cluster.egress` on the chain.",
  ),
  SettingsInvalid: engine(
    (f) => `${f.where}: ${f.reason}.`,
    "Correct it where it is given: in the options of `open`, or in a contract's rules.",
  ),
  SecretUriInvalid: engine(
    (f) => `This secret cannot be read: ${f.reason}.`,
    "Write a phrase of BIP 39 or a seed of 0x and 64 digits, then junctions: `//Alice`, `0x…//stash/1`.",
  ),
  SealBroken: engine(
    (f) => `${f.what} cannot be opened: ${f.reason}.`,
    "It was damaged, exchanged, or sealed by another platform. Restore it from where it came, or start from the chain.",
  ),
  // --- folders, the chain and the node ---
  FolderInUse: engine(
    (f) =>
      `The folder ${f.dir} is owned by another process${f.pid ? ` (pid ${f.pid})` : ""}${f.serving === true ? ", which listens" : f.serving === false ? ", which does not listen" : ""}.`,
    "Join the owner with `open({ dir, join: true })` when it listens (`phatvm serve`, `open({ listen: true })`; the commands of `phatvm` join by themselves), close the owner, or take another folder.",
  ),
  FolderVersion: engine(
    (f) => `The folder ${f.dir} has format ${f.found}; this version of phatvm reads format ${f.expected}.`,
    "Open it with the version that wrote it, or take a new folder.",
  ),
  FolderForeign: engine(
    (f) => `The folder ${f.dir} is not empty and not a folder of phatvm: it holds ${f.holds}.`,
    "Name an empty or a new folder; nothing was written.",
  ),
  FolderDamaged: engine(
    (f) => `The folder ${f.dir} is damaged: ${f.reason}.`,
    "Restore it from a backup, or take a new folder; nothing in it was changed.",
  ),
  StorageFailed: engine(
    (f) => `${f.what} failed: ${f.reason}.`,
    "Check that the disk has room and that the folder may be read and written, then open it again; no receipt was given for what was not stored.",
  ),
  BadSignature: engine(
    (f) => `The ${f.scheme} signature of account ${f.account} does not fit this extrinsic on this chain.`,
    "Sign with the account's own key, for this network's genesis hash and with the nonce that was asked for.",
  ),
  BadNonce: engine(
    (f) => `Nonce ${f.nonce} cannot be used by account ${f.account}: ${f.reason}.`,
    "Ask `nextNonce` and sign again.",
  ),
  InsufficientBalance: engine(
    (f) => `Account ${f.account} has ${f.free} on the chain, ${f.needed} is needed.`,
    "Lower the amount, or send from an account that holds enough.",
  ),
  ExtrinsicTooLarge: engine(
    (f) => `The extrinsic has ${f.bytes} bytes, ${f.most} is the most.`,
    "Contract code may have 2 MiB: build it optimised and without debug names.",
  ),
  PoolFull: engine(
    (f) => `Too many extrinsics wait${f.account ? ` for account ${f.account}` : ""}: ${f.waiting}.`,
    "Wait for receipts of earlier ones, then send again.",
  ),
  NotPermitted: engine(
    (f) => `Account ${f.account} may not ${f.what}.`,
    "Only the account that governs the network may; on an embedded network that is //Alice.",
  ),
  ClusterUnknown: engine(
    (f) => `There is no cluster ${f.cluster} on this network.`,
    "Use the cluster that the network's facts name.",
  ),
  NoSystemContract: engine(
    () => "The cluster has no system contract, so there is nothing that stakes could go to.",
    "Open the network with `cluster.systemCode`.",
  ),
  // --- what a chain trusts, and who comes in ---
  WorkerUntrusted: engine(
    (f) => `The worker ${f.worker} is not to be trusted: ${f.reason}.`,
    "Do not rely on what it signed; docs/attestation.md says what an attestation proves, and how it comes to an end.",
  ),
  QuoteForged: engine(
    (f) => `The quote does not hold: ${f.reason}.`,
    "Whoever gave it is damaged or lies. Ask the enclave for a quote of its own.",
  ),
  QuoteForeign: engine(
    (f) => `The quote was not made for this chain: ${f.reason}.`,
    "Ask an enclave that follows this chain for a quote.",
  ),
  QuoteStale: engine(
    (f) => `The quote names block ${f.block}, which is ${f.ageMs} ms old; ${f.mostAgeMs} is the most.`,
    "Bring the enclave to the head of the chain and ask it for a new quote.",
  ),
  QuoteReplayed: engine(
    (f) => `Worker ${f.worker} is registered as of block ${f.registered}, the quote names block ${f.block}.`,
    "A registration is replaced only by one that names a later block: ask the enclave for a new quote.",
  ),
  PlatformUnknown: engine(
    (f) => `This chain takes no quotes of the platform "${f.platform}" that ${f.signer} has signed.`,
    "Governance adds the keys of platforms; simulated ones only where the chain's genesis allows them.",
  ),
  MeasurementNotAllowed: engine(
    (f) => `The measurement ${f.measurement} is not allowed: ${f.reason}.`,
    "Governance adds the measurements of enclaves; docs/attestation.md says what they cover.",
  ),
  AlreadyListed: engine((f) => `The ${f.what} is on the chain's list already.`, "Nothing is to be done."),
  NotListed: engine((f) => `The ${f.what} is not on the chain's list.`, "Check how it is written."),
  EnclaveGone: engine(
    (f) => `The enclave ended: ${f.reason}.`,
    "It is started again and recovers from the chain; ask again. What was ordered is on the chain and keeps its receipt.",
  ),
  EntryUnknown: engine(
    (f) => `There is no entry ${f.entry}.`,
    "Check that both sides are of the same version of phatvm.",
  ),
  HandoverNeeded: engine(
    (f) => `The secrets belong to an enclave that measures ${f.sealed}, this one measures ${f.own}.`,
    "Only a handover from that enclave to this one moves them; docs/attestation.md says how it is done, and what it needs.",
  ),
  HandoverRefused: engine(
    (f) => `The handover was refused: ${f.reason}.`,
    "Nothing was handed over. docs/attestation.md says what both enclaves ask of each other and of the chain.",
  ),
  EnclaveMissing: engine(
    (f) => `The secrets of the folder ${f.dir} belong to an enclave whose code is not there: ${f.reason}.`,
    "Open the folder with the version of phatvm that was last used with it, or restore its folder `enclaves`: without that code nobody can hand the secrets over.",
  ),
  EnclaveRetired: engine(
    () => "This enclave has handed its secrets over, and does nothing any more.",
    "Ask the enclave that has them now.",
  ),
  PlatformDamaged: engine(
    (f) => `The simulated platform's file ${f.file} is damaged: ${f.reason}.`,
    "Restore the folder `platform` from a backup: without it nothing that was sealed can be opened.",
  ),
  StateDiverged: engine(
    (f) => `Executing block ${f.block} again gave another result than its receipts say.`,
    "The folder or the engine is faulty: keep the folder, and please report it with the versions used.",
  ),
  RollbackDetected: engine(
    (f) =>
      f.reason !== undefined
        ? `The enclave does not start from what it was offered: ${f.reason}.`
        : f.fork === true
          ? `The chain in the folder has another block ${f.enclave} than the one that the enclave has executed.`
          : `The chain in the folder ends at block ${f.chain}, but the enclave has been at block ${f.enclave}.`,
    "The chain was cut, an older copy put back, or sealed files removed: restore the newest copy of the folder. If it is lost, `open({ dir, acceptRollback: true })` or `phatvm serve --accept-rollback`, once, goes on from what is there: what came after is gone for good, for those too who hold receipts of it.",
  ),
  NodeClosed: engine(() => "The node is closed.", "Open it again."),
  CallGivenUp: engine(
    () => "The call was given up by its caller.",
    "Nothing is to be done; what was ordered before stays ordered.",
  ),
  ConnectionLost: engine(
    (f) => `The connection to the owner of ${f.dir} ended: ${f.reason}.`,
    "Connect again. What was ordered may have been included: the same extrinsic sent again gives its receipt, never a second execution.",
  ),
  Internal: engine(
    (f) => `An invariant of the engine does not hold: ${f.what}.`,
    "This is a bug in phatvm: please report it with the message and the stack.",
  ),
} as const satisfies Record<string, Entry>;

type Catalogue = typeof catalogue;
/** A stable error code. */
export type ErrorCode = keyof Catalogue;
/** The codes a `ContractFault` can carry. */
export type ContractFaultCode = { [C in ErrorCode]: Catalogue[C]["family"] extends "contract" ? C : never }[ErrorCode];
/** The codes an `EngineError` can carry. */
export type EngineErrorCode = { [C in ErrorCode]: Catalogue[C]["family"] extends "engine" ? C : never }[ErrorCode];

/** What both families share: a stable code, the facts as fields, and advice in the message. */
export abstract class PhatError extends Error {
  /** The stable code, for programs. */
  readonly code: ErrorCode;
  /** The facts behind the message. */
  readonly facts: Facts;
  /** What to do about it. */
  readonly advice: string;

  constructor(code: ErrorCode, facts: Facts, options?: ErrorOptions) {
    const entry: Entry = catalogue[code];
    super(`${entry.says(facts)}\n${entry.advice}`, options);
    this.code = code;
    this.facts = facts;
    this.advice = entry.advice;
  }
}

/** A fault of the guest or of what was asked of it: deterministic, and the same on every replica. */
export class ContractFault extends PhatError {
  override readonly name = "ContractFault";
  declare readonly code: ContractFaultCode;

  constructor(code: ContractFaultCode, facts: Facts = {}, options?: ErrorOptions) {
    super(code, facts, options);
  }
}

/** A fault of the host, the disk, the network or the engine itself: never an outcome of a contract. */
export class EngineError extends PhatError {
  override readonly name = "EngineError";
  declare readonly code: EngineErrorCode;

  constructor(code: EngineErrorCode, facts: Facts = {}, options?: ErrorOptions) {
    super(code, facts, options);
  }
}

/** Makes the error again on the other side of a byte boundary; an unknown code becomes `Internal`. */
export function restoreError(code: string, facts: Facts): PhatError {
  const entry: Entry | undefined = Object.hasOwn(catalogue, code) ? catalogue[code as ErrorCode] : undefined;
  if (entry === undefined) return new EngineError("Internal", { what: `unknown error code ${code}` });
  return entry.family === "contract"
    ? new ContractFault(code as ContractFaultCode, facts)
    : new EngineError(code as EngineErrorCode, facts);
}
