/** Calls between contracts: value, rollback, flags, depth, re-entrance, gas, and what the caller is told. */

import { beforeAll, describe, expect, it } from "vitest";
import { blake2_256 } from "../../src/crypto/hash.ts";
import type { ContractId } from "../../src/wire/bytes.ts";
import { dispatchErrorName } from "../../src/wire/dispatch-error.ts";
import type { Receipt } from "../../src/wire/receipt.ts";
import { alice, bob, cluster, contractAddress, Network, selectors, toText } from "../runtime/network.ts";
import { act, actor, actorCode, all, flag, nested } from "./actor.ts";
import { freshSalt, readU128 } from "./probe.ts";

const network = Network.start();
const actorHash = blake2_256(actorCode);
const errorOf = (receipt: Receipt): string | undefined =>
  receipt.error === undefined ? undefined : dispatchErrorName(receipt.error);
/** The shortest message there can be. */
const idle = act.ok([0, 0, 0]);
let a: ContractId;
let b: ContractId;
let c: ContractId;

beforeAll(() => {
  [a, b, c] = [actor(network), actor(network), actor(network)];
});

const send = (to: ContractId, input: Uint8Array, options = {}) => network.call(to, input, options);
const told = (receipt: Receipt, head = 4) => nested(receipt.output, head);
const stored = (contract: ContractId, key: number) => {
  const answer = network.ask(contract, act.get(key));
  return answer.result.ok ? nested(answer.result.data) : undefined;
};

describe("what the caller is told", () => {
  it("a callee that returned: 0 and its output", () => {
    expect(told(send(a, act.call(b, act.ok([1, 2, 3]))))).toMatchObject({ code: 0, output: "010203" });
  });

  it("a callee that reverted: 2 and its output; what it wrote is gone, what the caller wrote stays", () => {
    const receipt = send(a, all(act.set(1, 7), act.call(b, all(act.set(1, 9), act.event(1, 1), act.revert([5])))));
    expect(told(receipt)).toMatchObject({ code: 2, output: "05" });
    expect(receipt.events).toEqual([]);
    expect(stored(a, 1)?.output).toBe("07000000");
    expect(stored(b, 1)?.code).toBe(3);
  });

  it("a callee that trapped: 1 and no output; its gas so far is gone", () => {
    expect(told(send(a, act.call(b, all(act.set(1, 9), act.trap()))))).toMatchObject({ code: 1, output: "" });
    expect(stored(b, 1)?.code).toBe(3);
  });

  it("a callee out of its own gas: 1, and the caller goes on", () => {
    const receipt = send(a, act.call(b, act.loop(), { gas: 1_000_000_000n }));
    expect(receipt.outcome).toBe("ok");
    expect(told(receipt).code).toBe(1);
    expect(receipt.gasUsed).toBeGreaterThan(1_000_000_000n);
  });

  it("no contract there: 8", () => {
    expect(told(send(a, act.call(bob, act.ok()))).code).toBe(8);
  });

  it("no money for the value: 5, and the callee never runs", () => {
    const receipt = send(a, act.call(b, all(act.event(1, 1), act.ok()), { value: 1n }));
    expect(told(receipt).code).toBe(5);
    expect(receipt.events).toEqual([]);
  });

  it("a host function that failed in the callee: 1, as any trap", () => {
    expect(told(send(a, act.call(b, act.returnWith(2)))).code).toBe(1);
  });
});

describe("value", () => {
  it("is moved before the callee runs, and moves back when it does not end well", () => {
    network.call(a, idle, { value: 1000n });
    const before = network.runtime.balance(b).free;
    const context = told(send(a, act.call(b, act.context(), { value: 100n })));
    const seen = Uint8Array.from(Buffer.from(context.output, "hex"));
    expect(toText(seen.slice(0, 32))).toBe(toText(a));
    expect(toText(seen.slice(32, 64))).toBe(toText(b));
    expect(readU128(seen, 64)).toBe(before + 100n - 1n);
    expect(readU128(seen, 80)).toBe(100n);
    expect(toText(seen.slice(96, 128))).toBe(toText(actorHash));
    expect(seen[128]).toBe(0);
    expect(network.runtime.balance(b).free).toBe(before + 100n);
    expect(told(send(a, act.call(b, act.revert(), { value: 50n }))).code).toBe(2);
    expect(told(send(a, act.call(b, act.trap(), { value: 50n }))).code).toBe(1);
    expect(network.runtime.balance(b).free).toBe(before + 100n);
  });

  it("that the sender of the transaction does not have refuses it", () => {
    const poor = { from: treasuryOf(9) };
    const receipt = send(a, idle, { ...poor, value: 5n });
    expect(receipt).toMatchObject({ outcome: "refused" });
    expect(errorOf(receipt)).toBe("TransferFailed");
  });

  it("transfers keep the sender alive, make accounts, and do nothing for 0 or to oneself", () => {
    const fresh = treasuryOf(33);
    const own = network.runtime.balance(a).free;
    expect(send(a, all(act.transfer(fresh, 5n), act.transfer(a, 3n), act.transfer(fresh, 0n), act.ok())).outcome).toBe(
      "ok",
    );
    expect(network.runtime.balance(fresh).free).toBe(5n);
    expect(network.runtime.balance(a).free).toBe(own - 5n);
    expect(send(a, all(act.transfer(fresh, own - 5n), act.ok())).outcome).toBe("trapped");
    expect(send(a, all(act.transfer(fresh, own - 6n), act.ok())).outcome).toBe("ok");
    expect(network.runtime.balance(a).free).toBe(1n);
  });
});

function treasuryOf(n: number) {
  return new Uint8Array(32).fill(n) as typeof alice;
}

describe("flags", () => {
  it("an unknown one ends the caller", () => {
    expect(errorOf(send(a, act.call(b, act.ok(), { flags: 16 })))).toBe("InvalidCallFlags");
    expect(errorOf(send(a, act.returnWith(2, [0, 0])))).toBe("InvalidCallFlags");
    expect(errorOf(send(a, act.delegate(actorHash, act.ok(), flag.reenter)))).toBe("InvalidCallFlags");
    expect(errorOf(send(a, act.delegate(actorHash, act.ok(), 32)))).toBe("InvalidCallFlags");
  });

  it("FORWARD_INPUT hands the input on and takes it away, also when the call fails", () => {
    // B gets the very bytes that A got: it makes the call again, to C, with nothing to forward but its own.
    const forwarded = all(act.tryCall(act.call(b, act.ok(), { flags: flag.forward, gas: 1n })), act.input());
    expect(errorOf(send(a, forwarded))).toBe("InputForwarded");
    const missing = all(act.tryCall(act.call(bob, act.ok(), { flags: flag.forward })), act.input());
    expect(errorOf(send(a, missing))).toBe("InputForwarded");
    const twice = all(
      act.tryCall(act.call(bob, act.ok(), { flags: flag.forward })),
      act.call(b, act.ok(), { flags: flag.clone }),
    );
    expect(errorOf(send(a, twice))).toBe("InputForwarded");
  });

  it("CLONE_INPUT hands it on and keeps it, and wins over FORWARD_INPUT", () => {
    const input = all(act.tryCall(act.call(bob, act.ok(), { flags: flag.clone | flag.forward })), act.input([1, 2]));
    expect(toText(send(a, input).output)).toBe(toText(input));
  });

  it("a forwarded input reaches the callee whole", () => {
    // To itself: the second frame gets the same input, finds no re-entry allowed, and ends there.
    const input = act.call(a, act.ok([9]), { flags: flag.clone });
    expect(errorOf(send(a, input))).toBe("ReentranceDenied");
    const toB = act.call(b, act.ok(), { flags: flag.forward });
    // B reads it as its own action and calls itself with re-entry off.
    expect(told(send(a, toB))).toMatchObject({ code: 1 });
  });

  it("TAIL_CALL ends the caller with the callee's flags and data, unless it trapped", () => {
    expect(send(a, all(act.call(b, act.ok([4, 5]), { flags: flag.tail })))).toMatchObject({ outcome: "ok", flags: 0 });
    expect(toText(send(a, act.call(b, act.ok([4, 5]), { flags: flag.tail })).output)).toBe("0405");
    const reverted = send(a, all(act.set(2, 2), act.call(b, act.revert([6]), { flags: flag.tail })));
    expect(reverted).toMatchObject({ outcome: "reverted", flags: 1 });
    expect(toText(reverted.output)).toBe("06");
    expect(stored(a, 2)?.code).toBe(3);
    expect(told(send(a, act.call(b, act.trap(), { flags: flag.tail }))).code).toBe(1);
  });
});

describe("re-entrance", () => {
  const back = (flags: number, inner: number) => act.call(b, act.call(a, act.ok([7]), { flags: inner }), { flags });

  it("is denied unless the call allowed it, and whoever tries is trapped", () => {
    expect(told(send(a, back(0, 0)))).toMatchObject({ code: 1 });
    const allowed = told(send(a, back(flag.reenter, 0)));
    expect(allowed).toMatchObject({ code: 0, output: "0000000007" });
  });

  it("a self call needs it too, and the guard lasts for that call only", () => {
    expect(errorOf(send(a, act.call(a, act.ok())))).toBe("ReentranceDenied");
    expect(told(send(a, act.call(a, act.ok([1]), { flags: flag.reenter })))).toMatchObject({ code: 0, output: "01" });
    const later = all(act.tryCall(act.call(b, act.ok())), act.call(b, act.ok([2])));
    expect(told(send(a, later))).toMatchObject({ code: 0, output: "02" });
  });

  it("sees what the frames below have written, and what it writes they see", () => {
    const inner = act.call(a, all(act.set(5, 2), act.get(4)), { flags: flag.reenter });
    const receipt = send(a, all(act.set(4, 1), act.tryCall(act.call(b, inner, { flags: flag.reenter })), act.get(5)));
    expect(told(receipt)).toMatchObject({ code: 0, output: "02000000" });
  });
});

describe("depth", () => {
  const chain = (depth: number): Uint8Array =>
    depth === 1 ? act.ok([0xee]) : act.call(a, chain(depth - 1), { flags: flag.reenter });

  it("six frames run; the seventh is MaxCallDepthReached for the sixth", () => {
    const deep = (depth: number) => toText(send(a, chain(depth)).output)!;
    expect(deep(6)).toBe(`${"00000000".repeat(5)}ee`);
    // The sixth frame is trapped by the error; the fifth is told 1.
    expect(deep(7)).toBe(`${"00000000".repeat(4)}01000000`);
  });
});

describe("gas", () => {
  it("more than there is ends the caller as OutOfGas", () => {
    const receipt = send(a, act.call(b, act.ok(), { gas: 10n ** 15n }));
    expect(receipt.outcome).toBe("outOfGas");
    expect(errorOf(receipt)).toBe("OutOfGas");
    expect(send(a, act.call(b, act.ok(), { gas: 2n ** 64n - 1n })).outcome).toBe("outOfGas");
  });

  it("0 is all of it, and what the callee leaves comes back", () => {
    const all0 = send(a, act.call(b, act.ok()));
    const some = send(a, act.call(b, act.ok(), { gas: 1_000_000_000n }));
    expect(some.gasUsed).toBe(all0.gasUsed);
    expect(all0.gasRequired).toBe(all0.gasUsed);
    expect(some.gasRequired).toBeGreaterThan(some.gasUsed);
    const twice = send(a, all(act.tryCall(act.call(b, act.ok())), act.call(b, act.ok())));
    expect(twice.outcome).toBe("ok");
  });

  it("a limit of what a run required is enough; one less than it used is not", () => {
    const input = all(act.set(8, 1), act.call(b, all(act.set(8, 2), act.ok()), { gas: 900_000_000n }));
    send(a, input);
    const { gasRequired, gasUsed } = send(a, input);
    expect(send(a, input, { gas: gasRequired }).outcome).toBe("ok");
    const short = send(a, input, { gas: gasUsed - 1n });
    expect(short.outcome).not.toBe("ok");
  });

  it("a loop without end uses all of it and nothing else", () => {
    const root = network.runtime.stateRoot;
    const receipt = send(a, all(act.set(9, 9), act.loop()), { gas: 5_000_000_000n });
    expect(receipt).toMatchObject({ outcome: "outOfGas", gasUsed: 5_000_000_000n, output: new Uint8Array(0) });
    expect(network.runtime.stateRoot).toEqual(root);
  });
});

describe("delegate calls", () => {
  it("run other code as this contract, for this frame's caller and value", () => {
    const receipt = send(a, act.delegate(actorHash, act.context()), { value: 40n });
    const output = Uint8Array.from(Buffer.from(told(receipt).output, "hex"));
    expect(toText(output.slice(0, 32))).toBe(toText(alice));
    expect(toText(output.slice(32, 64))).toBe(toText(a));
    expect(readU128(output, 80)).toBe(40n);
    expect(output[128]).toBe(1);
  });

  it("write this contract's storage, and roll back alone", () => {
    expect(told(send(a, act.delegate(actorHash, all(act.set(11, 3), act.ok())))).code).toBe(0);
    expect(stored(a, 11)?.output).toBe("03000000");
    expect(told(send(a, act.delegate(actorHash, all(act.set(11, 4), act.revert())))).code).toBe(2);
    expect(stored(a, 11)?.output).toBe("03000000");
  });

  it("of code that is not there: 7", () => {
    expect(told(send(a, act.delegate(new Uint8Array(32), act.ok()))).code).toBe(7);
  });

  it("cannot end the contract", () => {
    expect(told(send(a, act.delegate(actorHash, act.terminate(bob)))).code).toBe(1);
    expect(network.runtime.contractCode(a)).toBeDefined();
  });
});

describe("instantiation by a contract", () => {
  const salt = () => Uint8Array.of(...freshSalt(), 1);

  it("makes a contract whose id is of deployer, code, cluster and salt", () => {
    const s = salt();
    const answer = told(send(a, act.instantiate(actorHash, s, all(act.set(1, 1), act.ok([8])))), 36);
    expect(answer).toMatchObject({ code: 0, output: "08" });
    expect(answer.address).toBe(toText(contractAddress(a, actorHash, cluster, s)));
    expect(network.runtime.contractCode(Uint8Array.from(Buffer.from(answer.address, "hex")))).toEqual(actorHash);
  });

  it("twice with one salt ends the deployer as DuplicateContract", () => {
    const s = salt();
    send(a, act.instantiate(actorHash, s, act.ok()));
    expect(errorOf(send(a, act.instantiate(actorHash, s, act.ok())))).toBe("DuplicateContract");
  });

  it("a constructor that reverts or traps makes nothing and burns no id", () => {
    const s = salt();
    expect(told(send(a, act.instantiate(actorHash, s, act.revert([3]))), 36)).toMatchObject({ code: 2, output: "03" });
    expect(told(send(a, act.instantiate(actorHash, s, act.trap())), 36).code).toBe(1);
    expect(network.runtime.contractCode(contractAddress(a, actorHash, cluster, s))).toBeUndefined();
    expect(told(send(a, act.instantiate(actorHash, s, act.ok())), 36).code).toBe(0);
  });

  it("of code that is not there: 7; without money for the value: 5", () => {
    expect(told(send(a, act.instantiate(new Uint8Array(32), salt(), act.ok())), 36).code).toBe(7);
    expect(told(send(a, act.instantiate(actorHash, salt(), act.ok(), { value: 10n ** 20n })), 36).code).toBe(5);
  });

  it("a contract cannot be called while its constructor runs", () => {
    const s = salt();
    const own = contractAddress(a, actorHash, cluster, s);
    const inner = act.call(own, act.ok(), { flags: flag.reenter });
    expect(told(send(a, act.instantiate(actorHash, s, inner)), 36).output).toBe("08000000");
    const s2 = salt();
    const other = contractAddress(a, actorHash, cluster, s2);
    const over = act.call(c, act.call(other, act.ok()), { flags: flag.reenter });
    expect(told(send(a, act.instantiate(actorHash, s2, over)), 36).output).toBe("0000000008000000");
  });

  it("cannot end in its constructor", () => {
    expect(errorOf(send(a, act.instantiate(actorHash, salt(), act.terminate(bob))))).toBe("TerminatedInConstructor");
  });

  it("effects come inner first, and the pallet's events after the contract's own", () => {
    const s = salt();
    const outerSalt = salt();
    const receipt = network.instantiate(
      actorHash as never,
      all(selectors.new, act.event(1, 1), act.instantiate(actorHash, s, all(act.event(2, 2), act.ok()))),
      { salt: outerSalt },
    );
    const outer = contractAddress(alice, actorHash, cluster, outerSalt);
    const inner = contractAddress(outer, actorHash, cluster, s);
    expect(receipt.events.map(({ contract, data }) => [toText(contract), data[0]])).toEqual([
      [toText(outer), 1],
      [toText(inner), 2],
    ]);
    const made = receipt.palletEvents
      .filter(([pallet, index]) => pallet === 4 && index === 0)
      .map((e) => toText(e.slice(2)));
    expect(made).toEqual([`${toText(outer)}${toText(inner)}`, `${toText(alice)}${toText(outer)}`]);
    expect(receipt.palletEvents.map(([, index]) => index)).toEqual([3, 3, 0, 0]);
  });
});

describe("the end of a contract, and other code for it", () => {
  it("terminate: it is gone at once, its money goes to the beneficiary at the end", () => {
    const priced = Network.start({ depositPerItem: 2n, depositPerByte: 1n });
    const one = actor(priced);
    priced.call(one, all(act.set(1, 1), act.ok()), { value: 500n });
    const had = priced.runtime.balance(one);
    expect(had.total - had.free).toBe(122n + 2n + 4n + 2n);
    const before = { alice: priced.runtime.balance(alice).free, bob: priced.runtime.balance(bob).free };
    const receipt = priced.call(one, act.terminate(bob));
    expect(receipt).toMatchObject({ outcome: "ok", output: new Uint8Array(0), storageDeposit: -130n });
    expect(priced.runtime.contractCode(one)).toBeUndefined();
    expect(priced.runtime.balance(one).total).toBe(0n);
    expect(priced.runtime.balance(alice).free).toBe(before.alice + 130n);
    expect(priced.runtime.balance(bob).free).toBe(before.bob + had.free);
    expect(receipt.palletEvents[0]?.slice(0, 2)).toEqual(Uint8Array.of(4, 1));
    expect(priced.call(one, idle)).toMatchObject({ outcome: "refused" });
  });

  it("terminate with nothing to refund leaves the money where it is, as upstream does", () => {
    const one = actor(network);
    network.call(one, idle, { value: 77n });
    network.call(one, act.terminate(bob));
    expect(network.runtime.contractCode(one)).toBeUndefined();
    expect(network.runtime.balance(one).free).toBe(78n);
  });

  it("terminate is refused while the contract stands on the stack twice", () => {
    const one = actor(network);
    const receipt = send(one, act.call(one, act.terminate(bob), { flags: flag.reenter }));
    expect(told(receipt).code).toBe(1);
    expect(network.runtime.contractCode(one)).toBeDefined();
  });

  it("set_code_hash takes effect with the next frame and keeps storage and address", () => {
    const one = actor(network);
    const other = actorCode.slice();
    // The same actor under another name: a custom section makes another hash.
    const renamed = Uint8Array.of(...other, 0, 2, 1, 0x78);
    const hash = network.upload(renamed).output;
    const receipt = send(one, all(act.set(1, 5), act.setCode(hash), act.context()));
    expect(toText(receipt.output.slice(96, 128))).toBe(toText(hash));
    expect(receipt.palletEvents.some(([, index]) => index === 5)).toBe(true);
    expect(network.runtime.contractCode(one)).toEqual(hash);
    expect(stored(one, 1)?.output).toBe("05000000");
    expect(send(one, act.setCode(new Uint8Array(32))).outcome).toBe("trapped");
    expect(network.runtime.contractCode(one)).toEqual(hash);
  });
});

describe("rollback", () => {
  it("a frame that reverts takes back everything above it too", () => {
    const root = network.runtime.stateRoot;
    const inner = act.call(c, all(act.set(20, 1), act.event(9, 9), act.ok()), { value: 0n });
    const receipt = send(a, act.call(b, all(act.set(20, 2), act.tryCall(inner), act.event(8, 8), act.revert())));
    expect(told(receipt).code).toBe(2);
    expect(receipt.events).toEqual([]);
    expect(network.runtime.stateRoot).toEqual(root);
  });

  it("keeps debug text and gas", () => {
    const receipt = send(a, all(act.print("before "), act.call(b, all(act.print("inside"), act.trap()))));
    expect(Buffer.from(receipt.debug).toString()).toBe("before inside");
  });

  it("a root that reverts delivers its data and nothing else", () => {
    const root = network.runtime.stateRoot;
    const receipt = send(a, all(act.set(21, 1), act.event(1, 1), act.revert([1, 2])), { value: 9n });
    expect(receipt).toMatchObject({ outcome: "reverted", flags: 1, events: [], palletEvents: [] });
    expect(toText(receipt.output)).toBe("0102");
    expect(network.runtime.stateRoot).toEqual(root);
  });
});
