/**
 * Queries of an enclave: run, suspended while they wait for the world outside, and run again from their start.
 *
 * All passes of a query see one snapshot, one block and one log of answers; what a pass did to the cache and the log of
 * lines is not done again. Requests, bytes, gas over all passes and wall clock are bounded, and so is each pass, for
 * nothing else happens in the isolate meanwhile.
 * @module
 */

import { EngineError, type PhatError } from "../../errors.ts";
import { sameBytes, toHex } from "../../wire/bytes.ts";
import type { QueryLimits } from "../../wire/egress.ts";
import { type EnclaveLog, writeEnclaveResult } from "../../wire/entry.ts";
import { type QueryAnswer, type QueryRequest, writeAnswer } from "../../wire/query.ts";
import { encode } from "../../wire/scale.ts";
import { type EgressRequest, encodeBatchResult, encodeHttpResult, type HttpResult } from "../contract/pink/http.ts";
import { QuerySession } from "../contract/pink/session.ts";
import { queryGasLimit } from "../runtime/payment.ts";
import type { QuerySnapshot, Runtime } from "../runtime/runtime.ts";
import type { Egress, Pending, Waiting } from "./egress.ts";
import type { Scope } from "./fetch.ts";
import { checkLog, decodeLog, encodeLog, type LogSeal, type QueryLog, requestHash } from "./log.ts";
import { type Job, Scheduler } from "./scheduler.ts";

/** Upstream's bounds of a query's time, in milliseconds. */
const timeoutBounds = { least: 5_000, most: 600_000, usual: 10_000 } as const;
/** Gas that all passes of a query may use together, as a multiple of what the most expensive one may. */
const totalGas = 8 * queryGasLimit;
/**
 * What a pass may compute without a bound of time, as gas of each frame: a millisecond or two. What needs more is run
 * again under one; to set up a bound for every pass would cost more than most of them do.
 */
const fuse = { gas: 2_000_000_000, request: Symbol("to be run within a bound of time") } as const;
/** Lines that one query may log. */
const mostLines = 10_000;

/** What queries stand on. */
export interface QueriesSetting {
  readonly runtime: Runtime;
  readonly egress: Egress;
  readonly limits: QueryLimits;
  readonly logs: LogSeal;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly time: () => bigint;
  readonly random: (length: number) => Uint8Array;
  /** Lets what runs in `work` log into `lines`. */
  readonly logInto: <T>(lines: EnclaveLog[], work: () => T) => T;
}

/** Who waits for a query. */
interface Caller {
  readonly resolve: (result: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

/** One query, from its arrival to its answer. */
class Query implements Job, Scope, Waiting {
  readonly flow: string;
  readonly weight: number;
  readonly lines: EnclaveLog[] = [];
  readonly request: QueryRequest;
  /** What it can be cancelled by. */
  readonly number: number;
  readonly #owner: Queries;
  readonly #timeoutMs: number;
  readonly #end: number;
  readonly #caller: Caller;
  #snapshot: QuerySnapshot | undefined;
  #session: QuerySession | undefined;
  /** What the last pass asked for, until it is sent. */
  #wanted: EgressRequest | undefined;
  #pending: Pending | undefined;
  /** What came of it, until the next pass. */
  #answers: HttpResult | readonly HttpResult[] | undefined;
  #since = 0;
  #asker = "";
  #nowMs = 0n;
  #requests = 0;
  #bytes = 0;
  #gas = 0;
  /** Whether its passes have turned out to be long. */
  #long = false;
  done = false;
  started = false;

  constructor(owner: Queries, request: QueryRequest, number: number, caller: Caller) {
    const { setting } = owner;
    this.#owner = owner;
    this.request = request;
    this.number = number;
    this.flow = owner.flowOf(request.contract);
    this.weight = setting.runtime.weight(request.contract);
    this.#timeoutMs = Math.max(1, Math.min(request.timeoutMs ?? owner.timeoutMs, owner.timeoutMs));
    this.#end = setting.now() + this.#timeoutMs;
    this.#caller = caller;
  }

  remaining(): number {
    const left = this.#end - this.#owner.setting.now();
    // The contract is to have time for what it was answered.
    return left - Math.min(250, left * 0.1);
  }

  spend(bytes: number): string | undefined {
    this.#bytes += bytes;
    return this.#bytes > this.#owner.bytes ? `queries.bytes ${this.#owner.bytes}` : undefined;
  }

  denied(error: PhatError): void {
    if (this.lines.length >= mostLines) return;
    const { contract } = this.request;
    const text = `EgressDenied: ${error.message.split("\n")[0]}`;
    this.lines.push({ block: this.#snapshot?.block ?? 0, contract, level: 2, text, query: true });
  }

  refuse(error: EngineError): void {
    this.#owner.refused(this);
    this.fail(error);
  }

  /** Ends the query with an error; its place is given up by whoever noticed. */
  fail(error: unknown): void {
    if (this.done) return;
    this.done = true;
    this.#pending?.cancel();
    this.#owner.ended(this);
    this.#caller.reject(error);
  }

  #cut(): void {
    const { setting, passMs } = this.#owner;
    // It may have been cut off in the middle of a change.
    setting.runtime.cache.recount();
    this.fail(new EngineError("DeadlineExceeded", { milliseconds: Math.min(this.#timeoutMs, passMs) }));
  }

  run(): boolean {
    this.started = true;
    if (this.done) return false;
    try {
      return this.#owner.setting.logInto(this.lines, () => this.#pass());
    } catch (error) {
      if (error instanceof EngineError && error.code === "DeadlineExceeded") this.#cut();
      else this.fail(error);
      return false;
    }
  }

  #begin(): { readonly snapshot: QuerySnapshot; readonly session: QuerySession } {
    const { setting, clearLogs } = this.#owner;
    const { runtime } = setting;
    const { replay } = this.request;
    this.#nowMs = setting.time();
    let log: QueryLog | undefined;
    if (replay !== undefined) {
      log = decodeLog(clearLogs ? replay : setting.logs.unseal(replay));
    }
    const snapshot = runtime.pin(log?.moment);
    if (log !== undefined && !clearLogs) checkLog(log, requestHash(this.request), snapshot.stateRoot);
    const session = new QuerySession(runtime.cache, log?.answers);
    this.#snapshot = snapshot;
    this.#session = session;
    return { snapshot, session };
  }

  #pass(): boolean {
    const { setting, passMs, requests } = this.#owner;
    const left = this.#end - setting.now();
    if (left <= 0) throw new EngineError("DeadlineExceeded", { milliseconds: this.#timeoutMs });
    const { snapshot, session } =
      this.#snapshot === undefined || this.#session === undefined
        ? this.#begin()
        : { snapshot: this.#snapshot, session: this.#session };
    const answers = this.#answers;
    if (answers !== undefined) {
      this.#answers = undefined;
      session.supply(Array.isArray(answers) ? encodeBatchResult(answers) : encodeHttpResult(answers as HttpResult));
    }
    const pass = snapshot.query(this.request, {
      nowMs: this.#nowMs,
      random: setting.random,
      pink: session,
      deadlineMs: this.#long ? Math.ceil(Math.min(left, passMs)) : undefined,
      fuse: this.#long ? undefined : fuse,
    });
    if (pass.type === "answered") {
      session.finish();
      this.#answer(pass.answer);
      return false;
    }
    this.#gas += pass.gasUsed;
    if (this.#gas > totalGas) throw new EngineError("QueryLimit", { limit: `${totalGas} gas over all passes` });
    if (pass.request === fuse.request) {
      this.#long = true;
      return this.#pass();
    }
    const wanted = pass.request as EgressRequest;
    this.#requests += wanted.type === "http" ? 1 : wanted.requests.length;
    if (this.#requests > requests) throw new EngineError("QueryLimit", { limit: `${requests} requests` });
    this.#wanted = wanted;
    return true;
  }

  after(): void {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    if (wanted === undefined || this.done) return;
    const id = wanted.contract;
    const hex = sameBytes(id, this.request.contract) ? this.flow : toHex(id);
    const { setting } = this.#owner;
    this.#since = setting.now();
    this.#asker = hex;
    try {
      const pending = setting.egress.perform(wanted, { id, hex, scope: this }, this);
      if (this.#answers === undefined) this.#pending = pending;
    } catch (error) {
      this.lost(error);
    }
  }

  fetched(result: HttpResult): void {
    this.#answered(result);
  }

  batched(results: readonly HttpResult[]): void {
    this.#answered(results);
  }

  /** Kept as it came: to make bytes of it is the next pass's work. */
  #answered(answers: HttpResult | readonly HttpResult[]): void {
    if (this.done) return;
    this.#pending = undefined;
    this.#answers = answers;
    const { egress, now } = this.#owner.setting;
    egress.metrics.of(this.#asker).add("waitedMs", now() - this.#since);
    this.#owner.resume(this);
  }

  lost(error: unknown): void {
    if (this.done) return;
    this.fail(error);
    this.#owner.drop(this);
  }

  #answer(answer: QueryAnswer): void {
    this.done = true;
    const { setting, clearLogs } = this.#owner;
    let told = answer;
    if (this.request.record === true) {
      const { stateRoot, moment } = this.#snapshot as QuerySnapshot;
      const { answers } = this.#session as QuerySession;
      const log = encodeLog({ request: requestHash(this.request), stateRoot, moment, answers });
      told = { ...answer, log: clearLogs ? log : setting.logs.seal(log, moment.block) };
    }
    this.#owner.ended(this);
    const { lines } = this;
    this.#caller.resolve(
      encode({ result: encode(told, writeAnswer), logs: lines.slice(0, mostLines) }, writeEnclaveResult),
    );
  }
}

/** The queries of one enclave. */
export class Queries {
  readonly setting: QueriesSetting;
  /** Milliseconds of a query, and of one pass. */
  readonly timeoutMs: number;
  readonly passMs: number;
  readonly requests: number;
  readonly bytes: number;
  readonly clearLogs: boolean;
  readonly #scheduler: Scheduler;
  readonly #numbered = new Map<number, Query>();
  /** By the first byte of the id. */
  readonly #flows: ({ readonly id: Uint8Array; readonly hex: string } | undefined)[] = new Array(256).fill(undefined);

  constructor(setting: QueriesSetting) {
    const { limits, now } = setting;
    this.setting = setting;
    const { least, most, usual } = timeoutBounds;
    this.timeoutMs = Math.min(most, Math.max(least, limits.timeoutMs ?? usual));
    this.passMs = limits.passMs ?? 5_000;
    this.requests = limits.requests ?? 32;
    this.bytes = limits.bytes ?? 16 * 1024 * 1024;
    this.clearLogs = limits.clearLogs ?? false;
    this.#scheduler = new Scheduler({
      concurrent: limits.concurrent ?? 8192,
      backlog: limits.backlog ?? 4096,
      now,
      soon: (work, yielding) => {
        if (yielding) setImmediate(work);
        else queueMicrotask(work);
      },
    });
  }

  /** The hex of a contract's id: of those asked of late, without writing it anew. */
  flowOf(contract: Uint8Array): string {
    const place = contract[0]!;
    const known = this.#flows[place];
    if (known !== undefined && sameBytes(known.id, contract)) return known.hex;
    const hex = toHex(contract);
    this.#flows[place] = { id: contract, hex };
    return hex;
  }

  /** Queries under way. */
  get active(): number {
    return this.#scheduler.active;
  }

  /**
   * Takes a query.
   * @param number what it can be cancelled by; 0 for one that is not.
   * @returns SCALE `EnclaveResult` of `QueryAnswer`; rejects with `DeadlineExceeded`, `QueryLimit`, `QueryBacklogFull`,
   *   `CallGivenUp`, `QueryLogMismatch`, `SealBroken`, and what the runtime throws.
   */
  ask(request: QueryRequest, number: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const query = new Query(this, request, number, { resolve, reject });
      this.#numbered.set(number, query);
      try {
        this.#scheduler.add(query);
      } catch (error) {
        this.refused(query);
        query.fail(error);
      }
    });
  }

  /** Gives up a query that nobody waits for any more. */
  cancel(number: number): void {
    const query = this.#numbered.get(number);
    if (query === undefined) return;
    const { started } = query;
    query.fail(new EngineError("CallGivenUp"));
    this.#scheduler.drop(query, started);
  }

  /** @internal */
  resume(query: Query): void {
    this.setting.egress.metrics.of(query.flow).add("replays");
    this.#scheduler.resume(query);
  }

  /** @internal */
  drop(query: Query): void {
    this.#scheduler.drop(query, true);
  }

  /** @internal */
  refused(query: Query): void {
    this.setting.egress.metrics.of(query.flow).add("refused");
  }

  /** @internal */
  ended(query: Query): void {
    this.setting.egress.metrics.of(query.flow).add("queries");
    if (this.#numbered.get(query.number) === query) this.#numbered.delete(query.number);
  }
}
