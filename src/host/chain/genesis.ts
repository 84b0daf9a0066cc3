/**
 * How the embedded network's chain begins: its genesis, the key of its authority, and the messages of its first block.
 *
 * The authority's secret is made at random and lies in the node's store, in the clear. It is the embedded network's: who
 * holds the folder can make any block final. What the enclave keeps secret does not depend on it.
 * @module
 */

import { randomBytes } from "node:crypto";
import { ed25519Signer } from "../../crypto/ed25519.ts";
import type { AttestationTerms, Genesis } from "../../wire/block.ts";
import { type AccountId, accountId, type ClusterId, clusterNumber } from "../../wire/bytes.ts";
import { clusterMessage, type Message, type MessageOrigin } from "../../wire/message.ts";
import type { NodeOptions } from "../options.ts";

/** Substrate's development accounts: the sr25519 keys of //Alice … //Ferdie under the development phrase. */
export const developmentAccounts: readonly { readonly name: string; readonly id: AccountId }[] = (
  [
    ["//Alice", "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d"],
    ["//Bob", "8eaf04151687736326c9fea17e25fc5287613693c912909cb226aa4794f26a48"],
    ["//Charlie", "90b5ab205c6974c9ea841be688864633dc9ca8a357843eeacf2314649965fe22"],
    ["//Dave", "306721211d5404bd9da88e0204360a1a9ab8b87c66c1bc2fcdd37f3c2222cc20"],
    ["//Eve", "e659a7a1628cdd93febc04a4e0646ea20e9f5f0ce097d9a05290d4a9e054df4e"],
    ["//Ferdie", "1cbd2d43530a44705ad088af313e18f80b53ef16b36177cd4b77b846f2a5f07c"],
  ] as const
).map(([name, hex]) => ({ name, id: accountId(hex) }));

/** The one cluster of an embedded network. */
export const embeddedCluster: ClusterId = clusterNumber(1);

/** The chain itself, as the sender of a message. */
export const chainOrigin: MessageOrigin = { kind: "pallet", name: new TextEncoder().encode("PhalaPhatContracts") };

/** Smallest units that each development account has, on the chain and in the cluster, unless told otherwise. */
const ENDOWMENT = 10n ** 18n;

/** The embedded network proves nothing to anybody else, and says so. Upstream takes reports of at most two hours. */
const attestation: AttestationTerms = {
  simulated: true,
  validMs: 7n * 24n * 3_600_000n,
  mostAgeMs: 2n * 3_600_000n,
};

/** A new chain. */
export interface Birth {
  readonly genesis: Genesis;
  /** Secret of the authority: 32 bytes. */
  readonly authority: Uint8Array;
  /** The messages of block 1: the cluster, and what the development accounts have in it. */
  readonly messages: readonly Message[];
}

/**
 * Makes a new chain.
 * @param now milliseconds since 1970.
 */
export function newGenesis(options: NodeOptions, now: number): Birth {
  const authority = new Uint8Array(randomBytes(32));
  const governor = developmentAccounts[0]!.id;
  const amount = options.endowment ?? ENDOWMENT;
  const terms = options.cluster ?? {};
  return {
    genesis: {
      name: options.name ?? "phatvm embedded",
      authority: ed25519Signer(authority).publicKey,
      governor,
      timestamp: BigInt(now),
      endowed: developmentAccounts.map(({ id }) => ({ account: id, amount })),
      attestation,
      seed: new Uint8Array(randomBytes(32)),
    },
    authority,
    messages: [
      clusterMessage(chainOrigin, {
        kind: "deploy",
        cluster: embeddedCluster,
        owner: governor,
        treasury: accountId(new TextEncoder().encode("phatvm/embedded/cluster/treasury")),
        gasPrice: terms.gasPrice ?? 1n,
        depositPerItem: terms.depositPerItem ?? 1n,
        depositPerByte: terms.depositPerByte ?? 1n,
        profile: terms.profile ?? "deterministic",
        systemCode: terms.systemCode,
      }),
      ...developmentAccounts.map(({ id }) =>
        clusterMessage(chainOrigin, { kind: "deposit", cluster: embeddedCluster, to: id, amount }),
      ),
    ],
  };
}
