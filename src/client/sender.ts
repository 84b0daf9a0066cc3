/**
 * Signs calls and sends them: one nonce after the other for each account, however many calls wait at once.
 * @module
 */

import { PhatError } from "../errors.ts";
import { type PublicKey, toHex } from "../wire/bytes.ts";
import { type Call, encodeExtrinsic, signingPayload } from "../wire/extrinsic.ts";
import type { Inclusion, NodeApi } from "../wire/node.ts";
import type { Account } from "./account.ts";

/** How often a nonce that another process used up is replaced by the next. */
const mostRetries = 5;

/** Sends signed calls to one node. */
export class Sender {
  private readonly node: NodeApi;
  private readonly genesisHash: Uint8Array;
  /** The next nonce of each account that has sent, or is about to. */
  private readonly nonces = new Map<string, Promise<number>>();

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
