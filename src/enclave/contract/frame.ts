/**
 * Call frames: one contract's code running on one contract's storage, and how frames nest.
 *
 * A frame moves its value before its code runs. It ends well, with what it did kept for the frame below to keep or
 * drop; or with REVERT, a trap or no more gas, and then everything it and the frames above it did is undone, save the
 * gas. This path is hot: no bigint where no value moves, and nothing allocated that a frame does not keep.
 * @see contract-abi.md, section 4
 * @module
 */

import { ContractFault } from "../../errors.ts";
import type { Code, Outcome, Slot } from "../../vm/index.ts";
import { type AccountId, type CodeHash, type ContractId, toHex } from "../../wire/bytes.ts";
import type { ContractInfo, ContractRecord } from "../state/records.ts";
import { contractAddress, storageBlind, storageId } from "./address.ts";
import { sameAccount, transfer } from "./balances.ts";
import type { Call } from "./call.ts";
import { declarationCost } from "./codes.ts";
import { codeLoadPerByte } from "./costs.ts";
import { account, baseDeposit, type DepositCharge, StorageDiff } from "./deposits.ts";
import { contractsFault, type DispatchFault, DispatchFault as Fault, rootNotAllowed } from "./dispatch-error.ts";
import type { RootExecution } from "./execution.ts";
import { existentialDeposit, maxDepth } from "./limits.ts";
import { called, contractEmitted, delegateCalled, instantiated } from "./pallet-events.ts";
import { isPrivateEvent } from "./pink/events.ts";

/** How a frame ended. */
export type FrameEnd =
  | { readonly type: "returned"; readonly reverted: boolean; readonly data: Uint8Array; readonly gasUsed: number }
  /** `byCode`: the error was raised by the frame's own code, not around it. */
  | { readonly type: "failed"; readonly fault: DispatchFault; readonly byCode: boolean; readonly gasUsed: number }
  | { readonly type: "suspended"; readonly request: unknown; readonly gasUsed: number };

/** What a frame is made of. */
export interface FrameParameters {
  readonly parent: Frame | undefined;
  readonly record: ContractRecord;
  /** Undefined is the root origin. */
  readonly caller: AccountId | undefined;
  readonly value: bigint;
  readonly input: Uint8Array;
  readonly entry: "call" | "deploy";
  /** Set in a delegate call: whose code runs. */
  readonly delegated: CodeHash | undefined;
  /** The most that this frame and those above it may charge in deposits; undefined is the execution's own limit. */
  readonly depositLimit: bigint | undefined;
}

/** One frame. */
export class Frame implements Call {
  readonly execution: RootExecution;
  readonly parent: Frame | undefined;
  readonly depth: number;
  readonly contract: ContractId;
  readonly record: ContractRecord;
  readonly caller: AccountId | undefined;
  readonly value: bigint;
  readonly entry: "call" | "deploy";
  readonly delegated: CodeHash | undefined;
  readonly depositLimit: bigint | undefined;
  /** Undefined once it was forwarded. */
  input: Uint8Array | undefined;
  /** Whether the contract may be called again while this frame waits for a call of its own. */
  allowsReentry = true;
  /** Set once the contract was terminated in this frame. */
  terminated = false;
  readonly diff = new StorageDiff();
  /** The most gas that was ever needed at once, what was set aside for calls counted. */
  gasRequired = 0;
  /** The gas that the frame started with. */
  gasLimit = 0;
  /** The guest, while it is running: its memory and its gas. Set at each host call. */
  slot!: Slot<Frame>;

  constructor(execution: RootExecution, parameters: FrameParameters) {
    this.execution = execution;
    this.parent = parameters.parent;
    this.depth = parameters.parent === undefined ? 1 : parameters.parent.depth + 1;
    this.record = parameters.record;
    this.contract = parameters.record.id;
    this.caller = parameters.caller;
    this.value = parameters.value;
    this.entry = parameters.entry;
    this.delegated = parameters.delegated;
    this.depositLimit = parameters.depositLimit;
    this.input = parameters.input;
  }

  charge(refTime: number): void {
    this.slot.charge(refTime);
  }

  emit(topics: readonly Uint8Array[], data: Uint8Array): void {
    const { execution, contract } = this;
    execution.holdEvent(32 * topics.length + data.length);
    const event = { contract, topics, data };
    execution.events.push(event);
    if (!isPrivateEvent(event)) execution.palletEvents.push(contractEmitted(contract, data));
  }

  suspend(request: unknown): never {
    return this.slot.suspend(request);
  }

  /** Whether the contract has another frame below this one. */
  get reentrant(): boolean {
    for (let frame = this.parent; frame !== undefined; frame = frame.parent) {
      if (sameAccount(frame.contract, this.contract)) return true;
    }
    return false;
  }

  /** Whether a contract may be called from here: no frame of it on the stack forbids it. */
  admits(contract: ContractId): boolean {
    for (let frame: Frame | undefined = this; frame !== undefined; frame = frame.parent) {
      if (!frame.allowsReentry && sameAccount(frame.contract, contract)) return false;
    }
    return true;
  }

  /** Notes what has to be set aside at this moment: the gas used so far and `reserve` more. */
  need(reserve: number): void {
    const need = this.gasLimit - this.slot.gasLeft() + reserve;
    if (need > this.gasRequired) this.gasRequired = need;
  }
}

/** Gas for loading a code. */
export function loadCost(codeLength: number): number {
  return codeLength * codeLoadPerByte;
}

/** Gas for entering a frame: its code, and what that declares beyond what every contract has. */
export function entryCost({ code, length }: LoadedCode): number {
  return loadCost(length) + declarationCost(code);
}

/** A code to run, as an execution finds it. */
export interface LoadedCode {
  readonly hash: CodeHash;
  readonly code: Code;
  readonly length: number;
  readonly deterministic: boolean;
}

/**
 * Finds stored code.
 * @throws {DispatchFault} `CodeNotFound`, or `CodeRejected` when the code can no longer be loaded.
 */
export function loadCode(execution: RootExecution, hash: CodeHash): LoadedCode {
  const { codes } = execution.journal.state;
  const stored = codes.get(hash);
  if (stored === undefined) throw contractsFault("CodeNotFound");
  try {
    return {
      hash,
      code: execution.engine.codes.load(stored, hash, execution.cluster.profile, codes.source),
      length: stored.code.length,
      deterministic: stored.determinism === "enforced",
    };
  } catch (error) {
    if (error instanceof ContractFault) throw contractsFault("CodeRejected", { detail: error.message });
    throw error;
  }
}

/** Makes one more user of a code, or one less. */
export function countUser(execution: RootExecution, hash: CodeHash, by: 1 | -1): void {
  const stored = execution.journal.state.codes.get(hash);
  if (stored !== undefined) execution.journal.setCode(hash, { ...stored, users: stored.users + by });
}

/**
 * Refuses a frame on top of the deepest there may be.
 * @throws {DispatchFault} `MaxCallDepthReached`.
 */
export function checkDepth(parent: Frame | undefined): void {
  if (parent !== undefined && parent.depth >= maxDepth) throw contractsFault("MaxCallDepthReached");
}

/**
 * The record of a contract that can be called.
 * @throws {DispatchFault} `ContractNotFound`, also while its constructor runs.
 */
export function callable(execution: RootExecution, id: ContractId): ContractRecord {
  const { state } = execution.journal;
  const record = state.contracts.get(id);
  if (record === undefined) throw contractsFault("ContractNotFound");
  return state.writable(record);
}

/** Makes the frame of a call. */
export function openCall(execution: RootExecution, parameters: FrameParameters): Frame {
  checkDepth(parameters.parent);
  return new Frame(execution, parameters);
}

/** What an instantiation is made of. */
export interface InstantiationParameters {
  readonly parent: Frame | undefined;
  readonly deployer: AccountId;
  readonly code: LoadedCode;
  readonly salt: Uint8Array;
  readonly value: bigint;
  readonly input: Uint8Array;
  readonly depositLimit: bigint | undefined;
}

/**
 * Makes the frame of a constructor. The contract is in the state only once the constructor has ended well.
 * @throws {DispatchFault} `MaxCallDepthReached`, `DuplicateContract`.
 */
export function openInstantiation(execution: RootExecution, parameters: InstantiationParameters): Frame {
  const { parent, deployer, code, salt, value, input, depositLimit } = parameters;
  checkDepth(parent);
  const { state } = execution.journal;
  execution.nonce += 1;
  const id = contractAddress(deployer, code.hash, execution.cluster.id, salt);
  if (state.contracts.get(id) !== undefined) throw contractsFault("DuplicateContract");
  const { cluster, keys } = execution;
  // Every worker of a cluster has its key; one that has not is nobody's replica, and its roots are its own.
  const secret = keys.clusterKey(cluster.id) ?? new Uint8Array(0);
  const trieId = storageId(id, execution.nonce);
  const info: ContractInfo = {
    codeHash: code.hash,
    trieId,
    blind: storageBlind(secret, trieId),
    storageBytes: 0,
    storageItems: 0,
    byteDeposit: 0n,
    itemDeposit: 0n,
    baseDeposit: baseDeposit(execution.cluster),
    dependencies: [],
  };
  return new Frame(execution, {
    parent,
    record: state.newContract(id, info),
    caller: deployer,
    value,
    input,
    entry: "deploy",
    delegated: undefined,
    depositLimit,
  });
}

/**
 * Runs a frame to its end. What it did is undone unless it returned without REVERT.
 * @param limit what the whole execution may charge in deposits, for a root frame.
 */
export function runFrame(frame: Frame, code: LoadedCode, gas: number, limit?: bigint): FrameEnd {
  const { execution } = frame;
  const mark = execution.mark();
  frame.gasLimit = gas;
  let outcome: Outcome | undefined;
  let gasUsed = 0;
  try {
    if (!code.deterministic && (execution.mode !== "query" || frame.entry === "deploy")) {
      throw contractsFault("Indeterministic");
    }
    begin(frame, limit);
    const { machine, host } = execution.engine;
    const { environment } = execution;
    const deadlineMs = frame.depth === 1 ? environment?.deadlineMs : undefined;
    const run = { host, frame, entry: frame.entry, gas, fuse: environment?.fuse };
    outcome = machine.run(code.code, deadlineMs === undefined ? run : { ...run, deadlineMs });
    gasUsed = outcome.gasUsed;
    if (gasUsed > frame.gasRequired) frame.gasRequired = gasUsed;
    switch (outcome.type) {
      case "returned":
        finish(frame, limit, mark.charges);
        return { type: "returned", reverted: false, data: outcome.data, gasUsed };
      case "reverted":
        execution.rollback(mark);
        return { type: "returned", reverted: true, data: outcome.data, gasUsed };
      case "suspended":
        execution.rollback(mark);
        return { type: "suspended", request: outcome.request, gasUsed };
      default:
        execution.rollback(mark);
        return { type: "failed", fault: faultOf(execution, outcome, code), byCode: true, gasUsed };
    }
  } catch (error) {
    execution.rollback(mark);
    if (error instanceof Fault) {
      execution.diagnosis = () => error.message;
      return { type: "failed", fault: error, byCode: false, gasUsed };
    }
    if (error instanceof ContractFault) {
      // The module cannot be linked or has no such entry: upstream finds out inside the callee.
      execution.diagnosis = () => error.message;
      return { type: "failed", fault: contractsFault("CodeRejected"), byCode: true, gasUsed };
    }
    throw error;
  }
}

/** The ABI's error for a guest that did not return; the rest is diagnosis. */
function faultOf(
  execution: RootExecution,
  outcome: Exclude<Outcome, { type: "returned" | "reverted" | "suspended" }>,
  code: LoadedCode,
): DispatchFault {
  switch (outcome.type) {
    case "outOfGas":
      execution.diagnosis = () => "out of gas";
      return contractsFault("OutOfGas");
    case "stackOverflow":
      execution.diagnosis = () => "stack overflow";
      return contractsFault("ContractTrapped");
    case "trapped": {
      const { fault, kind, backtrace } = outcome;
      // The last line says whose functions and offsets these are, so that a client can find the source map for them.
      const shown = fault === undefined ? kind : fault.message;
      execution.diagnosis = () => `${shown}\n${backtrace}\nin code ${toHex(code.hash)}`;
      return fault instanceof Fault ? fault : contractsFault("ContractTrapped");
    }
  }
}

/** What comes before the code: the constructor's dues, then the value. */
function begin(frame: Frame, limit: bigint | undefined): void {
  const { execution, record, value } = frame;
  const { journal, origin } = execution;
  if (frame.entry === "deploy") {
    if (origin === undefined) throw rootNotAllowed();
    const most = limit ?? frame.depositLimit;
    if (most !== undefined && record.info.baseDeposit > most) throw contractsFault("StorageDepositLimitExhausted");
    if (!transfer(journal, origin, record.id, existentialDeposit, true)) {
      throw contractsFault("StorageDepositNotEnoughFunds");
    }
    countUser(execution, record.info.codeHash, 1);
  }
  if (value === 0n || frame.delegated !== undefined) return;
  if (frame.caller === undefined) throw rootNotAllowed();
  if (!transfer(journal, frame.caller, record.id, value, true)) throw contractsFault("TransferFailed");
}

/** What comes after code that ended well: the deposit, the record of a new contract, the pallet's event. */
function finish(frame: Frame, limit: bigint | undefined, since: number): void {
  const { execution, record, contract, diff } = frame;
  if (frame.entry === "deploy") {
    if (frame.terminated) throw contractsFault("TerminatedInConstructor");
    // The constructor may have had its deployer make the same contract again: two cannot be one.
    if (execution.journal.state.contracts.get(contract) !== undefined) throw contractsFault("DuplicateContract");
    execution.journal.addContract(record);
    execution.charges.push({ contract, amount: existentialDeposit, settled: true });
    if (record.info.baseDeposit > 0n) execution.charges.push({ contract, amount: record.info.baseDeposit });
  }
  if (!frame.terminated && !diff.empty) {
    const { info, amount } = account(record.info, diff, execution.cluster);
    execution.journal.setInfo(record, info);
    if (amount !== 0n) execution.charges.push({ contract, amount });
  }
  const most = limit ?? frame.depositLimit;
  if (most !== undefined && execution.charges.length > since && total(execution.charges, since) > most) {
    throw contractsFault("StorageDepositLimitExhausted");
  }
  const { palletEvents } = execution;
  if (frame.entry === "deploy") palletEvents.push(instantiated(frame.caller!, contract));
  else if (frame.delegated !== undefined) palletEvents.push(delegateCalled(contract, frame.delegated));
  else palletEvents.push(called(frame.caller, contract));
}

/** The sum of charges from a position on: positive is to be paid. */
export function total(charges: readonly DepositCharge[], since: number): bigint {
  let sum = 0n;
  for (let i = since; i < charges.length; i++) sum += charges[i]!.amount;
  return sum;
}
