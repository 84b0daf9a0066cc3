/**
 * Accounts and signed extrinsics for tests of the node: the real signatures, nothing of the client.
 * @module
 */

import { blake2_256 } from "../../../src/crypto/hash.ts";
import { type KeyPair, keyPairFromUri } from "../../../src/crypto/secret-uri.ts";
import { type CodeHash, type ContractId, clusterNumber, contractId, publicKey } from "../../../src/wire/bytes.ts";
import { type Call, encodeExtrinsic, signingPayload } from "../../../src/wire/extrinsic.ts";
import type { Inclusion, NodeApi } from "../../../src/wire/node.ts";
import { type QueryAnswer, readAnswer, writeQuery } from "../../../src/wire/query.ts";
import { type Receipt, readReceipt } from "../../../src/wire/receipt.ts";
import { decode, encode } from "../../../src/wire/scale.ts";

export const cluster = clusterNumber(1);

/** A development account; ed25519 costs a tenth of sr25519. */
export function account(uri: string, scheme: "sr25519" | "ed25519" = "sr25519"): KeyPair {
  return keyPairFromUri(uri, scheme);
}

export function signed(pair: KeyPair, genesisHash: Uint8Array, nonce: number, call: Call): Uint8Array {
  const signature = pair.sign(signingPayload(genesisHash, nonce, call));
  return encodeExtrinsic({ signer: publicKey(pair.publicKey), scheme: pair.scheme, nonce, call, signature });
}

export function receiptOf(inclusion: Inclusion): Receipt {
  return decode(inclusion.receipt, "receipt", readReceipt);
}

export function hashOf(extrinsic: Uint8Array): Uint8Array {
  return blake2_256(extrinsic);
}

export function deposit(to: Uint8Array, amount: bigint): Call {
  return { kind: "cluster", event: { kind: "deposit", cluster, to: publicKey(to), amount } };
}

export function upload(code: Uint8Array): Call {
  return { kind: "cluster", event: { kind: "upload", cluster, determinism: "enforced", code } };
}

export function instantiate(codeHash: CodeHash, data: Uint8Array, salt = new Uint8Array(0)): Call {
  return {
    kind: "instantiate",
    op: { cluster, codeHash, data, salt, transfer: 0n, gasLimit: 1_000_000_000_000n, storageDepositLimit: undefined },
  };
}

/** A message to a contract; the nonce by which its receipt is told apart is the caller's. */
export function message(contract: ContractId, data: Uint8Array, nonce: Uint8Array): Call {
  const command = { nonce, message: data, transfer: 0n, gasLimit: 1_000_000_000_000n, storageDepositLimit: undefined };
  return { kind: "command", contract, payload: { kind: "plain", command } };
}

/** Asks a contract's message. */
export async function ask(
  node: NodeApi,
  contract: ContractId,
  payload: Uint8Array,
  origin: Uint8Array,
): Promise<QueryAnswer> {
  const request = encode(
    {
      origin: publicKey(origin),
      contract,
      deposit: 0n,
      transfer: 0n,
      gasLimit: undefined,
      body: { kind: "message", payload, estimating: false },
    } as const,
    writeQuery,
  );
  return decode(await node.query(request), "answer", readAnswer);
}

/** Uploads and instantiates; the contract's id. */
export async function deployed(
  node: NodeApi,
  pair: KeyPair,
  code: Uint8Array,
  data: Uint8Array,
  salt?: Uint8Array<ArrayBuffer>,
): Promise<ContractId> {
  const { genesisHash } = await node.facts();
  const nonce = await node.nextNonce(pair.publicKey);
  const hash = blake2_256(code) as CodeHash;
  const [uploaded, made] = await Promise.all([
    node.submit(signed(pair, genesisHash, nonce, upload(code))),
    node.submit(signed(pair, genesisHash, nonce + 1, instantiate(hash, data, salt))),
  ]);
  for (const inclusion of [uploaded, made]) {
    const { outcome, diagnosis } = receiptOf(inclusion);
    if (outcome !== "ok") throw new TypeError(`deployment ended ${outcome}: ${diagnosis}`);
  }
  return contractId(receiptOf(made).contract as ContractId);
}
