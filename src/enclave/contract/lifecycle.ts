/**
 * Ending a frame, moving money, ending a contract, changing its code, and what it says to the outside.
 * @see contract-abi.md, sections 2.2 and 2.3
 * @module
 */

import { type CodeHash, codeHash } from "../../wire/bytes.ts";
import { transfer as move, sameAccount } from "./balances.ts";
import { costs, perByte, perTopic } from "./costs.ts";
import { totalDeposit } from "./deposits.ts";
import { contractsFault, DispatchFault } from "./dispatch-error.ts";
import { countUser, type Frame, loadCode, loadCost } from "./frame.ts";
import { maxDebugLength, maxDelegateDependencies, maxPayloadLength, maxTopics } from "./limits.ts";
import { copyOf, readAccount, readBalance, viewOf } from "./memory.ts";
import { contractCodeUpdated, terminated } from "./pallet-events.ts";
import { ReturnCode } from "./return-code.ts";

const nothing = new Uint8Array(0);
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Ends the frame with data; bit 0 of the flags undoes what it did. */
export function sealReturn(frame: Frame, flags: number, data: number, length: number): never {
  frame.slot.charge(costs.return + perByte.return * (length >>> 0));
  const bytes = copyOf(frame.slot, data, length);
  if (flags === 0) return frame.slot.return(bytes);
  if (flags === 1) return frame.slot.revert(bytes);
  throw contractsFault("InvalidCallFlags");
}

/** Sends money of this contract. @returns `Success` or `TransferFailed`. */
export function transfer(
  frame: Frame,
  account: number,
  _accountLength: number,
  value: number,
  _valueLength: number,
): number {
  frame.slot.charge(costs.transfer);
  const to = readAccount(frame.slot, account);
  const amount = readBalance(frame.slot, value);
  const { journal } = frame.execution;
  return move(journal, frame.contract, to, amount, true) ? ReturnCode.Success : ReturnCode.TransferFailed;
}

/** Ends this contract for good; what it has goes to the beneficiary when the whole execution is done. */
export function terminate(frame: Frame, beneficiary: number): never {
  const { slot, execution, record, contract } = frame;
  slot.charge(costs.terminate);
  const to = readAccount(slot, beneficiary);
  if (frame.reentrant) throw contractsFault("TerminatedWhileReentrant");
  frame.terminated = true;
  if (frame.entry !== "deploy") {
    const { info } = record;
    execution.journal.removeContract(contract);
    countUser(execution, info.codeHash, -1);
    for (const dependency of info.dependencies) {
      countUser(execution, dependency.codeHash, -1);
      execution.charges.push({ contract, amount: -dependency.deposit });
    }
    // Upstream's quirk is kept: with nothing to refund, what the contract has stays where it is.
    execution.charges.push({ contract, amount: -totalDeposit(info), beneficiary: to });
    execution.palletEvents.push(terminated(contract, to));
  }
  return slot.return(nothing);
}

/** `seal0.terminate`: with a length argument that says nothing. */
export function terminateWithLength(frame: Frame, beneficiary: number, _length: number): never {
  return terminate(frame, beneficiary);
}

/** Gives this contract other code from its next frame on. @returns `Success` or `CodeNotFound`. */
export function setCodeHash(frame: Frame, pointer: number): number {
  const { slot, execution, record, contract } = frame;
  slot.charge(costs.setCodeHash);
  const hash = codeHash(copyOf(slot, pointer, 32));
  const code = codeFor(frame, hash);
  if (code === undefined) return ReturnCode.CodeNotFound;
  const before = record.info.codeHash;
  countUser(execution, hash, 1);
  countUser(execution, before, -1);
  execution.journal.setInfo(record, { ...record.info, codeHash: hash });
  execution.palletEvents.push(contractCodeUpdated(contract, hash, before));
  return ReturnCode.Success;
}

/** Loads code that this contract wants to have; it must be deterministic. */
function codeFor(frame: Frame, hash: CodeHash): { readonly length: number } | undefined {
  try {
    const code = loadCode(frame.execution, hash);
    frame.slot.charge(loadCost(code.length));
    if (!code.deterministic) throw contractsFault("Indeterministic");
    return code;
  } catch (error) {
    if (error instanceof DispatchFault && error.error === "CodeNotFound") return undefined;
    throw error;
  }
}

/** Holds on to a code that this contract delegates to. */
export function addDelegateDependency(frame: Frame, pointer: number): void {
  const { slot, execution, record } = frame;
  slot.charge(costs.delegateDependency);
  const hash = codeHash(copyOf(slot, pointer, 32));
  const { info } = record;
  if (sameAccount(hash, info.codeHash)) throw contractsFault("CannotAddSelfAsDelegateDependency");
  if (!execution.codeExists(hash)) throw contractsFault("CodeNotFound");
  if (info.dependencies.length >= maxDelegateDependencies) throw contractsFault("MaxDelegateDependenciesReached");
  if (info.dependencies.some((known) => sameAccount(known.codeHash, hash))) {
    throw contractsFault("DelegateDependencyAlreadyExists");
  }
  // The deposit is a share of the code's, and Pink's share is nothing.
  countUser(execution, hash, 1);
  execution.journal.setInfo(record, { ...info, dependencies: [...info.dependencies, { codeHash: hash, deposit: 0n }] });
}

/** Lets go of a code that was held. */
export function removeDelegateDependency(frame: Frame, pointer: number): void {
  const { slot, execution, record } = frame;
  slot.charge(costs.delegateDependency);
  const hash = codeHash(copyOf(slot, pointer, 32));
  const { info } = record;
  const dependencies = info.dependencies.filter((known) => !sameAccount(known.codeHash, hash));
  if (dependencies.length === info.dependencies.length) throw contractsFault("DelegateDependencyNotFound");
  countUser(execution, hash, -1);
  execution.journal.setInfo(record, { ...info, dependencies });
}

/**
 * Emits an event.
 * @throws {DispatchFault} `TooManyTopics`, `ValueTooLarge`, or `DecodingFailed` when the topics are not one SCALE vector
 *   of hashes and nothing else.
 */
export function depositEvent(
  frame: Frame,
  topics: number,
  topicsLength: number,
  data: number,
  dataLength: number,
): void {
  const { slot } = frame;
  const size = dataLength >>> 0;
  const encoded = topicsLength >>> 0;
  const count = encoded >>> 5;
  slot.charge(costs.depositEvent + perTopic * count + perByte.depositEvent * size);
  if (size > maxPayloadLength) throw contractsFault("ValueTooLarge");
  const list = encoded === 0 ? [] : readTopics(viewOf(slot, topics, encoded));
  if (list.length > maxTopics) throw contractsFault("TooManyTopics");
  frame.emit(list, copyOf(slot, data, size));
}

/** SCALE `Vec<[u8; 32]>`, whole; a count of more than 63 cannot be right for what a range can hold of use here. */
function readTopics(bytes: Uint8Array): Uint8Array[] {
  const head = bytes[0]!;
  const count = head >> 2;
  if ((head & 3) !== 0) {
    // Longer counts mean at least 64 topics: too many, if they are really there.
    throw contractsFault(longCountFits(bytes) ? "TooManyTopics" : "DecodingFailed");
  }
  if (bytes.length !== 1 + 32 * count) throw contractsFault("DecodingFailed");
  const list: Uint8Array[] = [];
  for (let i = 0; i < count; i++) list.push(bytes.slice(1 + 32 * i, 33 + 32 * i));
  return list;
}

/** Whether a compact count of more than one byte is canonical and is followed by just that many hashes. */
function longCountFits(bytes: Uint8Array): boolean {
  const [a = 0, b = 0, c = 0, d = 0] = bytes;
  if ((a & 3) === 1) {
    const count = (a | (b << 8)) >> 2;
    return count >= 64 && bytes.length === 2 + 32 * count;
  }
  if ((a & 3) === 2) {
    const count = ((a | (b << 8) | (c << 16) | (d << 24)) >>> 0) >>> 2;
    return count >= 1 << 14 && bytes.length === 4 + 32 * count;
  }
  return false;
}

/** Prints debug text; what is not UTF-8 is dropped. @returns `Success`, always. */
export function debugMessage(frame: Frame, text: number, length: number): number {
  const { slot, execution } = frame;
  const size = Math.min(length >>> 0, maxDebugLength);
  slot.charge(costs.debugMessage + perByte.debugMessage * size);
  const bytes = copyOf(slot, text, size);
  try {
    utf8.decode(bytes);
  } catch {
    return ReturnCode.Success;
  }
  execution.print(bytes);
  return ReturnCode.Success;
}
