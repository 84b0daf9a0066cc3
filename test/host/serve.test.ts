import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectNode, openNode } from "../../src/host/node.ts";
import { reachOwner } from "../../src/host/owner.ts";
import { events, methods } from "../../src/wire/api.ts";
import { decodeError } from "../../src/wire/error.ts";
import { Answer, type FrameMessage, FrameStream, FrameWriter } from "../../src/wire/frame.ts";
import type { NodeApi, NodeEvents } from "../../src/wire/node.ts";
import { encode } from "../../src/wire/scale.ts";
import { random } from "../faults/promise.ts";
import { account, ask, deployed, deposit, hashOf, message, receiptOf, signed } from "./support/extrinsics.ts";
import { data, fixture } from "./support/fixtures.ts";

const alice = account("//Alice");
const bob = account("//Bob", "ed25519");
const flipper = fixture("flipper");
const hostModule = pathToFileURL(join(import.meta.dirname, "../../dist/host/node.js")).href;

let dir: string;
let owner: NodeApi;
const nodes: NodeApi[] = [];
const children: ChildProcess[] = [];
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "phatvm-serve-"));
  owner = await openNode({ dir, listen: true });
  nodes.push(owner);
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await Promise.allSettled(nodes.splice(0).map((node) => node.close()));
  rmSync(dir, { recursive: true, force: true });
});

async function joined(): Promise<NodeApi> {
  const node = await connectNode(dir);
  if (node === undefined) throw new TypeError("nobody owns the folder");
  nodes.push(node);
  return node;
}

/** A connection that speaks for itself, past the owner's first words. */
async function raw(): Promise<{ socket: Socket; next: () => Promise<FrameMessage | undefined> }> {
  const found = await reachOwner(dir, 60_000);
  const socket = found!.socket;
  const stream = new FrameStream(2 ** 24);
  const read: FrameMessage[] = [];
  const waiting: ((message: FrameMessage | undefined) => void)[] = [];
  let ended = false;
  socket.on("data", (chunk) => {
    for (const one of stream.push(chunk)) {
      const waiter = waiting.shift();
      if (waiter === undefined) read.push(one);
      else waiter(one);
    }
  });
  socket.once("close", () => {
    ended = true;
    for (const waiter of waiting.splice(0)) waiter(undefined);
  });
  const next = (): Promise<FrameMessage | undefined> =>
    new Promise((resolve) => {
      if (read.length > 0 || ended) resolve(read.shift());
      else waiting.push(resolve);
    });
  socket.resume();
  return { socket, next };
}

/** A second process that runs a program with `node` connected, and sends what `say` is called with. */
function another(program: string): { child: ChildProcess; said: (word: string) => Promise<unknown> } {
  const child = spawn(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      `import { connectNode, openNode } from ${JSON.stringify(hostModule)};
       const dir = ${JSON.stringify(dir)};
       const say = (word, value) => process.send({ word, value });
       ${program}`,
    ],
    { stdio: ["ignore", "inherit", "inherit", "ipc"], serialization: "advanced" },
  );
  children.push(child);
  const heard = new Map<string, unknown>();
  const waiting = new Map<string, (value: unknown) => void>();
  child.on("message", (said: { word: string; value: unknown }) => {
    heard.set(said.word, said.value);
    waiting.get(said.word)?.(said.value);
  });
  return {
    child,
    said: (word) =>
      new Promise((resolve) => {
        if (heard.has(word)) resolve(heard.get(word));
        else waiting.set(word, resolve);
      }),
  };
}

describe("a node that listens", () => {
  it("does for another process all that it does for its own", async () => {
    const node = await joined();
    const facts = await node.facts();
    expect(facts).toEqual(await owner.facts());
    const contract = await deployed(node, alice, flipper.code, data(flipper.selector("new"), 1));
    const flip = signed(alice, facts.genesisHash, 2, message(contract, flipper.selector("flip"), Uint8Array.of(1)));
    const inclusion = await node.submit(flip);
    expect(receiptOf(inclusion).outcome).toBe("ok");
    expect(await owner.inclusion(hashOf(flip))).toEqual(inclusion);
    expect(await node.inclusion(hashOf(flip))).toEqual(inclusion);
    expect(await node.inclusion(new Uint8Array(32))).toBeUndefined();
    const { result } = await ask(node, contract, flipper.selector("get"), bob.publicKey);
    expect(result).toMatchObject({ ok: true, data: Uint8Array.of(0, 0) });
    expect(await node.codeExists(hashOf(flipper.code))).toBe(true);
    expect(await node.contractCode(contract)).toEqual(hashOf(flipper.code));
    expect(await node.contractCode(new Uint8Array(32))).toBeUndefined();
    expect(await node.nextNonce(alice.publicKey)).toBe(3);
    expect(await node.balance(alice.publicKey)).toEqual(await owner.balance(alice.publicKey));
    await node.putMetadata(hashOf(flipper.code), '{"ö":1}');
    expect(await node.metadata(hashOf(flipper.code))).toBe('{"ö":1}');
    expect(await node.metadata(new Uint8Array(32))).toBeUndefined();
    expect(await node.logs(0, 10)).toEqual(await owner.logs(0, 10));
  });

  it("gives another process its typed errors", async () => {
    const node = await joined();
    const { genesisHash } = await node.facts();
    const poor = account("//Nobody", "ed25519");
    await expect(node.submit(signed(poor, genesisHash, 0, deposit(bob.publicKey, 5n)))).rejects.toMatchObject({
      name: "EngineError",
      code: "InsufficientBalance",
      facts: { free: 0n, needed: 5n },
    });
    await expect(node.submit(signed(bob, new Uint8Array(32), 0, deposit(bob.publicKey, 0n)))).rejects.toMatchObject({
      code: "BadSignature",
    });
    await expect(node.submit(Uint8Array.of(1, 2, 3))).rejects.toMatchObject({ code: "Undecodable" });
    await expect(node.submit(new Uint8Array(3_000_000))).rejects.toMatchObject({ code: "ExtrinsicTooLarge" });
    await expect(node.query(new Uint8Array(5))).rejects.toMatchObject({ code: "Undecodable" });
  });

  it("tells several listeners of its events, until they have heard enough", async () => {
    const [one, two] = [await joined(), await joined()];
    const heard: [string, NodeEvents["block"]][] = [];
    const end = one.on("block", (block) => heard.push(["one", block]));
    const receipt = new Promise<Uint8Array>((resolve) => two.on("receipt", ({ receipt: bytes }) => resolve(bytes)));
    const { genesisHash } = await one.facts();
    await two.facts();
    const inclusion = await owner.submit(signed(bob, genesisHash, 0, deposit(bob.publicKey, 0n)));
    expect(await receipt).toEqual(inclusion.receipt);
    await one.facts();
    expect(heard).toMatchObject([["one", { number: inclusion.block, extrinsics: 1 }]]);
    end();
    await one.facts();
    await owner.submit(signed(bob, genesisHash, 1, deposit(bob.publicKey, 0n)));
    await one.facts();
    expect(heard).toHaveLength(1);
  });

  it("gives up a call that its caller gives up, and what was ordered stays ordered", async () => {
    const node = await joined();
    const { genesisHash } = await node.facts();
    // Nonce 1 waits for nonce 0.
    const later = signed(bob, genesisHash, 1, deposit(bob.publicKey, 0n));
    const control = new AbortController();
    const waiting = node.submit(later, control.signal);
    setTimeout(() => control.abort(new RangeError("enough")), 20);
    await expect(waiting).rejects.toThrow("enough");
    await node.submit(signed(bob, genesisHash, 0, deposit(bob.publicKey, 0n)));
    expect(receiptOf(await node.submit(later)).outcome).toBe("ok");
    await expect(node.query(new Uint8Array(0), AbortSignal.abort(new RangeError("no")))).rejects.toThrow("no");
  });

  it("serves a real second process, and survives its being killed in the middle", async () => {
    const { genesisHash } = await owner.facts();
    const order = signed(bob, genesisHash, 0, deposit(bob.publicKey, 0n));
    const waits = signed(bob, genesisHash, 2, deposit(bob.publicKey, 0n));
    const { child, said } = another(`
      const node = await connectNode(dir);
      const { block } = await node.submit(Uint8Array.from(${JSON.stringify([...order])}));
      node.on("block", () => {});
      say("included", block);
      node.submit(Uint8Array.from(${JSON.stringify([...waits])})).catch(() => {});
      await node.facts();
      say("waiting");
    `);
    expect(await said("included")).toBe((await owner.inclusion(hashOf(order)))?.block);
    await said("waiting");
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
    await owner.submit(signed(bob, genesisHash, 1, deposit(bob.publicKey, 0n)));
    // What the dead one had ordered was carried out.
    expect(receiptOf(await owner.submit(waits)).outcome).toBe("ok");
  });

  it("refuses a second owner, and names the way out", async () => {
    const { said } = another(`
      await openNode({ dir }).catch((error) => say("refused", [error.code, error.message]));
    `);
    const [code, text] = (await said("refused")) as [string, string];
    expect(code).toBe("FolderInUse");
    expect(text).toContain(String(process.pid));
    expect(text).toContain("phatvm");
  });

  it("tells its clients when it ends", async () => {
    const node = await joined();
    await node.facts();
    const { genesisHash } = await node.facts();
    const waiting = node.submit(signed(bob, genesisHash, 5, deposit(bob.publicKey, 0n)));
    const refused = expect(waiting).rejects.toMatchObject({
      code: expect.stringMatching(/^(ConnectionLost|NodeClosed)$/),
    });
    await owner.close();
    await refused;
    await expect(node.facts()).rejects.toMatchObject({ code: "ConnectionLost" });
    expect(await connectNode(dir)).toBeUndefined();
  });
});

describe("a client that means harm", () => {
  it("gets an error for what cannot be read, and the end of its connection, and hurts nobody", async () => {
    const good = await joined();
    const next = random(5);
    for (const junk of [
      Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1),
      Uint8Array.of(1, 0, 0, 0),
      new Uint8Array(64),
      Uint8Array.from({ length: 5000 }, () => next() * 256),
    ]) {
      const { socket, next: heard } = await raw();
      socket.write(junk);
      const answer = await heard();
      expect(answer).toMatchObject({ kind: Answer.error, request: 0 });
      expect(decodeError(answer!.body).code).toBe("Undecodable");
      expect(await heard()).toBeUndefined();
    }
    expect(await good.facts()).toEqual(await owner.facts());
  });

  it("gets an error for each call that is none, and may go on", async () => {
    const { socket, next: heard } = await raw();
    const calls = new FrameWriter()
      .add(200, 1, new Uint8Array(0))
      .add(methods.nextNonce.number, 2, new Uint8Array(31))
      .add(
        methods.listen.number,
        3,
        encode(99, (w, n) => w.u32(n)),
      )
      .add(
        methods.cancel.number,
        4,
        encode(12345, (w, n) => w.u32(n)),
      )
      .add(methods.facts.number, 5, new Uint8Array(0));
    socket.write(calls.take());
    const answers = new Map<number, FrameMessage>();
    while (answers.size < 5) {
      const answer = (await heard()) as FrameMessage;
      answers.set(answer.request, answer);
    }
    expect([1, 2, 3].map((n) => decodeError(answers.get(n)!.body).code)).toEqual([
      "EntryUnknown",
      "Undecodable",
      "EntryUnknown",
    ]);
    expect([4, 5].map((n) => answers.get(n)!.kind)).toEqual([Answer.ok, Answer.ok]);
    socket.destroy();
  });

  it("that asks for much and reads nothing is cut off, while others are served", async () => {
    const big = "x".repeat(4_000_000);
    await owner.putMetadata(hashOf(flipper.code), big);
    const { socket } = await raw();
    socket.removeAllListeners("data");
    socket.pause();
    const closed = new Promise((resolve) => socket.once("close", resolve));
    const greedy = new FrameWriter();
    for (let n = 1; n <= 24; n++) greedy.add(methods.metadata.number, n, hashOf(flipper.code));
    socket.write(greedy.take());
    const good = await joined();
    for (let n = 0; n < 3; n++) expect((await good.metadata(hashOf(flipper.code)))?.length).toBe(big.length);
    socket.resume();
    await closed;
  });

  it("that leaves while events are on their way is forgotten", async () => {
    const { socket, next: heard } = await raw();
    const listen = new FrameWriter();
    for (const { number } of Object.values(events)) {
      listen.add(
        methods.listen.number,
        number,
        encode(number, (w, n) => w.u32(n)),
      );
    }
    socket.write(listen.take());
    for (let n = 0; n < 3; n++) await heard();
    const { genesisHash } = await owner.facts();
    const calls = Array.from({ length: 20 }, (_, n) =>
      owner.submit(signed(bob, genesisHash, n, deposit(bob.publicKey, 0n))),
    );
    socket.destroy();
    await Promise.all(calls);
    expect(await (await joined()).nextNonce(bob.publicKey)).toBe(20);
  });
});

describe("a node that does not listen", () => {
  it("says so to whoever connects", async () => {
    await owner.close();
    nodes.push(await openNode({ dir }));
    await expect(connectNode(dir)).rejects.toMatchObject({
      code: "FolderInUse",
      facts: { serving: false, pid: process.pid },
    });
  });
});
