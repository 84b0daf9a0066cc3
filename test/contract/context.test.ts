/** What a contract can ask, hash, verify, emit and print: values, codes, traps. */

import { describe, expect, it } from "vitest";
import { ecdsaPublicKey, signEcdsa } from "../../src/crypto/ecdsa.ts";
import { blake2_256 } from "../../src/crypto/hash.ts";
import { sr25519Secret } from "../../src/crypto/mini-secret.ts";
import { signSr25519, sr25519PublicKey } from "../../src/crypto/sr25519.ts";
import { alice, hex, Network, toText } from "../runtime/network.ts";
import { type HostCall, memoryEnd, type Probe, probe, probeModule, readU128, u32 } from "./probe.ts";

const network = Network.start({ gasPrice: 3n });
const run = (calls: HostCall[], more: Omit<Probe, "calls"> = {}) => probe(network, { calls, ...more });
/** Output at 128, 64 bytes of room, length cell at 120. */
const room = { 120: u32(64) };
const out = (name: string, ...before: (number | bigint)[]): HostCall => [name, ...before, 128, 120];
const cell = (memory: Uint8Array): number => new DataView(memory.buffer, memory.byteOffset).getUint32(120, true);
const shown = (memory: Uint8Array): string => toText(memory.slice(128, 128 + cell(memory)))!;
const u64At = (memory: Uint8Array, at = 128): bigint =>
  new DataView(memory.buffer, memory.byteOffset).getBigUint64(at, true);

describe("values with a length", () => {
  it.each(["", "seal_"])("caller, address, own_code_hash, value, minimum and balance (%j)", (spelling) => {
    const value = (name: string, options = {}) => run([out(`seal0.${spelling}${name}`)], { memory: room, options });
    expect(shown(value("caller").memory)).toBe(toText(alice));
    const own = value("address");
    expect(shown(own.memory)).toBe(toText(own.contract));
    const code = value("own_code_hash");
    expect(shown(code.memory)).toBe(toText(network.runtime.contractCode(code.contract!)));
    const paid = value("value_transferred", { value: 1_000_000_000_000n });
    expect(shown(paid.memory)).toBe("0010a5d4e80000000000000000000000");
    expect(readU128(value("minimum_balance").memory, 128)).toBe(1n);
    // What was received counts, the existential deposit does not.
    expect(readU128(value("balance", { value: 50n }).memory, 128)).toBe(50n);
    expect(cell(value("balance").memory)).toBe(16);
  });

  it("block_number is a u32, now a u64 of the chain's milliseconds", () => {
    const number = run([out("seal0.block_number")], { memory: room });
    expect(shown(number.memory)).toBe(toText(Uint8Array.from(u32(network.runtime.height))));
    const now = run([out("seal0.now")], { memory: room });
    expect(cell(now.memory)).toBe(8);
    expect(u64At(now.memory)).toBe(network.timestamp);
  });

  it("gas_left falls, as a u64 or as a weight; weight_to_fee is ref_time times the gas price", () => {
    const { memory } = run([out("seal0.gas_left"), ["seal0.gas_left", 192, 124]], { memory: { ...room, 124: u32(8) } });
    expect(u64At(memory)).toBeGreaterThan(u64At(memory, 192));
    expect(u64At(memory, 192)).toBeGreaterThan(0n);
    const weight = run([out("seal1.gas_left")], { memory: room });
    expect(shown(weight.memory).endsWith("13ffffffffffffffff")).toBe(true);
    expect(readU128(run([out("seal0.weight_to_fee", 7n)], { memory: room }).memory, 128)).toBe(21n);
    expect(readU128(run([out("seal0.weight_to_fee", -1n)], { memory: room }).memory, 128)).toBe((2n ** 64n - 1n) * 3n);
    expect(readU128(run([out("seal1.weight_to_fee", 7n, 5n)], { memory: room }).memory, 128)).toBe(21n);
  });

  it("the input can be read as often as one likes", () => {
    const input = hex("0102030405");
    const { memory, results } = run([out("seal0.input"), ["seal0.input", 200, 124], ["seal0.caller_is_origin"]], {
      memory: { ...room, 124: u32(5) },
      input,
    });
    expect(shown(memory)).toBe("0102030405");
    expect(toText(memory.slice(200, 205))).toBe("0102030405");
    expect(results[2]).toBe(1);
  });

  it("one byte too little room is OutputBufferTooSmall, and a cell or output past the end OutOfBounds", () => {
    for (const [name, size] of [
      ["caller", 32],
      ["address", 32],
      ["own_code_hash", 32],
      ["balance", 16],
      ["value_transferred", 16],
      ["minimum_balance", 16],
      ["now", 8],
      ["block_number", 4],
      ["gas_left", 8],
      ["input", 4],
      ["tombstone_deposit", 16],
      ["rent_allowance", 16],
    ] as const) {
      const ended = (at: number, cellAt: number, capacity: number) =>
        run([[`seal0.${name}`, at, cellAt]], { memory: { [cellAt > memoryEnd - 4 ? 0 : cellAt]: u32(capacity) } })
          .error;
      expect(ended(128, 120, size), name).toBeUndefined();
      expect(ended(128, 120, size - 1), name).toBe("OutputBufferTooSmall");
      expect(ended(memoryEnd - size, 120, size), name).toBeUndefined();
      expect(ended(memoryEnd - size + 1, 120, size), name).toBe("OutOfBounds");
      expect(ended(128, memoryEnd - 3, size), name).toBe("OutOfBounds");
      expect(ended(-1, 120, size), name).toBe("OutOfBounds");
    }
  });
});

describe("other contracts", () => {
  it("is_contract and code_hash know contracts from accounts, and none that is still being made", () => {
    const other = run([["seal0.caller_is_origin"]]).contract!;
    const asked: HostCall[] = [
      ["seal0.is_contract", 0],
      ["seal0.code_hash", 0, 128, 120],
      ["seal0.is_contract", 32],
      ["seal0.code_hash", 32, 128, 120],
    ];
    const { results, memory } = run(asked, { memory: { ...room, 0: other, 32: alice } });
    expect(results).toEqual([1, 0, 0, 3]);
    expect(shown(memory)).toBe(toText(network.runtime.contractCode(other)));
    const own = run([out("seal0.address"), ["seal0.is_contract", 128]], { memory: room, inConstructor: true });
    expect(own.results[1]).toBe(0);
  });

  it("caller_is_origin, caller_is_root and the re-entrance counts", () => {
    const { results } = run([
      ["seal0.caller_is_origin"],
      ["seal0.seal_caller_is_origin"],
      ["seal0.caller_is_root"],
      ["seal0.reentrance_count"],
      ["seal0.account_reentrance_count", 0],
    ]);
    expect(results).toEqual([1, 1, 0, 0, 0]);
  });

  it("instantiation_nonce counts the contracts of the cluster", () => {
    const first = run([["seal0.instantiation_nonce"]]).results[0] as bigint;
    expect(run([["seal0.instantiation_nonce"]]).results[0]).toBe(first + 1n);
  });
});

describe("hashes", () => {
  it("of nothing are those of the reference, in both spellings", () => {
    for (const [name, digest] of [
      ["hash_sha2_256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
      ["hash_keccak_256", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"],
      ["hash_blake2_256", "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"],
      ["hash_blake2_128", "cae66941d9efbd404e4d88758ea67670"],
    ] as const) {
      for (const spelling of ["", "seal_"]) {
        const { memory } = run([[`seal0.${spelling}${name}`, 0, 0, 128]]);
        expect(toText(memory.slice(128, 128 + digest.length / 2))).toBe(digest);
      }
    }
  });

  it("may be written over their input, and past the end nowhere", () => {
    const text = new Uint8Array(64).fill(6);
    const { memory } = run([["seal0.hash_blake2_256", 0, 64, 16]], { memory: { 0: text } });
    expect(toText(memory.slice(16, 48))).toBe(toText(blake2_256(text)));
    const error = (...call: [number, number, number]) => run([["seal0.hash_blake2_256", ...call]]).error;
    expect(error(memoryEnd - 8, 8, memoryEnd - 32)).toBeUndefined();
    expect(error(memoryEnd - 7, 8, 0)).toBe("OutOfBounds");
    expect(error(0, 8, memoryEnd - 31)).toBe("OutOfBounds");
    // Four gigabytes cost more than there is, and are charged before they are looked for.
    expect(error(0, -1, 0)).toBe("OutOfGas");
    expect(error(0, 4 * 1024 * 1024 + 1, 0)).toBe("OutOfBounds");
  });
});

describe("signatures", () => {
  const signature = hex(
    "73a5c857e5738b8ea9bab7e4fb0de0bdd0d73030aca7e7e3f62ae97b6b4629e3729bad61cbeba1b0b9a0b9526dc6f359c9a5052616843e391a4a388f23607d1500",
  );
  const key = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
  const hash = new Uint8Array(32).fill(7);

  it("ecdsa_recover gives the key of the reference, also for a last byte of 27, and 11 for none", () => {
    const recover = (bytes: Uint8Array) =>
      run([["seal0.ecdsa_recover", 0, 96, 128]], { memory: { 0: bytes, 96: hash } });
    expect(toText(recover(signature).memory.slice(128, 161))).toBe(key);
    expect(toText(recover(signature.with(64, 27)).memory.slice(128, 161))).toBe(key);
    expect(recover(signature).results).toEqual([0]);
    expect(recover(signature.with(64, 4)).results).toEqual([11]);
    expect(recover(new Uint8Array(65)).results).toEqual([11]);
    expect(run([["seal0.seal_ecdsa_recover", memoryEnd - 64, 96, 128]]).error).toBe("OutOfBounds");
  });

  it("ecdsa_to_eth_address gives the address of the reference, and 11 for no point", () => {
    const { results, memory } = run([["seal0.ecdsa_to_eth_address", 0, 64]], { memory: { 0: hex(key) } });
    expect(results).toEqual([0]);
    expect(toText(memory.slice(64, 84))).toBe("7e5f4552091a69125d5dfcb7b8c2659029395bdf");
    expect(run([["seal0.seal_ecdsa_to_eth_address", 0, 64]], { memory: { 0: new Uint8Array(33) } }).results).toEqual([
      11,
    ]);
  });

  it("what ecdsa signs it recovers", () => {
    const secret = new Uint8Array(32).fill(5);
    const { memory } = run([["seal0.ecdsa_recover", 0, 96, 128]], {
      memory: { 0: signEcdsa(secret, hash), 96: hash },
    });
    expect(toText(memory.slice(128, 161))).toBe(toText(ecdsaPublicKey(secret)));
  });

  it("sr25519_verify takes its own signatures and no others: 0 and 12", () => {
    const secret = sr25519Secret(new Uint8Array(32).fill(8));
    const message = hex("0102030405060708");
    const memory = { 0: signSr25519(secret, message), 64: sr25519PublicKey(secret), 96: message };
    expect(run([["seal0.sr25519_verify", 0, 64, 8, 96]], { memory }).results).toEqual([0]);
    expect(run([["seal0.seal_sr25519_verify", 0, 64, 7, 96]], { memory }).results).toEqual([12]);
  });
});

describe("events", () => {
  const emit = (topics: ArrayLike<number>, size = 4, data = 1024) =>
    run([["seal0.deposit_event", 0, topics.length, data, size]], {
      memory: { 0: Uint8Array.from(Array.from(topics)), 1024: [1, 2, 3, 4] },
    });
  const vector = (n: number) => [n << 2, ...new Uint8Array(32 * n).fill(n)];

  it("carry up to four topics and their data, in both spellings", () => {
    for (const n of [0, 1, 4]) {
      const { receipt, contract } = emit(vector(n));
      expect(receipt.events).toEqual([
        { contract, topics: new Array(n).fill(new Uint8Array(32).fill(n)), data: Uint8Array.of(1, 2, 3, 4) },
      ]);
      expect(toText(receipt.palletEvents[0])).toBe(`0403${toText(contract)}1001020304`);
    }
    expect(emit([]).receipt.events[0]?.topics).toEqual([]);
    expect(run([["seal0.seal_deposit_event", 0, 0, 0, 0]]).receipt.events).toHaveLength(1);
  });

  it("may have the same topic twice", () => {
    expect(emit(vector(2)).receipt.events[0]?.topics).toHaveLength(2);
  });

  it("five topics are TooManyTopics, topics that are no vector DecodingFailed", () => {
    expect(emit(vector(5)).error).toBe("TooManyTopics");
    expect(emit([...vector(1), 0]).error).toBe("DecodingFailed");
    expect(emit(vector(2).slice(0, -1)).error).toBe("DecodingFailed");
    expect(emit([1, 0, ...new Uint8Array(0)]).error).toBe("DecodingFailed");
    expect(emit([1, 1, ...new Uint8Array(32 * 64)]).error).toBe("TooManyTopics");
  });

  it("more data than a mebibyte is ValueTooLarge, data past the end OutOfBounds", () => {
    expect(emit([], 1_048_577).error).toBe("ValueTooLarge");
    expect(emit([], 5, memoryEnd - 4).error).toBe("OutOfBounds");
    expect(emit([], 4, memoryEnd - 4).error).toBeUndefined();
  });
});

describe("debug messages", () => {
  const print = (bytes: Uint8Array, calls = 1) =>
    run(new Array(calls).fill(["seal0.debug_message", 0, bytes.length]), { memory: { 0: bytes } });

  it("are collected as they are; what is not UTF-8 is dropped; the answer is always Success", () => {
    const greeting = print(new TextEncoder().encode("grüezi"), 2);
    expect(new TextDecoder().decode(greeting.receipt.debug)).toBe("grüezigrüezi");
    expect(greeting.results).toEqual([0, 0]);
    const broken = print(Uint8Array.of(0xff, 0xfe));
    expect(broken.receipt.debug).toHaveLength(0);
    expect(broken.results).toEqual([0]);
  });

  it("that do not fit whole are dropped, and later ones that fit are kept", () => {
    const { receipt } = run(
      [
        ["seal0.seal_debug_message", 0, 60_000],
        ["seal0.debug_message", 0, 60_000],
        ["seal0.debug_message", 0, 60_000],
        ["seal0.debug_message", 0, 11_072],
        ["seal0.debug_message", 0, 1],
      ],
      { memory: { 0: new Uint8Array(4096).fill(0x61) } },
    );
    expect(receipt.debug).toHaveLength(131_072);
  });

  it("reach the log", () => {
    print(new TextEncoder().encode("a line for the log"));
    expect(network.logs.at(-1)).toMatchObject({ text: "a line for the log", level: 4, query: false });
  });
});

describe("what old code still finds", () => {
  it("random gives zeros, and an earlier block; a long subject is RandomSubjectTooLong", () => {
    const plain = run([out("seal0.random", 0, 32)], { memory: room });
    expect(shown(plain.memory)).toBe("00".repeat(32));
    const dated = run([out("seal1.seal_random", 0, 0)], { memory: room });
    expect(cell(dated.memory)).toBe(36);
    expect(run([out("seal0.random", 0, 33)], { memory: room }).error).toBe("RandomSubjectTooLong");
  });

  it("rent is free and allowed without end", () => {
    const { memory, results } = run(
      [
        out("seal0.tombstone_deposit"),
        ["seal0.rent_allowance", 160, 120],
        ["seal0.set_rent_allowance", 0, 16],
        ["seal1.set_rent_allowance", 0],
        ["seal0.restore_to", 0, 0, 0, 0, 0, 0, 0, 0],
        ["seal1.restore_to", 0, 0, 0, 0, 0],
      ],
      { memory: room },
    );
    expect(results).toHaveLength(6);
    expect(readU128(memory, 128)).toBe(0n);
    expect(readU128(memory, 160)).toBe(2n ** 128n - 1n);
  });

  it("runtime calls and XCM answer that they failed", () => {
    expect(run([["seal0.call_runtime", 0, 8]]).results).toEqual([10]);
    expect(run([["seal0.call_runtime", 0, 1]]).error).toBe("DecodingFailed");
    expect(run([["seal0.xcm_execute", 0, 8, 128]]).results).toEqual([13]);
    expect(run([["seal0.xcm_send", 0, 32, 8, 128]]).results).toEqual([14]);
  });
});

describe("delegate dependencies", () => {
  it("are taken once, of code that is there, and given back", () => {
    const code = network.upload(probeModule({ calls: [["seal0.caller_is_origin"]] })).output;
    const memory = { 0: code, 32: new Uint8Array(32).fill(9) };
    const both = run(
      [
        ["seal0.add_delegate_dependency", 0],
        ["seal0.remove_delegate_dependency", 0],
      ],
      { memory },
    );
    expect(both.error).toBeUndefined();
    const error = (...calls: HostCall[]) => run(calls, { memory }).error;
    expect(error(["seal0.add_delegate_dependency", 32])).toBe("CodeNotFound");
    expect(error(["seal0.remove_delegate_dependency", 0])).toBe("DelegateDependencyNotFound");
    expect(error(["seal0.add_delegate_dependency", 0], ["seal0.add_delegate_dependency", 0])).toBe(
      "DelegateDependencyAlreadyExists",
    );
    expect(run([out("seal0.own_code_hash"), ["seal0.add_delegate_dependency", 128]], { memory: room }).error).toBe(
      "CannotAddSelfAsDelegateDependency",
    );
  });
});
