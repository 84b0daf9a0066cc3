/**
 * Follows a chain for its registry alone: every block is verified, none is executed.
 *
 * That is how an enclave that has no secrets yet, and so cannot execute anything, comes to know whom the chain trusts
 * without taking the host's word for it.
 * @module
 */

import type { RelayedBlock } from "../../wire/block.ts";
import { registryTopic } from "../../wire/registry.ts";
import { Registry, type RegistryChain } from "./registry.ts";
import { type Tip, verifyBlock } from "./verify.ts";

/** A chain's registry, followed from the genesis on. */
export class Follower {
  readonly #chain: RegistryChain;
  #tip: Tip;
  #registry = Registry.empty;

  constructor(chain: RegistryChain) {
    this.#chain = chain;
    this.#tip = { number: 0, hash: chain.hash, timestamp: chain.genesis.timestamp };
  }

  /** The last block that was followed. */
  get tip(): Tip {
    return this.#tip;
  }

  /** The registry after it. */
  get registry(): Registry {
    return this.#registry;
  }

  /**
   * Follows the next block.
   * @throws {EngineError} `BlockRefused`; then nothing changed.
   */
  follow(block: RelayedBlock): void {
    const hash = verifyBlock(block, this.#tip, this.#chain.genesis.authority);
    const { number, timestamp } = block.header;
    for (const message of block.messages) {
      if (message.destination !== registryTopic) continue;
      const after = this.#registry.hear(message, number, this.#chain);
      if (typeof after !== "string") this.#registry = after;
    }
    this.#tip = { number, hash, timestamp };
  }
}
