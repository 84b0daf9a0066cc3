/**
 * Calls between contracts: call, delegate call, instantiate, and their older forms.
 *
 * What a callee raised itself is told to the caller as `CalleeTrapped`; what stood in the way of calling it either has a
 * code of its own or ends the caller with that error.
 * @see contract-abi.md, section 2.2
 * @module
 */

import { codeHash, contractId } from "../../wire/bytes.ts";
import { costs, perByte } from "./costs.ts";
import { contractsFault, DispatchFault } from "./dispatch-error.ts";
import {
  callable,
  checkDepth,
  entryCost,
  type Frame,
  type FrameEnd,
  type LoadedCode,
  loadCode,
  openCall,
  openInstantiation,
  runFrame,
} from "./frame.ts";
import { copyOf, readAccount, readBalance, sentinel, writeOutput } from "./memory.ts";
import { ReturnCode } from "./return-code.ts";

/** Bits of the flags of a call. */
export const CallFlag = { ForwardInput: 1, CloneInput: 2, TailCall: 4, AllowReentry: 8 } as const;

const nothing = new Uint8Array(0);

/** Gas as the guest asked for it: 0 is all there is; more than there is ends the caller. */
function budget(frame: Frame, asked: bigint): { readonly gas: number; readonly all: boolean } {
  const left = frame.slot.gasLeft();
  if (asked === 0n) return { gas: left, all: true };
  // An i64 comes signed; as the u64 it is, a negative one is more than there ever is.
  if (asked < 0n || asked > BigInt(left)) throw contractsFault("OutOfGas");
  return { gas: Number(asked), all: false };
}

/** Runs a frame on top of another, with the gas settled between the two. */
function nest(caller: Frame, callee: Frame, code: LoadedCode, asked: bigint): FrameEnd {
  const { gas, all } = budget(caller, asked);
  if (!all) caller.need(gas);
  const end = runFrame(callee, code, gas);
  if (all) caller.need(callee.gasRequired);
  caller.slot.charge(end.gasUsed);
  return end;
}

/** The code for an error around a callee, or the error itself. */
function codeOf(fault: DispatchFault): number {
  switch (fault.error) {
    case "TransferFailed":
      return ReturnCode.TransferFailed;
    case "CodeNotFound":
      return ReturnCode.CodeNotFound;
    case "ContractNotFound":
      return ReturnCode.NotCallable;
    default:
      throw fault;
  }
}

/** Runs what may fail around a callee; `CodeRejected` of stored code is the callee's own. */
function around(attempt: () => FrameEnd): FrameEnd {
  try {
    return attempt();
  } catch (error) {
    if (error instanceof DispatchFault) return { type: "failed", fault: error, byCode: false, gasUsed: 0 };
    throw error;
  }
}

/** Tells the caller how its call ended; the output is written unless the callee failed. */
function answer(frame: Frame, end: FrameEnd, out: number, outLength: number): number {
  switch (end.type) {
    case "suspended":
      return frame.slot.suspend(end.request);
    case "failed":
      return end.byCode ? ReturnCode.CalleeTrapped : codeOf(end.fault);
    case "returned":
      if (out >>> 0 !== sentinel) {
        frame.slot.charge(perByte.callOut * end.data.length);
        writeOutput(frame.slot, out, outLength, end.data);
      }
      return end.reverted ? ReturnCode.CalleeReverted : ReturnCode.Success;
  }
}

/** The input of the callee, by the flags of the call. */
function inputOf(frame: Frame, flags: number, pointer: number, length: number): Uint8Array {
  if ((flags & CallFlag.CloneInput) !== 0) {
    const { input } = frame;
    if (input === undefined) throw contractsFault("InputForwarded");
    frame.slot.charge(perByte.callCloned * input.length);
    return input;
  }
  if ((flags & CallFlag.ForwardInput) !== 0) {
    const { input } = frame;
    if (input === undefined) throw contractsFault("InputForwarded");
    frame.input = undefined;
    return input;
  }
  frame.slot.charge(perByte.callIn * (length >>> 0));
  return copyOf(frame.slot, pointer, length);
}

function checkFlags(flags: number): void {
  if (flags >>> 0 > 15) throw contractsFault("InvalidCallFlags");
}

/** What the caller does once its callee is done: goes on, or ends with what the callee returned. */
function conclude(frame: Frame, flags: number, end: FrameEnd, out: number, outLength: number): number {
  if ((flags & CallFlag.TailCall) !== 0 && end.type === "returned") {
    if (end.reverted) frame.slot.revert(end.data);
    frame.slot.return(end.data);
  }
  return answer(frame, end, out, outLength);
}

interface CallArguments {
  readonly flags: number;
  readonly callee: number;
  readonly gas: bigint;
  readonly deposit: bigint | undefined;
  readonly value: number;
  readonly input: number;
  readonly inputLength: number;
  readonly out: number;
  readonly outLength: number;
}

function call(frame: Frame, args: CallArguments): number {
  const { slot, execution } = frame;
  const { flags } = args;
  checkFlags(flags);
  slot.charge(costs.call);
  const input = inputOf(frame, flags, args.input, args.inputLength);
  const callee = contractId(readAccount(slot, args.callee));
  const value = readBalance(slot, args.value);
  if (value > 0n) slot.charge(costs.callTransfer);
  frame.allowsReentry = (flags & CallFlag.AllowReentry) !== 0;
  const end = around(() => {
    if (!frame.admits(callee)) throw contractsFault("ReentranceDenied");
    const parameters = {
      parent: frame,
      caller: frame.contract,
      value,
      input,
      entry: "call" as const,
      delegated: undefined,
      depositLimit: args.deposit,
    };
    checkDepth(frame);
    const record = callable(execution, callee);
    const code = loadCode(execution, record.info.codeHash);
    slot.charge(entryCost(code));
    return nest(frame, openCall(execution, { ...parameters, record }), code, args.gas);
  });
  frame.allowsReentry = true;
  return conclude(frame, flags, end, args.out, args.outLength);
}

/** `seal0.call`: with length arguments that say nothing, and re-entry allowed. */
export function callWithLengths(
  frame: Frame,
  callee: number,
  _calleeLength: number,
  gas: bigint,
  value: number,
  _valueLength: number,
  input: number,
  inputLength: number,
  out: number,
  outLength: number,
): number {
  const flags = CallFlag.AllowReentry;
  return call(frame, { flags, callee, gas, deposit: undefined, value, input, inputLength, out, outLength });
}

/** `seal1.call`. */
export function callWithFlags(
  frame: Frame,
  flags: number,
  callee: number,
  gas: bigint,
  value: number,
  input: number,
  inputLength: number,
  out: number,
  outLength: number,
): number {
  return call(frame, { flags, callee, gas, deposit: undefined, value, input, inputLength, out, outLength });
}

/** `seal2.call`: proof size is not metered here; the deposit may have a limit. */
export function callWithLimits(
  frame: Frame,
  flags: number,
  callee: number,
  gas: bigint,
  _proofSize: bigint,
  deposit: number,
  value: number,
  input: number,
  inputLength: number,
  out: number,
  outLength: number,
): number {
  const limit = depositAt(frame, deposit);
  return call(frame, { flags, callee, gas, deposit: limit, value, input, inputLength, out, outLength });
}

/** A deposit limit in guest memory: the sentinel and 0 are no limit of its own. */
function depositAt(frame: Frame, pointer: number): bigint | undefined {
  if (pointer >>> 0 === sentinel) return undefined;
  const limit = readBalance(frame.slot, pointer);
  return limit === 0n ? undefined : limit;
}

/** Runs other code on this contract's storage, as this contract, for this frame's caller. */
export function delegateCall(
  frame: Frame,
  flags: number,
  codeHashPointer: number,
  inputPointer: number,
  inputLength: number,
  out: number,
  outLength: number,
): number {
  const { slot, execution } = frame;
  checkFlags(flags);
  slot.charge(costs.delegateCall);
  const input = inputOf(frame, flags, inputPointer, inputLength);
  if ((flags & CallFlag.AllowReentry) !== 0) throw contractsFault("InvalidCallFlags");
  const hash = codeHash(copyOf(slot, codeHashPointer, 32));
  const end = around(() => {
    const code = loadCode(execution, hash);
    slot.charge(entryCost(code));
    const callee = openCall(execution, {
      parent: frame,
      record: frame.record,
      caller: frame.caller,
      value: frame.value,
      input,
      entry: "call",
      delegated: hash,
      depositLimit: undefined,
    });
    return nest(frame, callee, code, 0n);
  });
  return conclude(frame, flags, end, out, outLength);
}

interface InstantiateArguments {
  readonly codeHash: number;
  readonly gas: bigint;
  readonly deposit: bigint | undefined;
  readonly value: number;
  readonly input: number;
  readonly inputLength: number;
  readonly address: number;
  readonly addressLength: number;
  readonly out: number;
  readonly outLength: number;
  readonly salt: number;
  readonly saltLength: number;
}

function instantiate(frame: Frame, args: InstantiateArguments): number {
  const { slot, execution } = frame;
  slot.charge(
    costs.instantiate +
      perByte.instantiateIn * (args.inputLength >>> 0) +
      perByte.instantiateSalt * (args.saltLength >>> 0),
  );
  const value = readBalance(slot, args.value);
  const hash = codeHash(copyOf(slot, args.codeHash, 32));
  const input = copyOf(slot, args.input, args.inputLength);
  const salt = copyOf(slot, args.salt, args.saltLength);
  let address: Uint8Array = nothing;
  const end = around(() => {
    const code = loadCode(execution, hash);
    slot.charge(entryCost(code));
    const callee = openInstantiation(execution, {
      parent: frame,
      deployer: frame.contract,
      code,
      salt,
      value,
      input,
      depositLimit: args.deposit,
    });
    address = callee.contract;
    return nest(frame, callee, code, args.gas);
  });
  if (end.type === "returned" && !end.reverted && args.address >>> 0 !== sentinel) {
    slot.charge(perByte.callOut * 32);
    writeOutput(slot, args.address, args.addressLength, address);
  }
  return answer(frame, end, args.out, args.outLength);
}

/** `seal0.instantiate`: with length arguments that say nothing. */
export function instantiateWithLengths(
  frame: Frame,
  hash: number,
  _hashLength: number,
  gas: bigint,
  value: number,
  _valueLength: number,
  input: number,
  inputLength: number,
  address: number,
  addressLength: number,
  out: number,
  outLength: number,
  salt: number,
  saltLength: number,
): number {
  return instantiate(frame, {
    codeHash: hash,
    gas,
    deposit: undefined,
    value,
    input,
    inputLength,
    address,
    addressLength,
    out,
    outLength,
    salt,
    saltLength,
  });
}

/** `seal1.instantiate`. */
export function instantiateWithSalt(
  frame: Frame,
  hash: number,
  gas: bigint,
  value: number,
  input: number,
  inputLength: number,
  address: number,
  addressLength: number,
  out: number,
  outLength: number,
  salt: number,
  saltLength: number,
): number {
  return instantiateWithLengths(
    frame,
    hash,
    0,
    gas,
    value,
    0,
    input,
    inputLength,
    address,
    addressLength,
    out,
    outLength,
    salt,
    saltLength,
  );
}

/** `seal2.instantiate`: proof size is not metered here; the deposit may have a limit. */
export function instantiateWithLimits(
  frame: Frame,
  hash: number,
  gas: bigint,
  _proofSize: bigint,
  deposit: number,
  value: number,
  input: number,
  inputLength: number,
  address: number,
  addressLength: number,
  out: number,
  outLength: number,
  salt: number,
  saltLength: number,
): number {
  const limit = depositAt(frame, deposit);
  return instantiate(frame, {
    codeHash: hash,
    gas,
    deposit: limit,
    value,
    input,
    inputLength,
    address,
    addressLength,
    out,
    outLength,
    salt,
    saltLength,
  });
}
