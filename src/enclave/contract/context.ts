/**
 * What a contract can ask about itself, its caller, the block and other contracts.
 * @see contract-abi.md, section 2.3
 * @module
 */

import { Writer } from "../../wire/scale.ts";
import { accountOf, sameAccount, spendable } from "./balances.ts";
import { costs, perByte } from "./costs.ts";
import { contractsFault, rootNotAllowed } from "./dispatch-error.ts";
import type { Frame } from "./frame.ts";
import { existentialDeposit, maxSubjectLength } from "./limits.ts";
import { readAccount, viewOf, writeOutput } from "./memory.ts";
import { ReturnCode } from "./return-code.ts";

const twoTo32 = 2 ** 32;

function u128(value: bigint): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, value & 0xffff_ffff_ffff_ffffn, true);
  view.setBigUint64(8, value >> 64n, true);
  return bytes;
}

function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, value % twoTo32, true);
  view.setUint32(4, Math.floor(value / twoTo32), true);
  return bytes;
}

/** Copies this frame's input into guest memory; it may be read again. */
export function input(frame: Frame, out: number, outLength: number): void {
  const { input: data } = frame;
  if (data === undefined) {
    frame.slot.charge(costs.input);
    throw contractsFault("InputForwarded");
  }
  frame.slot.charge(costs.input + perByte.inputOut * data.length);
  writeOutput(frame.slot, out, outLength, data);
}

/** The account or contract that called. */
export function caller(frame: Frame, out: number, outLength: number): void {
  frame.slot.charge(costs.caller);
  if (frame.caller === undefined) throw rootNotAllowed();
  writeOutput(frame.slot, out, outLength, frame.caller);
}

/** The id of this contract. */
export function address(frame: Frame, out: number, outLength: number): void {
  frame.slot.charge(costs.address);
  writeOutput(frame.slot, out, outLength, frame.contract);
}

/** What this contract can spend, the value received included. */
export function balance(frame: Frame, out: number, outLength: number): void {
  frame.slot.charge(costs.balance);
  writeOutput(frame.slot, out, outLength, u128(spendable(accountOf(frame.execution.journal.state, frame.contract))));
}

/** The value that came with the call. */
export function valueTransferred(frame: Frame, out: number, outLength: number): void {
  frame.slot.charge(costs.valueTransferred);
  writeOutput(frame.slot, out, outLength, u128(frame.value));
}

/** The existential deposit. */
export function minimumBalance(frame: Frame, out: number, outLength: number): void {
  frame.slot.charge(costs.minimumBalance);
  writeOutput(frame.slot, out, outLength, u128(existentialDeposit));
}

/** Milliseconds since 1970 of the block, u64. */
export function now(frame: Frame, out: number, outLength: number): void {
  frame.slot.charge(costs.now);
  writeOutput(frame.slot, out, outLength, u64(Number(frame.execution.now)));
}

/** Number of the block, u32. */
export function blockNumber(frame: Frame, out: number, outLength: number): void {
  frame.slot.charge(costs.blockNumber);
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, frame.execution.block, true);
  writeOutput(frame.slot, out, outLength, bytes);
}

/** The gas that is left, u64. */
export function gasLeft(frame: Frame, out: number, outLength: number): void {
  frame.slot.charge(costs.gasLeft);
  writeOutput(frame.slot, out, outLength, u64(frame.slot.gasLeft()));
}

/** The gas that is left, compact, and the proof size that is left: unlimited. */
export function gasLeftWeight(frame: Frame, out: number, outLength: number): void {
  frame.slot.charge(costs.gasLeft);
  const weight = new Writer(32).compact(frame.slot.gasLeft()).compactBig(0xffff_ffff_ffff_ffffn).take();
  writeOutput(frame.slot, out, outLength, weight);
}

/** The price of some gas: ref_time times the cluster's gas price. */
export function weightToFee(frame: Frame, gas: bigint, out: number, outLength: number): void {
  frame.slot.charge(costs.weightToFee);
  const fee = BigInt.asUintN(64, gas) * frame.execution.cluster.gasPrice;
  const most = 2n ** 128n - 1n;
  writeOutput(frame.slot, out, outLength, u128(fee < most ? fee : most));
}

/** As `weightToFee`; proof size costs nothing. */
export function weightToFeeWithProof(
  frame: Frame,
  gas: bigint,
  _proofSize: bigint,
  out: number,
  outLength: number,
): void {
  weightToFee(frame, gas, out, outLength);
}

/** Whether there is a contract of an id; one whose constructor runs is none yet. */
export function isContract(frame: Frame, account: number): number {
  frame.slot.charge(costs.isContract);
  const id = readAccount(frame.slot, account);
  return frame.execution.journal.state.contracts.get(id) === undefined ? 0 : 1;
}

/** The code hash of a contract. @returns `Success`, or `KeyNotFound` when there is no such contract. */
export function codeHashOf(frame: Frame, account: number, out: number, outLength: number): number {
  frame.slot.charge(costs.codeHash);
  const record = frame.execution.journal.state.contracts.get(readAccount(frame.slot, account));
  if (record === undefined) return ReturnCode.KeyNotFound;
  writeOutput(frame.slot, out, outLength, record.info.codeHash);
  return ReturnCode.Success;
}

/** The registered code hash of this contract, also in a delegate call. */
export function ownCodeHash(frame: Frame, out: number, outLength: number): void {
  frame.slot.charge(costs.ownCodeHash);
  writeOutput(frame.slot, out, outLength, frame.record.info.codeHash);
}

/** Whether the caller is who started it all. */
export function callerIsOrigin(frame: Frame): number {
  frame.slot.charge(costs.callerIsOrigin);
  const { origin } = frame.execution;
  if (origin === undefined || frame.caller === undefined) return origin === frame.caller ? 1 : 0;
  return sameAccount(origin, frame.caller) ? 1 : 0;
}

/** Whether the caller is the root origin. */
export function callerIsRoot(frame: Frame): number {
  frame.slot.charge(costs.callerIsRoot);
  return frame.caller === undefined && frame.parent === undefined ? 1 : 0;
}

/** How often this contract stands on the call stack below this frame; delegate calls are not counted. */
export function reentranceCount(frame: Frame): number {
  frame.slot.charge(costs.reentranceCount);
  return Math.max(0, framesOf(frame, frame.contract) - 1);
}

/** How often a contract stands on the call stack; delegate calls are not counted. */
export function accountReentranceCount(frame: Frame, account: number): number {
  frame.slot.charge(costs.reentranceCount);
  return framesOf(frame, readAccount(frame.slot, account));
}

function framesOf(top: Frame, contract: Uint8Array): number {
  let count = 0;
  for (let frame: Frame | undefined = top; frame !== undefined; frame = frame.parent) {
    if (frame.delegated === undefined && sameAccount(frame.contract, contract)) count += 1;
  }
  return count;
}

/** Instantiations in this cluster so far, u64. */
export function instantiationNonce(frame: Frame): bigint {
  frame.slot.charge(costs.instantiationNonce);
  return BigInt(frame.execution.nonce);
}

/** A hash that is not random: Pink feeds no randomness, so it is always zero. */
export function random(frame: Frame, subject: number, subjectLength: number, out: number, outLength: number): void {
  checkSubject(frame, subject, subjectLength);
  writeOutput(frame.slot, out, outLength, new Uint8Array(32));
}

/** As `random`, with the block since which it can be known: 81 back, at least 0. */
export function randomWithBlock(
  frame: Frame,
  subject: number,
  subjectLength: number,
  out: number,
  outLength: number,
): void {
  checkSubject(frame, subject, subjectLength);
  const answer = new Uint8Array(36);
  new DataView(answer.buffer).setUint32(32, Math.max(0, frame.execution.block - 81), true);
  writeOutput(frame.slot, out, outLength, answer);
}

function checkSubject(frame: Frame, subject: number, length: number): void {
  frame.slot.charge(costs.random);
  if (length >>> 0 > maxSubjectLength) throw contractsFault("RandomSubjectTooLong");
  viewOf(frame.slot, subject, length);
}

/** The deposit of a tombstone, which there are no more of: 0. */
export function tombstoneDeposit(frame: Frame, out: number, outLength: number): void {
  frame.slot.charge(costs.rent);
  writeOutput(frame.slot, out, outLength, u128(0n));
}

/** The rent a contract may pay, which there is no more of: all. */
export function rentAllowance(frame: Frame, out: number, outLength: number): void {
  frame.slot.charge(costs.rent);
  writeOutput(frame.slot, out, outLength, new Uint8Array(16).fill(0xff));
}

/** Functions of the rent, which is no more: they do nothing. */
export function rentNothing(frame: Frame): void {
  frame.slot.charge(costs.rent);
}

/** Calls of the runtime: Pink's filter lets none through. */
export function callRuntime(frame: Frame, call: number, length: number): number {
  frame.slot.charge(costs.callRuntime);
  if (viewOf(frame.slot, call, length).length < 2) throw contractsFault("DecodingFailed");
  return ReturnCode.CallRuntimeFailed;
}

/** XCM programs: Pink has no XCM. */
export function xcmExecute(frame: Frame, message: number, length: number, _out: number): number {
  frame.slot.charge(costs.callRuntime);
  viewOf(frame.slot, message, length);
  return ReturnCode.XcmExecutionFailed;
}

/** XCM messages: Pink has no XCM. */
export function xcmSend(frame: Frame, _destination: number, message: number, length: number, _out: number): number {
  frame.slot.charge(costs.callRuntime);
  viewOf(frame.slot, message, length);
  return ReturnCode.XcmSendFailed;
}
