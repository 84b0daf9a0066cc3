/**
 * Checks signatures of extrinsics without holding up the process.
 *
 * Ed25519 is native and takes about 0.1 ms. Sr25519 is JavaScript and takes a millisecond or two, so checks stand in a
 * line and between two of them everything else has its turn. The curve is loaded when the first one comes.
 * @module
 */

import { verifyEd25519 } from "../../crypto/ed25519.ts";
import { EngineError } from "../../errors.ts";
import { toHex } from "../../wire/bytes.ts";
import { type Extrinsic, signingPayload } from "../../wire/extrinsic.ts";

let line: Promise<void> = Promise.resolve();

async function verify({ scheme, signer, signature }: Extrinsic, payload: Uint8Array): Promise<boolean> {
  if (scheme === "ed25519") return verifyEd25519(signer, payload, signature);
  const { verifySr25519 } = await import("../../crypto/sr25519.ts");
  const turn = line.then(
    () =>
      new Promise<void>((resolve) => {
        setImmediate(resolve);
      }),
  );
  line = turn;
  await turn;
  return verifySr25519(signer, payload, signature);
}

/**
 * Ends well when an extrinsic is signed by its signer, for this chain.
 * @throws {EngineError} `BadSignature`.
 */
export async function checkSignature(extrinsic: Extrinsic, genesisHash: Uint8Array): Promise<void> {
  const payload = signingPayload(genesisHash, extrinsic.nonce, extrinsic.call);
  if (!(await verify(extrinsic, payload))) {
    throw new EngineError("BadSignature", { scheme: extrinsic.scheme, account: toHex(extrinsic.signer) });
  }
}
