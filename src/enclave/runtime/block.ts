/**
 * One block under way: its messages, one a step, then the hooks that are due at its end.
 *
 * Changes are made in place and noted in a journal; copying the way to each of them, in every block, would cost more than
 * they do. Whoever wants the state as it was before, while the block is under way, gets a fork of it on which they are
 * taken back. What else the block changes (the registry, the weights' shares and the contents of the cache) it keeps to
 * itself until it is sealed.
 * @module
 */

import { EngineError } from "../../errors.ts";
import type { Genesis, RelayedBlock } from "../../wire/block.ts";
import { type AccountId, type BlockHash, sameBytes } from "../../wire/bytes.ts";
import type { Message } from "../../wire/message.ts";
import type { Engine, Moment, RootExecution } from "../contract/execution.ts";
import type { LocalCache } from "../contract/pink/cache.ts";
import { CacheChanges } from "../contract/pink/cache-changes.ts";
import { applyEffects } from "../contract/pink/effects.ts";
import { type DueHook, dueHooks } from "../contract/pink/hooks.ts";
import { callRoot } from "../contract/root.ts";
import { Journal } from "../state/journal.ts";
import type { State } from "../state/state.ts";
import { handleMessage, type MessageContext, pay } from "./messages.ts";
import { BlockReceipts, type Outcome } from "./receipts.ts";
import type { Registry } from "./registry.ts";
import type { Tip } from "./verify.ts";

/** What a block is executed on. */
export interface BlockGround {
  readonly genesis: Genesis;
  readonly genesisHash: BlockHash;
  readonly engine: Engine;
  readonly cache: LocalCache;
  /** Changed in place. */
  readonly state: State;
  /** Of the block before: its registry, itself, and the root of its state. */
  readonly registry: Registry;
  readonly tip: Tip;
  readonly root: Uint8Array;
  /** A fork of the state as it is, if there is one already. */
  readonly before: State | undefined;
}

/** Gas of a message that took next to no time. */
const little = 100_000_000n;

/**
 * Changes of a block under way, beyond which the state before it is kept in time: to take back what is noted, all at once,
 * takes half as long as it took to do, and whoever asks would wait for that.
 */
const mostNoted = 4_000;

/** The execution of one block. */
export class BlockExecution implements MessageContext {
  readonly engine: Engine;
  readonly moment: Moment;
  readonly governor: AccountId;
  journal: Journal;
  /** The registry after the messages so far. */
  registry: Registry;
  /** What the messages so far do to the cache. */
  readonly cache: CacheChanges;
  /** Whether they change weights. */
  reweighed = false;
  readonly receipts: BlockReceipts;
  readonly #ground: BlockGround;
  readonly #messages: readonly Message[];
  #next = 0;
  /** Those still to be called, the next one last; found once the messages are executed. */
  #hooks: DueHook[] | undefined;
  /** The state before the block, once somebody has asked for it. */
  #before: State | undefined;

  /** @param block verified. */
  constructor({ header, messages }: RelayedBlock, ground: BlockGround) {
    const { engine, genesis, registry, state, tip, cache } = ground;
    this.#ground = ground;
    this.#messages = messages;
    this.engine = engine;
    this.governor = genesis.governor;
    this.registry = registry;
    this.cache = new CacheChanges(cache);
    this.journal = new Journal(state, true);
    this.#before = ground.before;
    this.receipts = new BlockReceipts(header.number, messages.length);
    this.moment = {
      mode: "transaction",
      block: header.number,
      lastBlockHash: tip.hash,
      now: header.timestamp,
      environment: undefined,
    };
  }

  /** Executes the next message, or when there is none the next hook. @returns false when nothing was left to execute. */
  step(): boolean {
    const { receipts } = this;
    if (this.#next < this.#messages.length) {
      const message = this.#messages[this.#next++] as Message;
      receipts.add(handleMessage(message, this));
      return true;
    }
    const { state } = this.journal;
    this.#hooks ??= state.hooks.size === 0 ? [] : dueHooks(state.hooks.entries()).reverse();
    for (;;) {
      const hook = this.#hooks.pop();
      if (hook === undefined) return false;
      if (state.contracts.get(hook.contract) === undefined) continue;
      receipts.add(this.#call(hook));
      return true;
    }
  }

  #call({ contract, message, gasLimit }: DueHook): Outcome {
    const subject = { nonce: new Uint8Array(0), contract };
    return pay(subject, contract, contract, gasLimit, false, this.journal.state.cluster!, this, (execution, gas) =>
      callRoot(execution, { contract, value: 0n, input: message, gas, storageDepositLimit: undefined }),
    );
  }

  /** Whether the last step was one of next to no time: of how little the gas says, where gas is what it costs. */
  get light(): boolean {
    const gas = this.receipts.last?.gasUsed ?? 0n;
    return gas > 0n && gas < little;
  }

  readonly applyRegistry = (message: Message): string | undefined => {
    const { genesis, genesisHash: hash } = this.#ground;
    const after = this.registry.hear(message, this.moment.block, { genesis, hash });
    if (typeof after === "string") return after;
    this.registry = after;
    return undefined;
  };

  readonly applyEffects = (execution: RootExecution): void => {
    const { journal } = this;
    applyEffects(execution.events, {
      get cluster() {
        return journal.state.cluster!;
      },
      cache: this.cache,
      setHook: (contract, hook) => journal.setHook(contract, hook),
      setWeight: (contract, weight) => {
        this.reweighed = true;
        journal.setWeight(contract, weight);
      },
      setCluster: (cluster) => journal.setCluster(cluster),
      log: (contract, level, text) => execution.log(contract, level, text),
    });
  };

  /**
   * A fork of the state as it was before the block, which goes on.
   * @throws {EngineError} when what was changed cannot be read again; the block can go on all the same.
   */
  before(): State {
    if (this.#before !== undefined) return this.#before;
    const { state, root } = this.#ground;
    const before = state.fork();
    this.journal.takeBackOn(before);
    if (!sameBytes(before.root(), root)) {
      throw new EngineError("Internal", { what: "a block that was taken back left something behind" });
    }
    // What is noted so far belongs to records that are the fork's as well.
    this.journal = new Journal(state, true);
    this.#before = before;
    return before;
  }

  /**
   * To be called when everything else is to have its turn: what is noted, and what taking it back costs, stays bounded.
   * @throws {EngineError} as `before`.
   */
  pause(): void {
    if (this.#before === undefined && this.journal.mark() <= mostNoted) return;
    this.before();
    // No message is taken back any more but the next ones; the block as a whole falls back to the fork.
    this.journal = new Journal(this.#ground.state, true);
  }

  /** Gives up the block. @returns the state as it was before. */
  takeBack(): State {
    if (this.#before !== undefined) return this.#before.fork();
    this.journal.rollback(0);
    return this.#ground.state;
  }
}
