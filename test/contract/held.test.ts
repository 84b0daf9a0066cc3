/** What one execution can make the enclave hold has an end, however much gas it has. */

import { describe, expect, it } from "vitest";
import { command, Network, selectors, toText, wat } from "../runtime/network.ts";

const megabyte = 1_048_576;
/** Does `body` `i32(input + 4)` times, with the round's number at address 0. */
const repeating = (body: string): Uint8Array =>
  wat(`(module
    (import "seal2" "set_storage" (func $set (param i32 i32 i32 i32) (result i32)))
    (import "seal0" "deposit_event" (func $event (param i32 i32 i32 i32)))
    (import "seal0" "call_chain_extension" (func $extension (param i32 i32 i32 i32 i32) (result i32)))
    (import "seal0" "input" (func $input (param i32 i32)))
    (import "env" "memory" (memory 33 64))
    (func (export "deploy"))
    (func (export "call") (local $rounds i32)
      (i32.store (i32.const 12) (i32.const 8))
      (call $input (i32.const 16) (i32.const 12))
      (local.set $rounds (i32.load (i32.const 20)))
      (loop $more
        (i32.store (i32.const 0) (local.get $rounds))
        ${body}
        (br_if $more (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))))`);

const rounds = (n: number): Uint8Array => Uint8Array.of(...selectors.get, n & 255, n >> 8, 0, 0);
const network = Network.start();
const event = network.deploy(
  repeating(`(call $event (i32.const 0) (i32.const 0) (i32.const 0) (i32.const ${megabyte}))`),
);
const write = network.deploy(
  repeating(`(drop (call $set (i32.const 0) (i32.const 4) (i32.const 0) (i32.const ${megabyte})))`),
);
const gas = 2_500_000_000_000n;

describe("one execution", () => {
  it("emits no more than 16 MiB of events", () => {
    expect(network.call(event, rounds(15), { gas }).outcome).toBe("ok");
    const receipt = network.call(event, rounds(16), { gas });
    expect(receipt.outcome).toBe("trapped");
    expect(toText(receipt.error)).toBe("0a");
    expect(receipt.events).toEqual([]);
  });

  it("writes no more than 128 MiB of values, and leaves nothing of what was too much", () => {
    const before = toText(network.runtime.stateRoot);
    const receipt = network.call(write, rounds(128), { gas });
    expect(receipt.outcome).toBe("trapped");
    expect(toText(receipt.error)).toBe("0a");
    expect(toText(network.runtime.stateRoot)).toBe(before);
  });

  it("leaves the next one all that there is", () => {
    const messages = [15, 16, 15].map((n) => command(event, rounds(n), { gas }));
    expect(network.block(messages).map(({ outcome }) => outcome)).toEqual(["ok", "trapped", "ok"]);
  });

  it("logs no more than 1 Mi characters", () => {
    // log(level 3, a text of 65,532 characters): its compact length has four bytes.
    const line = network.deploy(
      repeating(`
        (i32.store8 (i32.const 64) (i32.const 3))
        (i32.store (i32.const 65) (i32.const ${65_532 * 4 + 2}))
        (i32.store (i32.const 40) (i32.const 8))
        (drop (call $extension (i32.const 10) (i32.const 64) (i32.const ${65_532 + 5}) (i32.const 48) (i32.const 40)))`),
    );
    network.logs.length = 0;
    expect(network.call(line, rounds(100), { gas }).outcome).toBe("ok");
    expect(network.logs.length).toBe(16);
  });
});
