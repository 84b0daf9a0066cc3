/**
 * What a query has been told so far: the log by which it can be run again to the same place.
 *
 * A query that needs something from outside is given up and run again from its start once the answer is there. All that
 * it learned on the way and that might differ the next time (time, randomness, the cache, answers from the internet) is
 * kept here in order and given to it again; what it did to the cache and to the log is not done twice. Each entry
 * carries a hash of what was asked: a run that asks something else is a fault of the engine, not of the contract.
 * @module
 */

import { blake2_256Of } from "../../../crypto/hash.ts";
import { EngineError } from "../../../errors.ts";
import { sameBytes } from "../../../wire/bytes.ts";
import type { Call } from "../call.ts";
import type { LocalCache } from "./cache.ts";

/** The most answers and the most bytes of answers that one query may gather. */
export const sessionLimits = { answers: 100_000, bytes: 32 * 1024 * 1024 } as const;

/** One question that was put to the surroundings, and what they said. */
export interface Answer {
  /** blake2_256 of contract, function and input. */
  readonly asked: Uint8Array;
  readonly output: Uint8Array;
}

/** The log of one query, over all its passes. */
export class QuerySession {
  /** The worker's cache; undefined: no contract has room in it. */
  readonly cache: LocalCache | undefined;
  /** Whether all answers come from an earlier query's log: nothing new is asked, and nothing has an effect. */
  readonly replaying: boolean;
  readonly #answers: Answer[];
  #next = 0;
  #bytes = 0;
  #waiting: Uint8Array | undefined;

  /** @param recorded the answers of an earlier query, to be given again and no others. */
  constructor(cache?: LocalCache, recorded?: readonly Answer[]) {
    this.cache = cache;
    this.replaying = recorded !== undefined;
    this.#answers = recorded === undefined ? [] : [...recorded];
  }

  /** All questions and answers so far, in order. */
  get answers(): readonly Answer[] {
    return this.#answers;
  }

  /**
   * Ends a query that was answered from a log.
   * @throws {EngineError} `QueryLogMismatch` when the log holds more than the query asked.
   */
  finish(): void {
    if (this.replaying && this.#next < this.#answers.length) throw mismatch("the query ended before its log did");
  }

  /** Starts a pass: answers are given again from the first. */
  rewind(): void {
    this.#next = 0;
  }

  /**
   * The answer to a question: the one given before at this point, or a new one.
   *
   * @param contract who asks.
   * @param id the function of the extension.
   * @param input its arguments.
   * @param compute gives the answer, the first time; its effects are those that must not be repeated.
   */
  answer(contract: Uint8Array, id: number, input: Uint8Array, compute: () => Uint8Array): Uint8Array {
    const asked = blake2_256Of(contract, Uint8Array.of(id), input);
    const known = this.#known(asked);
    if (known !== undefined) return known;
    const output = compute();
    this.#append({ asked, output });
    return output;
  }

  /**
   * The answer to a question that only the outside can answer; undefined when it has not been answered: then the run is
   * to be suspended, and `supply` takes the answer.
   */
  external(contract: Uint8Array, id: number, input: Uint8Array): Uint8Array | undefined {
    const asked = blake2_256Of(contract, Uint8Array.of(id), input);
    const known = this.#known(asked);
    if (known === undefined) this.#waiting = asked;
    return known;
  }

  /**
   * Takes the answer that the last pass was suspended for, in the encoding of its function.
   * @throws {EngineError} `Internal` when no pass waits for one.
   */
  supply(output: Uint8Array): void {
    if (this.#waiting === undefined) {
      throw new EngineError("Internal", { what: "an answer was supplied that no query waits for" });
    }
    this.#append({ asked: this.#waiting, output });
    this.#waiting = undefined;
  }

  #known(asked: Uint8Array): Uint8Array | undefined {
    const answer = this.#answers[this.#next];
    if (answer === undefined) {
      if (this.replaying) throw mismatch("the query asks for more than its log holds");
      return undefined;
    }
    if (!sameBytes(answer.asked, asked)) {
      if (this.replaying) throw mismatch("the query asks for something else than it did when the log was made");
      throw new EngineError("Internal", { what: "a query took another path when it was run again" });
    }
    this.#next++;
    return answer.output;
  }

  #append(answer: Answer): void {
    this.#bytes += answer.output.length + 64;
    if (this.#answers.length >= sessionLimits.answers || this.#bytes > sessionLimits.bytes) {
      throw new EngineError("QueryLimit", {
        limit: `${sessionLimits.answers} answers or ${sessionLimits.bytes} bytes of them`,
      });
    }
    this.#answers.push(answer);
    // The pass that computed it is past it; the pass that waited for it will come to it.
    if (this.#waiting === undefined) this.#next++;
  }
}

function mismatch(reason: string): EngineError {
  return new EngineError("QueryLogMismatch", { reason });
}

/** The session of a query; undefined in transactions and estimates, which must not see anything of it. */
export function querySession(call: Call): QuerySession | undefined {
  const { mode, environment } = call.execution;
  if (mode !== "query") return undefined;
  if (environment?.pink instanceof QuerySession) return environment.pink;
  throw new EngineError("Internal", { what: "a query runs without a session" });
}
