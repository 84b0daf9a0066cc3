/**
 * Root calls: the first frame of an execution, what stands before it and what is settled after it.
 *
 * Whatever happens, the outcome is data; a root call that does not return well has changed nothing, save what the
 * caller of this takes for gas.
 * @see contract-abi.md, section 4
 * @module
 */

import type { AccountId, CodeHash, ContractId } from "../../wire/bytes.ts";
import { depositLimit, settle } from "./deposits.ts";
import { contractsFault, DispatchFault, rootNotAllowed } from "./dispatch-error.ts";
import type { RootExecution } from "./execution.ts";
import {
  callable,
  entryCost,
  type Frame,
  type LoadedCode,
  loadCode,
  openCall,
  openInstantiation,
  runFrame,
  total,
} from "./frame.ts";

/** How a root call ended. */
export interface RootResult {
  readonly end:
    | { readonly type: "returned"; readonly reverted: boolean; readonly data: Uint8Array }
    | { readonly type: "failed"; readonly fault: DispatchFault }
    | { readonly type: "suspended"; readonly request: unknown };
  /** Gas, in ref_time. */
  readonly gasUsed: number;
  readonly gasRequired: number;
  /** Positive: held from the origin; negative: refunded. */
  readonly storageDeposit: bigint;
  /** The contract called, or made; undefined when an instantiation did not come that far. */
  readonly contract: ContractId | undefined;
  /** Whether the contract's code began to run. */
  readonly reached: boolean;
}

/** What both kinds of root call have. */
interface RootParameters {
  readonly value: bigint;
  readonly input: Uint8Array;
  /** The most gas, in ref_time. */
  readonly gas: number;
  /** The most that may be charged in deposits; undefined is all the origin has. */
  readonly storageDepositLimit: bigint | undefined;
}

/** A call of a contract. */
export interface RootCall extends RootParameters {
  readonly contract: ContractId;
}

/** An instantiation of stored code. */
export interface RootInstantiation extends RootParameters {
  readonly codeHash: CodeHash;
  readonly salt: Uint8Array;
}

/** Calls a contract as the execution's origin. */
export function callRoot(execution: RootExecution, call: RootCall): RootResult {
  const { contract, value, input } = call;
  return run(execution, call, contract, () => {
    const record = callable(execution, contract);
    const code = loadCode(execution, record.info.codeHash);
    const frame = openCall(execution, {
      parent: undefined,
      record,
      caller: execution.origin,
      value,
      input,
      entry: "call",
      delegated: undefined,
      depositLimit: undefined,
    });
    return { frame, code };
  });
}

/** Makes a contract as the execution's origin. */
export function instantiateRoot(execution: RootExecution, instantiation: RootInstantiation): RootResult {
  const { codeHash, salt, value, input } = instantiation;
  return run(execution, instantiation, undefined, () => {
    const { origin } = execution;
    if (origin === undefined) throw rootNotAllowed();
    const code = loadCode(execution, codeHash);
    const frame = openInstantiation(execution, {
      parent: undefined,
      deployer: origin,
      code,
      salt,
      value,
      input,
      depositLimit: undefined,
    });
    return { frame, code };
  });
}

function run(
  execution: RootExecution,
  parameters: RootParameters,
  called: ContractId | undefined,
  open: () => { readonly frame: Frame; readonly code: LoadedCode },
): RootResult {
  const { origin, journal } = execution;
  const { gas, value } = parameters;
  const mark = execution.mark();
  let contract = called;
  const failed = (fault: DispatchFault, gasUsed: number, gasRequired = gasUsed): RootResult => {
    execution.rollback(mark);
    return { end: { type: "failed", fault }, gasUsed, gasRequired, storageDeposit: 0n, contract, reached };
  };
  let gasUsed = 0;
  let gasRequired = 0;
  let reached = false;
  try {
    const limit = origin === undefined ? 0n : depositLimit(journal, origin, parameters.storageDepositLimit, value);
    const { frame, code } = open();
    contract = frame.contract;
    const load = entryCost(code);
    if (load > gas) return failed(contractsFault("OutOfGas"), gas);
    const end = runFrame(frame, code, gas - load, limit);
    reached = end.type !== "failed" || end.byCode || end.gasUsed > 0;
    gasUsed = load + end.gasUsed;
    gasRequired = load + Math.max(end.gasUsed, frame.gasRequired);
    if (end.type === "failed") return failed(end.fault, gasUsed, gasRequired);
    if (end.type === "suspended") {
      return { end, gasUsed, gasRequired, storageDeposit: 0n, contract, reached };
    }
    const storageDeposit = end.reverted ? 0n : settleAll(execution, origin);
    return { end, gasUsed, gasRequired, storageDeposit, contract, reached };
  } catch (error) {
    if (error instanceof DispatchFault) {
      execution.diagnosis ??= () => error.message;
      return failed(error, gasUsed, gasRequired);
    }
    execution.rollback(mark);
    throw error;
  }
}

/** Settles the deposits of an execution that ended well, and keeps the number of its instantiations. */
function settleAll(execution: RootExecution, origin: AccountId | undefined): bigint {
  const { charges, cluster, journal } = execution;
  if (execution.nonce !== cluster.nonce) journal.setCluster({ ...journal.state.cluster!, nonce: execution.nonce });
  if (charges.length === 0 || origin === undefined) return 0n;
  settle(journal, origin, charges, (event) => execution.palletEvents.push(event));
  return total(charges, 0);
}
