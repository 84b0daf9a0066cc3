/**
 * A process that is meant to be killed: opens a folder, deploys the counter, sends increments, and says which receipts
 * it was given, each in one synchronous write, so that what it said is what it knew.
 *
 * Called with: folder, number of increments (0 = without end), code file, constructor, increment selector (hex), blocks between checkpoints;
 * and then, where the counter is deployed already: clients at once, its id, and how often it was incremented.
 */
import { readFileSync, writeSync } from "node:fs";
import { blake2_256 } from "../../dist/crypto/hash.js";
import { keyPairFromUri } from "../../dist/crypto/secret-uri.js";
import { openNode } from "../../dist/host/node.js";
import { clusterNumber, contractId, fromHex, toHex } from "../../dist/wire/bytes.js";
import { encodeExtrinsic, signingPayload } from "../../dist/wire/extrinsic.js";
import { readReceipt } from "../../dist/wire/receipt.js";
import { decode } from "../../dist/wire/scale.js";

const [dir, count, codeFile, constructorData, increment, checkpointEvery, clients = "16", known, done = "0"] =
  process.argv.slice(2);
const say = (line) => writeSync(1, `${line}\n`);
const pair = keyPairFromUri("//Alice", "ed25519");
const cluster = clusterNumber(1);
const gas = { transfer: 0n, gasLimit: 1_000_000_000_000n, storageDepositLimit: undefined };

say("started");
const node = await openNode({ dir, checkpointEvery: Number(checkpointEvery) });
say("open");
const { genesisHash } = await node.facts();
const send = (nonce, call) => {
  const signature = pair.sign(signingPayload(genesisHash, nonce, call));
  return node.submit(encodeExtrinsic({ signer: pair.publicKey, scheme: "ed25519", nonce, call, signature }));
};

async function deployed() {
  const code = new Uint8Array(readFileSync(codeFile));
  // The account of this key owns nothing: //Alice's sr25519 account pays it in.
  const bank = keyPairFromUri("//Alice");
  const funding = { kind: "cluster", event: { kind: "deposit", cluster, to: pair.publicKey, amount: 10n ** 17n } };
  const signature = bank.sign(signingPayload(genesisHash, 0, funding));
  await node.submit(encodeExtrinsic({ signer: bank.publicKey, scheme: "sr25519", nonce: 0, call: funding, signature }));
  await send(0, { kind: "cluster", event: { kind: "upload", cluster, determinism: "enforced", code } });
  const made = await send(1, {
    kind: "instantiate",
    op: { cluster, codeHash: blake2_256(code), data: fromHex(constructorData), salt: new Uint8Array(0), ...gas },
  });
  const { contract, outcome, diagnosis } = decode(made.receipt, "receipt", readReceipt);
  return contract === undefined ? `${outcome}: ${diagnosis}` : toHex(contract);
}

const contract = known ?? (await deployed());
say(`contract ${contract}`);

const message = fromHex(increment);
let next = Number(done);
async function client() {
  while (count === "0" || next < Number(done) + Number(count)) {
    const i = next++;
    const command = { nonce: Uint8Array.of(i & 255, i >> 8), message, ...gas };
    const { block, index, receipt } = await send(i + 2, {
      kind: "command",
      contract: contractId(contract),
      payload: { kind: "plain", command },
    });
    say(`receipt ${i} ${block} ${index} ${toHex(receipt)}`);
  }
}
await Promise.all(Array.from({ length: Number(clients) }, client));
say("closing");
await node.close();
say("closed");
