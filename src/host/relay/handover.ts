/**
 * Carries a handover between two enclaves: every byte of it is theirs, and none of it can be used by whoever carries it.
 * @module
 */

import { type EnclaveFacts, Entry, readEnclaveFacts } from "../../wire/entry.ts";
import { decode } from "../../wire/scale.ts";
import type { Chain } from "../chain/chain.ts";
import type { Enclave } from "../enclave.ts";

/** Blocks that are sent at once, at most. */
const BATCH = 64;
/** Bytes of them, at most, unless a single one is larger. */
const BATCH_BYTES = 8 * 1024 * 1024;
const nothing = new Uint8Array(0);

/**
 * Has one enclave hand its secrets over to another; the first one does nothing any more after that.
 * @param giver has the secrets, and stands at the head of the chain.
 * @param taker was opened to succeed.
 * @returns what the taker says of itself, with the secrets sealed to it.
 * @throws {EngineError} `HandoverRefused`, `QuoteForged`, `PlatformUnknown`, `MeasurementNotAllowed`, as either of them
 *   says.
 */
export async function handOver(
  giver: Pick<Enclave, "call">,
  taker: Pick<Enclave, "call">,
  chain: Pick<Chain, "final" | "relayed">,
): Promise<EnclaveFacts> {
  for (let next = 1; next <= chain.final; ) {
    const answers: Promise<unknown>[] = [];
    for (let bytes = 0; next <= chain.final && answers.length < BATCH && bytes < BATCH_BYTES; next++) {
      const block = chain.relayed(next);
      bytes += block.length;
      answers.push(taker.call(Entry.follow, block));
    }
    await Promise.all(answers);
  }
  const challenge = await giver.call(Entry.challenge, nothing);
  const request = await taker.call(Entry.ask, challenge);
  const answer = await giver.call(Entry.give, request);
  return decode(await taker.call(Entry.take, answer), "enclave facts", readEnclaveFacts);
}
