/**
 * Queries: a contract asked on a snapshot, or a transaction tried out; nothing of either is written.
 *
 * Each pass runs on a fork that is as the first one was, so that a query that is run again starts where the first pass started. Gas is
 * free; figures are told coarsely.
 * @see phala-runtime.md, sections 2.5 and 3.3
 * @module
 */

import type { ContractId } from "../../wire/bytes.ts";
import type { QueryAnswer, QueryRequest } from "../../wire/query.ts";
import { mint } from "../contract/balances.ts";
import type { QueryEnvironment } from "../contract/call.ts";
import { contractsFault } from "../contract/dispatch-error.ts";
import { type Engine, type Moment, RootExecution } from "../contract/execution.ts";
import type { LocalCache } from "../contract/pink/cache.ts";
import { applyQueryEffects } from "../contract/pink/effects.ts";
import { QuerySession } from "../contract/pink/session.ts";
import { callRoot, instantiateRoot, type RootResult } from "../contract/root.ts";
import { Journal } from "../state/journal.ts";
import type { ClusterRecord } from "../state/records.ts";
import type { State } from "../state/state.ts";
import { coarseDeposit, coarseGas } from "./coarse.ts";
import { clipGas, defaultQueryGas, queryGasLimit, transactionGasLimit } from "./payment.ts";

/** How one pass of a query ended. */
export type QueryPass =
  | { readonly type: "answered"; readonly answer: QueryAnswer }
  /** The query waits for something outside; run it again on the same snapshot once `request` is answered. */
  | { readonly type: "suspended"; readonly request: unknown; readonly gasUsed: number };

/** The state between two blocks, for all queries that run on it. */
export interface Pinned {
  readonly state: State;
  /** A fork of it on which a pass has left nothing: the next one takes it, as to make one costs a tenth of a pass. */
  spare: State | undefined;
}

/** What a query runs on. */
export interface QueryContext {
  readonly engine: Engine;
  readonly pinned: Pinned;
  readonly cluster: ClusterRecord;
  readonly moment: Omit<Moment, "mode" | "environment">;
  readonly cache: LocalCache;
}

/** Runs one pass of a query. */
export function runQuery(request: QueryRequest, environment: QueryEnvironment, context: QueryContext): QueryPass {
  const { engine, cluster, cache } = context;
  const { origin, contract, body } = request;
  const mode = body.kind === "instantiate" || body.estimating ? "estimate" : "query";
  const session = environment.pink instanceof QuerySession ? environment.pink : new QuerySession(cache);
  session.rewind();
  const { block, lastBlockHash, now } = context.moment;
  const moment: Moment = {
    mode,
    block,
    lastBlockHash,
    now,
    // An estimate takes nothing from it but the deadline: what host functions see of it hangs on the mode.
    environment: environment.pink === session ? environment : withSession(environment, session),
  };
  const { pinned } = context;
  const state = pinned.spare ?? pinned.state.fork();
  // One on which a pass is cut off is not used again.
  pinned.spare = undefined;
  const journal = new Journal(state);
  mint(journal, origin, request.deposit);
  const execution = new RootExecution(engine, moment, journal, cluster, { origin, entryContract: contract });
  const asked = request.gasLimit ?? BigInt(defaultQueryGas);
  const gas = clipGas(asked, mode === "query" ? queryGasLimit : transactionGasLimit);
  const result = ask(execution, request, gas);
  if (journal.mark() === 0) pinned.spare = state;
  if (result.end.type === "suspended") {
    return { type: "suspended", request: result.end.request, gasUsed: result.gasUsed };
  }
  if (mode === "query" && result.end.type === "returned" && !session.replaying) {
    applyQueryEffects(execution.events, cache);
  }
  return { type: "answered", answer: answerOf(execution, result, body.kind === "instantiate") };
}

/** The environment with its session; methods are called on the object that they came with. */
function withSession(environment: QueryEnvironment, session: QuerySession): QueryEnvironment {
  const { nowMs, deadlineMs, fuse } = environment;
  return { nowMs, random: (length) => environment.random(length), pink: session, deadlineMs, fuse };
}

function ask(execution: RootExecution, request: QueryRequest, gas: number): RootResult {
  const { body, contract, transfer: value } = request;
  if (body.kind === "instantiate") {
    const { codeHash, salt, data } = body;
    return instantiateRoot(execution, { value, gas, storageDepositLimit: undefined, codeHash, salt, input: data });
  }
  if (body.payload.length < 4) {
    // Upstream's worker dies of such a message; here it is an error of the caller's.
    const fault = contractsFault("DecodingFailed", { detail: "the message is shorter than a selector" });
    return tooShort(fault, contract);
  }
  return callRoot(execution, { value, gas, storageDepositLimit: undefined, contract, input: body.payload });
}

function tooShort(fault: ReturnType<typeof contractsFault>, contract: ContractId): RootResult {
  return {
    end: { type: "failed", fault },
    gasUsed: 0,
    gasRequired: 0,
    storageDeposit: 0n,
    contract,
    reached: false,
  };
}

function answerOf(execution: RootExecution, result: RootResult, made: boolean): QueryAnswer {
  const { end, contract } = result;
  const { cluster, block } = execution;
  return {
    block,
    gasUsed: coarseGas(BigInt(result.gasUsed)),
    gasRequired: coarseGas(BigInt(result.gasRequired)),
    storageDeposit: coarseDeposit(result.storageDeposit, cluster.depositPerByte),
    debug: execution.debugText(),
    result:
      end.type === "returned"
        ? { ok: true, flags: end.reverted ? 1 : 0, data: end.data, contract: made ? contract : undefined }
        : { ok: false, error: end.type === "failed" ? end.fault.encoded : new Uint8Array(0) },
    diagnosis: end.type === "failed" ? (execution.diagnosis?.() ?? end.fault.message) : "",
  };
}
