/**
 * Keeps the worker registered: asks the enclave for a quote and registers it, anew in good time before it expires.
 *
 * A quote names the last block that the enclave has executed, and the chain takes none that names an old one, so a chain
 * on which nothing happened makes an empty block first. The registration is an extrinsic like any other; its account
 * owns nothing.
 * @module
 */

import { blake2_256 } from "../crypto/hash.ts";
import { type Attestation, readAttestation } from "../wire/attestation.ts";
import { publicKey, sameBytes } from "../wire/bytes.ts";
import type { EnclaveFacts } from "../wire/entry.ts";
import { decodeExtrinsic, encodeExtrinsic, signingPayload } from "../wire/extrinsic.ts";
import type { Inclusion } from "../wire/node.ts";
import { readReceipt } from "../wire/receipt.ts";
import { decode } from "../wire/scale.ts";
import type { Chain } from "./chain/chain.ts";
import { isTrusted, registeredWorker } from "./chain/registry.ts";

/** The longest that a timer can be set for. */
const LONGEST_WAIT = 2 ** 31 - 1;
/** Milliseconds after which a registration that failed is tried again. */
const RETRY_MS = 60_000;

/** The extrinsic that registers a worker by its attestation. */
function registration(chain: Chain, nonce: number, attestation: Attestation): Uint8Array {
  const { publicKey: key, sign } = chain.registrar;
  const call = { kind: "registry", call: { kind: "registerWorker", attestation } } as const;
  const signature = sign(signingPayload(chain.genesisHash, nonce, call));
  return encodeExtrinsic({ signer: publicKey(key), scheme: "ed25519", nonce, call, signature });
}

/** Whether the chain would soon take no quote any more that names its newest block. */
function isStale(chain: Chain, now: number): boolean {
  return BigInt(now) - chain.head.timestamp > chain.genesis.attestation.mostAgeMs / 2n;
}

/**
 * Registers the enclave that has the secrets, if the chain knows the worker by another: one that took them over and was
 * killed before it was registered. Ends when it is on disk.
 * @param attest brings the enclave to the head of the chain and asks it for an attestation.
 */
export async function registerHolder(chain: Chain, attest: () => Promise<Attestation>, now: number): Promise<void> {
  let attestation = await attest();
  const known = registeredWorker(chain.view(), attestation.registration.worker);
  if (known !== undefined && sameBytes(known.attestation.quote.measurement, attestation.quote.measurement)) return;
  if (isStale(chain, now)) {
    await chain.append([], now).flushed;
    attestation = await attest();
  }
  const { nonce } = chain.view().account(chain.registrar.publicKey);
  const bytes = registration(chain, nonce, attestation);
  await chain.append([{ extrinsic: decodeExtrinsic(bytes), bytes, hash: blake2_256(bytes) }], now).flushed;
}

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
  private readonly account: Uint8Array;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(setting: RegistrarSetting) {
    this.setting = setting;
    this.account = setting.chain.registrar.publicKey;
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
    if (isStale(chain, now())) await block();
    const attestation = decode(await attest(), "attestation", readAttestation);
    const extrinsic = registration(chain, await nextNonce(this.account), attestation);
    const { outcome, diagnosis } = decode((await submit(extrinsic)).receipt, "receipt", readReceipt);
    if (outcome !== "ok") this.setting.warn(`The worker was not registered: ${diagnosis}.`);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }
}
