/** Blocks: a hostile relay changes nothing, and one chain of blocks gives one state. */

import { beforeEach, describe, expect, it } from "vitest";
import { ed25519Signer, verifyEd25519 } from "../../src/crypto/ed25519.ts";
import { blake2_256 } from "../../src/crypto/hash.ts";
import { keysFromRoot } from "../../src/enclave/keys/from-root.ts";
import {
  decodeRelayedBlock,
  finalityMessage,
  type RelayedBlock,
  writeGenesis,
  writeHeader,
  writeRelayedBlock,
} from "../../src/wire/block.ts";
import { blockHash } from "../../src/wire/bytes.ts";
import { clusterMessage, commandTopic, type Message } from "../../src/wire/message.ts";
import { receiptCore, sealMessage } from "../../src/wire/receipt.ts";
import { encode } from "../../src/wire/scale.ts";
import { act, actor } from "../contract/actor.ts";
import { alice, bob, cluster, command, genesis, Network, pallet, selectors, toText, wat } from "./network.ts";
import { restarted, resumed, saved } from "./saving.ts";

let network: Network;
let contract: ReturnType<typeof actor>;
beforeEach(() => {
  network = Network.start();
  contract = actor(network);
});

/** Feeds a block and expects it to be refused, with nothing changed. */
function refused(block: RelayedBlock, reason: string): void {
  const before = saved(network.runtime);
  expect(() => network.runtime.dispatch(block)).toThrow(reason);
  expect(saved(network.runtime)).toEqual(before);
}

const write = (value: number): Message => command(contract, Uint8Array.from([...act.set(1, value), ...act.ok()]));

describe("a block", () => {
  it("of the wrong number, parent or time is refused", () => {
    const { height } = network.runtime;
    refused(network.make([], { number: height }), `the next block is ${height + 1}`);
    refused(network.make([], { number: height + 2 }), "the next block is");
    refused(network.make([], { parent: blockHash(new Uint8Array(32)) }), "its parent is");
    refused(network.make([], { timestamp: network.timestamp - 1n }), "its time is before its parent's");
  });

  it("that the authority has not signed is refused", () => {
    const block = network.make([write(1)]);
    const forged = ed25519Signer(new Uint8Array(32).fill(1));
    const hash = blockHash(blake2_256(encode(block.header, writeHeader)));
    refused({ ...block, justification: { signature: forged.sign(finalityMessage(hash)) } }, "has not signed");
    refused({ ...block, justification: { signature: new Uint8Array(64) } }, "has not signed");
    const extrinsicsRoot = new Uint8Array(32).fill(1);
    refused({ ...block, header: { ...block.header, extrinsicsRoot } }, "has not signed");
  });

  it("with a message more, less, changed or in another order is refused", () => {
    const block = network.make([write(1), write(2)]);
    const { messages } = block;
    for (const other of [
      [...messages, write(3)],
      messages.slice(1),
      [messages[1]!, messages[0]!],
      [write(1), write(3)],
      [],
    ]) {
      refused({ ...block, messages: other }, "its messages are not those of its header");
      const bytes = encode({ ...block, messages: other }, writeRelayedBlock);
      refused(decodeRelayedBlock(bytes), "its messages are not those of its header");
    }
    expect(network.runtime.dispatch(block).sealed.receipts).toHaveLength(2);
  });

  it("is executed once: the same block again is refused", () => {
    const block = network.make([write(1)]);
    network.runtime.dispatch(block);
    refused(block, "the next block is");
  });

  it("with messages that cannot be read gives a refused receipt for each, and runs the others", () => {
    const account = { kind: "account", id: alice } as const;
    const bad = (destination: string, payload: number[] = []): Message => ({
      sender: account,
      destination,
      payload: Uint8Array.from(payload),
    });
    const topic = commandTopic(contract);
    const receipts = network.block([
      bad("nobody"),
      bad(""),
      bad("phala/contract/zz/command"),
      bad(topic),
      bad(topic, [7]),
      bad(topic, [0, 1]),
      bad(topic, [...command(contract, act.ok([1, 2, 3])).payload, 0]),
      bad("phala/contract/op", [1, 2, 3]),
      bad("phala/cluster/event", [9]),
      command(contract, Uint8Array.of(0, 1, 2)),
      command(contract, new Uint8Array(0)),
      { ...command(contract, act.ok([1, 2, 3])), sender: { kind: "gatekeeper" } },
      { ...command(contract, act.ok([1, 2, 3])), sender: { kind: "contract", id: contract } },
      { ...command(contract, act.ok([1, 2, 3])), sender: pallet },
      command(contract, act.ok([1, 2, 3])),
    ]);
    expect(receipts.map(({ outcome }) => outcome)).toEqual([...new Array(14).fill("refused"), "ok"]);
    expect(receipts.map(({ index }) => index)).toEqual([...receipts.keys()]);
    for (const receipt of receipts.slice(0, 14)) expect(receipt.diagnosis, String(receipt.index)).not.toBe("");
  });

  it("applies each message before the next", () => {
    const receipts = network.block([write(1), command(contract, act.get(1)), write(2), command(contract, act.get(1))]);
    expect([toText(receipts[1]!.output), toText(receipts[3]!.output)]).toEqual([
      "0000000001000000",
      "0000000002000000",
    ]);
  });
});

describe("who may send what", () => {
  const deposit = { kind: "deposit", cluster, to: bob, amount: 5n } as const;

  it("an account makes no deposit, deploys no cluster, and only the governor sets the system's code", () => {
    const account = (id: typeof alice) => ({ kind: "account", id }) as const;
    const before = network.runtime.balance(bob);
    expect(network.event(deposit, account(alice)).outcome).toBe("refused");
    expect(network.event({ kind: "systemCode", code: Uint8Array.of(1) }, account(bob)).outcome).toBe("refused");
    expect(network.event({ kind: "systemCode", code: Uint8Array.of(1) }, account(alice)).outcome).toBe("ok");
    expect(network.runtime.balance(bob)).toEqual(before);
    const deploy = {
      kind: "deploy",
      cluster,
      owner: bob,
      treasury: bob,
      gasPrice: 0n,
      depositPerItem: 0n,
      depositPerByte: 0n,
      profile: "deterministic",
      systemCode: undefined,
    } as const;
    const other = new Network();
    expect(other.event(deploy, account(bob)).outcome).toBe("refused");
    expect(other.event({ ...deploy, profile: "anything" }).outcome).toBe("refused");
    expect(other.runtime.cluster).toBeUndefined();
    expect(other.event(deploy).outcome).toBe("ok");
    expect(other.event(deploy).outcome).toBe("refused");
  });

  it("what is for another cluster is refused", () => {
    const other = new Uint8Array(32).fill(3) as typeof cluster;
    expect(network.event({ ...deposit, cluster: other }).outcome).toBe("refused");
    expect(
      network.event({ kind: "upload", cluster: other, determinism: "enforced", code: Uint8Array.of(0) }).outcome,
    ).toBe("refused");
  });
});

describe("the seal", () => {
  it("is the worker's, over block, state and every receipt", () => {
    const block = network.make([write(1), write(2)]);
    const { seal, receipts } = network.runtime.dispatch(block).sealed;
    const { workerKey } = keysFromRoot(new Uint8Array(32).fill(3));
    expect(verifyEd25519(workerKey, sealMessage(seal), seal.signature)).toBe(true);
    const hashes = receipts.map((receipt) => blake2_256(receiptCore(receipt)));
    expect(seal.receiptsRoot).toEqual(blake2_256(Uint8Array.from(hashes.flatMap((hash) => [...hash]))));
    expect(seal.stateRoot).toEqual(network.runtime.stateRoot);
    expect(seal.hash).toEqual(network.runtime.hash);
  });
});

describe("replicas", () => {
  it("that execute the same blocks agree on every byte, one of them restarted in between", () => {
    const blocks = [
      clusterMessage(pallet, { kind: "deposit", cluster, to: bob, amount: 5n }),
      ...[1, 2, 3].map(write),
      command(contract, Uint8Array.from([...act.set(2, 9), ...act.revert()])),
      command(contract, act.loop(), { gas: 1_000_000_000n }),
    ];
    const other = restarted(network);
    expect(other.stateRoot).toEqual(network.runtime.stateRoot);
    for (const message of blocks) {
      const block = network.make([message]);
      const here = network.runtime.dispatch(block).sealed;
      const there = other.dispatch(decodeRelayedBlock(encode(block, writeRelayedBlock))).sealed;
      expect(there).toEqual(here);
      network.timestamp += 1000n;
    }
  });

  it("do not go on from what was saved of another chain, or of this one in part", () => {
    const whole = saved(network.runtime);
    const foreign = encode({ ...genesis, name: "another" }, writeGenesis);
    expect(() => resumed(whole, network.services(), foreign)).toThrow("belongs to the chain");
    const { content } = whole;
    for (let length = 0; length < content.length; length += 7) {
      const cut = { ...whole, content: content.subarray(0, length) };
      expect(() => resumed(cut, network.services()), `${length} bytes`).toThrow("not a valid");
    }
  });
});

describe("a fault of the engine in the middle of a block", () => {
  it("leaves the state as it was before the block, and the block can be executed again", () => {
    const services = network.services();
    let broken = true;
    const runtime = restarted(network, {
      ...services,
      keys: {
        ...services.keys,
        sign: (message) => {
          if (broken) throw new RangeError("the signer is gone");
          return services.keys.sign(message);
        },
      },
    });
    const before = saved(runtime);
    const block = network.make([write(7)]);
    expect(() => runtime.dispatch(block)).toThrow("the signer is gone");
    expect(saved(runtime)).toEqual(before);
    broken = false;
    expect(runtime.dispatch(block).sealed).toEqual(network.runtime.dispatch(block).sealed);
  });

  it("does so too when somebody asked in between, which made the state as it was go its own way", () => {
    const services = network.services();
    let broken = true;
    const keys = {
      ...services.keys,
      sign: (message: Uint8Array) => {
        if (broken) throw new RangeError("the signer is gone");
        return services.keys.sign(message);
      },
    };
    const runtime = restarted(network, { ...services, keys });
    const before = saved(runtime);
    const block = network.make([write(7), write(8)]);
    for (const askedAt of [0, 1, 2, 3]) {
      if (askedAt === 3) runtime.pin();
      const dispatching = runtime.begin(block);
      for (let step = 0; step < 2; step++) {
        if (step === askedAt) expect(saved(runtime)).toEqual(before);
        expect(dispatching.step()).toBe(true);
        if (step + 1 >= askedAt) expect(saved(runtime)).toEqual(before);
        dispatching.pause();
      }
      expect(dispatching.step()).toBe(false);
      expect(() => runtime.begin(block)).toThrow("two blocks at a time");
      expect(() => dispatching.finish()).toThrow("the signer is gone");
      expect(() => dispatching.step()).toThrow("over");
      expect(saved(runtime)).toEqual(before);
    }
    broken = false;
    expect(runtime.dispatch(block).sealed).toEqual(network.runtime.dispatch(block).sealed);
  });
});

describe("a contract that writes ten thousand keys and then reverts", () => {
  it("leaves the state root as it was", () => {
    const writer = network.deploy(
      wat(`(module (import "env" "memory" (memory 1 1))
        (import "seal2" "set_storage" (func $set (param i32 i32 i32 i32) (result i32)))
        (import "seal0" "seal_return" (func $return (param i32 i32 i32)))
        (func (export "deploy"))
        (func (export "call") (local $i i32)
          (loop $next
            (i32.store (i32.const 0) (local.get $i))
            (drop (call $set (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 8)))
            (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10000))))
          (call $return (i32.const 1) (i32.const 0) (i32.const 0))))`),
    );
    const root = network.runtime.stateRoot;
    expect(network.call(writer, selectors.get)).toMatchObject({ outcome: "reverted", flags: 1 });
    expect(network.runtime.stateRoot).toEqual(root);
  });
});
