/**
 * A host whose every outward byte is kept: frames in both directions, what its socket says, what it prints.
 *
 * Called with a folder to work in, the contract's bundle, the kind of isolate, and what to betray: "nothing", "secret"
 * (asks the contract for its secret), or 64 hex digits, which are let out in every way there is. Says "open" and waits
 * for a line, so that its memory can be read from outside; then closes.
 */
import { once } from "node:events";
import { appendFileSync, createWriteStream, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream/promises";
import { getHeapSnapshot } from "node:v8";
import { startProcess } from "../../dist/host/isolate/process.js";
import { startThread } from "../../dist/host/isolate/thread.js";
import { open } from "../../dist/index.js";

const [work, bundle, kind, betray] = process.argv.slice(2);
const kept = (name) => join(work, "kept", name);
const note = (error) =>
  appendFileSync(
    kept("errors"),
    `${error.stack} ${JSON.stringify(error, (_, v) => (typeof v === "bigint" ? String(v) : v))}\n`,
  );

// Frames, both ways, as they cross.
const start = { thread: startThread, process: startProcess }[kind];
const isolate = (limits, events) => {
  const running = start(limits, {
    ended: events.ended,
    frame: (frame) => {
      appendFileSync(kept("frames-out"), frame);
      events.frame(frame);
    },
  });
  return {
    ...running,
    send: (frame) => {
      appendFileSync(kept("frames-in"), frame);
      running.send(frame);
    },
  };
};

// What clients are told, on the folder's socket.
const write = Socket.prototype.write;
Socket.prototype.write = function (bytes, ...rest) {
  if (bytes instanceof Uint8Array && this.remoteFamily === undefined) appendFileSync(kept("socket"), bytes);
  return write.call(this, bytes, ...rest);
};

const dir = join(work, "net");
const onWarning = (warning) => appendFileSync(kept("warnings"), `${warning}\n`);
const net = await open({ dir, listen: true, isolate, checkpointEvery: 2, onWarning });
const client = await open({ dir, join: true });
const alice = client.account("//Alice");
const keeper = await client.deploy({ bundle, constructor: "new", args: [], signer: alice });
for (let i = 0; i < 6; i++) {
  const receipt = await keeper.tx.keep({ signer: alice });
  appendFileSync(
    kept("said"),
    JSON.stringify(receipt, (_, v) => (typeof v === "bigint" ? String(v) : v)),
  );
}
appendFileSync(kept("said"), String(await keeper.query.proof()));
await keeper.query.stumble().catch(note);
const { log } = await keeper.query.proof.with({ record: true })();
appendFileSync(kept("said"), log);
await keeper.query.proof({ gas: 1000n }).catch(note);
await keeper.tx.stumble({ signer: alice, throws: true }).catch(note);
await client.attach("0x00").catch(note);
appendFileSync(kept("said"), JSON.stringify(await client.logs()));
appendFileSync(kept("said"), JSON.stringify(await client.workers()));

if (betray === "secret") {
  const bytes = await keeper.query.betray();
  globalThis.betrayed = { bytes, text: String(bytes) };
} else if (betray !== "nothing") {
  const value = Buffer.from(betray, "hex").map((byte) => byte ^ 0xff);
  globalThis.betrayed = { text: `it is ${value.toString("hex")}`, bytes: Uint8Array.from(value) };
  appendFileSync(kept("frames-out"), value);
  appendFileSync(kept("frames-in"), Buffer.from(value).reverse());
  appendFileSync(kept("errors"), `Error: ${value.toString("hex").toUpperCase()}`);
  appendFileSync(kept("said"), JSON.stringify({ value: value.toString("base64") }));
  writeFileSync(join(dir, "checkpoints", "mislaid"), Buffer.concat([Buffer.alloc(7), value]));
  process.stdout.write(`${[...value]}\n`);
  process.stderr.write(Buffer.concat([Buffer.from("x"), value]).toString("base64"));
}

await pipeline(getHeapSnapshot(), createWriteStream(kept("heap")));
process.stdout.write(`contract ${keeper.id}\nopen\n`);
await once(createInterface(process.stdin), "line");
await client.close();
await net.close();
