/**
 * Signs calls and sends them: one nonce after the other for each account, however many calls wait at once.
 * @module
 */

import { PhatError } from "../errors.ts";
import { type PublicKey, toHex } from "../wire/bytes.ts";
import { type Call, encodeExtrinsic, signingPayload } from "../wire/extrinsic.ts";
import type { Inclusion, NodeApi } from "../wire/node.ts";
import type { Account } from "./account.ts";

/** How many extrinsics of an account are under way at once: nodes hold few that wait for an earlier one to arrive. */
const mostUnderWay = 100;
/** How often a nonce that another process used up is replaced by the next. */
const mostRetries = 5;

/** Sends signed calls to one node. */
export class Sender {
  private readonly node: NodeApi;
  private readonly genesisHash: Uint8Array;
  /** The next nonce of each account that has sent, or is about to. */
  private readonly nonces = new Map<string, Promise<number>>();
  private readonly lanes = new Map<string, Lane>();

  constructor(node: NodeApi, genesisHash: Uint8Array) {
    this.node = node;
    this.genesisHash = genesisHash;
  }

  /**
   * Signs a call and waits for the block that includes it.
   *
   * @param make the call, for the nonce that it is sent with.
   * @throws {EngineError} what the node says, or the signal's reason.
   */
  async send(signer: Account, make: (nonce: number) => Call, signal?: AbortSignal): Promise<Inclusion> {
    const key = toHex(signer.publicKey);
    let lane = this.lanes.get(key);
    if (lane === undefined) this.lanes.set(key, (lane = new Lane()));
    await lane.enter();
    try {
      return await this.sendNow(signer, make, signal);
    } finally {
      if (lane.leave()) this.lanes.delete(key);
    }
  }

  private async sendNow(
    signer: Account,
    make: (nonce: number) => Call,
    signal: AbortSignal | undefined,
  ): Promise<Inclusion> {
    for (let attempt = 0; ; attempt++) {
      signal?.throwIfAborted();
      const nonce = await this.takeNonce(signer);
      const call = make(nonce);
      const signature = signer.sign(signingPayload(this.genesisHash, nonce, call));
      const { scheme, publicKey } = signer;
      const extrinsic = encodeExtrinsic({ scheme, signer: publicKey as PublicKey, nonce, call, signature });
      try {
        return await this.node.submit(extrinsic, signal);
      } catch (error) {
        // Whatever went wrong, the node knows best where this account stands now.
        this.nonces.delete(signer.id);
        const stale = error instanceof PhatError && error.code === "BadNonce";
        if (!stale || attempt === mostRetries) throw error;
      }
    }
  }

  private async takeNonce(signer: Account): Promise<number> {
    const key = toHex(signer.publicKey);
    const next = this.nonces.get(key) ?? this.node.nextNonce(signer.publicKey);
    // The claim is made at once, so that the next caller waits for this one's number and takes the one after it.
    const after = next.then((nonce) => nonce + 1);
    after.catch(() => {});
    this.nonces.set(key, after);
    try {
      return await next;
    } catch (error) {
      this.nonces.delete(key);
      throw error;
    }
  }
}

/** Lets a bounded number through at once, in the order they came. */
class Lane {
  private inside = 0;
  private readonly waiting: (() => void)[] = [];

  async enter(): Promise<void> {
    if (this.inside < mostUnderWay) {
      this.inside++;
      return;
    }
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  /** @returns whether nobody is left. */
  leave(): boolean {
    const next = this.waiting.shift();
    if (next === undefined) this.inside--;
    else next();
    return this.inside === 0;
  }
}
