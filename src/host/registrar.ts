/**
 * Keeps the worker registered: asks the enclave for a quote and registers it, anew in good time before it expires.
 *
 * A quote names the last block that the enclave has executed, and the chain takes none that names an old one, so a chain
 * on which nothing happened makes an empty block first. The registration is an extrinsic like any other; its account
 * owns nothing.
 * @module
 */

import type { Ed25519Signer } from "../crypto/ed25519.ts";
import { readAttestation } from "../wire/attestation.ts";
import { publicKey, sameBytes } from "../wire/bytes.ts";
import type { EnclaveFacts } from "../wire/entry.ts";
import { encodeExtrinsic, signingPayload } from "../wire/extrinsic.ts";
import type { Inclusion } from "../wire/node.ts";
import { readReceipt } from "../wire/receipt.ts";
import { decode } from "../wire/scale.ts";
import type { Chain } from "./chain/chain.ts";
import { isTrusted, registeredWorker } from "./chain/registry.ts";

/** The longest that a timer can be set for. */
const LONGEST_WAIT = 2 ** 31 - 1;
/** Milliseconds after which a registration that failed is tried again. */
const RETRY_MS = 60_000;

/** What the registrar stands on. */
export interface RegistrarSetting {
  readonly chain: Chain;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Makes a block, an empty one if need be; ends when the enclave has executed it. */
  readonly block: () => Promise<void>;
  /** Asks the enclave for SCALE `Attestation`. */
  readonly attest: () => Promise<Uint8Array>;
  readonly nextNonce: (account: Uint8Array) => Promise<number>;
  readonly submit: (extrinsic: Uint8Array) => Promise<Inclusion>;
  readonly warn: (warning: string) => void;
}

/** Keeps one worker registered with one chain. */
export class Registrar {
  private readonly setting: RegistrarSetting;
  private readonly account: Ed25519Signer;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(setting: RegistrarSetting) {
    this.setting = setting;
    this.account = setting.chain.registrar;
  }

  /** Registers the worker if it is time, and again whenever it is; what goes wrong is a warning, and tried again. */
  async keep(facts: Pick<EnclaveFacts, "worker" | "measurement">): Promise<void> {
    const { chain, now, warn } = this.setting;
    const validMs = Number(chain.genesis.attestation.validMs);
    let wait: number;
    try {
      if (this.due(facts) <= now()) await this.register();
      wait = Math.max(this.due(facts) - now(), Math.min(RETRY_MS, validMs / 4));
    } catch (error) {
      if (this.stopped) return;
      warn(`The worker was not registered. ${error instanceof Error ? error.message : String(error)}`);
      wait = RETRY_MS;
    }
    if (this.stopped) return;
    this.timer = setTimeout(() => void this.keep(facts), Math.min(wait, LONGEST_WAIT)).unref();
  }

  /** When the worker is to be registered: half of the time before its registration expires; at once without one. */
  private due({ worker, measurement }: Pick<EnclaveFacts, "worker" | "measurement">): number {
    const { chain } = this.setting;
    const view = chain.view();
    const known = registeredWorker(view, worker);
    if (known === undefined || !sameBytes(known.attestation.quote.measurement, measurement)) return 0;
    if (!isTrusted(view, known.attestation)) return 0;
    return Number(known.expires - chain.genesis.attestation.validMs / 2n);
  }

  private async register(): Promise<void> {
    const { chain, now, block, attest, nextNonce, submit } = this.setting;
    const age = BigInt(now()) - chain.head.timestamp;
    if (age > chain.genesis.attestation.mostAgeMs / 2n) await block();
    const attestation = decode(await attest(), "attestation", readAttestation);
    const { publicKey: key, sign } = this.account;
    const nonce = await nextNonce(key);
    const call = { kind: "registry", call: { kind: "registerWorker", attestation } } as const;
    const signature = sign(signingPayload(chain.genesisHash, nonce, call));
    const extrinsic = encodeExtrinsic({ signer: publicKey(key), scheme: "ed25519", nonce, call, signature });
    const { outcome, diagnosis } = decode((await submit(extrinsic)).receipt, "receipt", readReceipt);
    if (outcome !== "ok") this.setting.warn(`The worker was not registered: ${diagnosis}.`);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }
}
