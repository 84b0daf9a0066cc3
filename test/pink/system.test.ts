import { describe, expect, test } from "vitest";
import { buildContract } from "../../assembly/transform/build.ts";
import { blake2_256 } from "../../src/crypto/hash.ts";
import { accountId, type ContractId, toHex } from "../../src/wire/bytes.ts";
import type { Receipt } from "../../src/wire/receipt.ts";
import { encode, Reader, type Writer } from "../../src/wire/scale.ts";
import { alice, bob, type CommandOptions, cluster, command, Network, pallet, toText } from "../runtime/network.ts";
import { ext, extensionInput, probe, text, value } from "./probe.ts";

const [current, next, refusing, tokenomic] = await Promise.all(
  ["system", "next", "refusing", "tokenomic"].map((name) =>
    buildContract({ entry: `fixtures/system/${name}.ts` }).then((built) => built.wasm),
  ),
);

const initial = blake2_256(text("default")).slice(0, 4);
const cents = 10_000_000_000n;

/** A message of the system contract, by its name in the trait. */
function message(name: string, write: (w: Writer) => unknown = () => undefined): Uint8Array {
  return encode(undefined, (w) => write(w.raw(blake2_256(text(`pink_system::System::${name}`)).subarray(0, 4))));
}

const changeDeposit = (contract: ContractId, amount: bigint): Uint8Array =>
  encode(undefined, (w) => w.raw([0xa2, 0x4b, 0xcb, 0x44]).raw(contract).u128(amount));

class Governed {
  readonly network: Network;
  readonly system: ContractId;
  readonly user: ContractId;

  constructor() {
    this.network = Network.start({ systemCode: current as Uint8Array });
    this.system = this.network.runtime.systemContract as ContractId;
    this.user = this.network.deploy(probe);
  }

  call(name: string, write?: (w: Writer) => unknown, options: CommandOptions = {}): Receipt {
    return this.network.call(this.system, message(name, write), options);
  }

  ask<T>(name: string, read: (r: Reader) => T, write?: (w: Writer) => unknown): T {
    const { result } = this.network.ask(this.system, message(name, write));
    if (!result.ok || result.flags !== 0) throw new Error(`${name} did not answer`);
    const r = new Reader(result.data, name);
    expect(r.u8()).toBe(0);
    return read(r);
  }

  get version(): readonly number[] {
    return this.ask("version", (r) => [r.u16(), r.u16(), r.u16()]);
  }

  setHook(options: CommandOptions = {}): Receipt {
    // The probe's operation 1: it emits an event and ends well.
    return this.call(
      "set_hook",
      (w) =>
        w
          .u8(0)
          .raw(this.user)
          .u32(0x0100_0000)
          .u64(10n ** 11n),
      options,
    );
  }
}

const refused = (receipt: Receipt): boolean => receipt.outcome === "reverted" && toText(receipt.output) === "000100";

describe("a cluster's system contract", () => {
  test("is made with the cluster, owned by who deployed it, and found by the extension", () => {
    const { network, system, user, ...rest } = new Governed();
    expect(Object.keys(rest)).toEqual([]);
    expect(toHex(network.runtime.contractCode(system) as Uint8Array)).toBe(toHex(blake2_256(current as Uint8Array)));
    expect(value(ext(network, user, "query", 15), (r) => r.raw(32))).toEqual(system);
    expect(new Governed().version).toEqual([1, 2, 0]);
  });

  test("a driver is set by the owner or an administrator, with an event, and by nobody else", () => {
    const governed = new Governed();
    const setDriver = (options: CommandOptions = {}): Receipt =>
      governed.call("set_driver", (w) => w.str("Sample").raw(governed.user), options);
    expect(refused(setDriver({ from: bob }))).toBe(true);
    expect(
      governed.ask(
        "get_driver",
        (r) => r.option((o) => o.raw(32)),
        (w) => w.str("Sample"),
      ),
    ).toBeUndefined();
    const receipt = setDriver();
    expect(receipt.outcome).toBe("ok");
    expect(receipt.events.length).toBeGreaterThanOrEqual(1);
    expect(
      governed.ask(
        "get_driver",
        (r) => r.option((o) => o.raw(32)),
        (w) => w.str("Sample"),
      ),
    ).toEqual(governed.user);
    expect(governed.call("grant_admin", (w) => w.raw(bob), { from: bob }).outcome).toBe("reverted");
    expect(governed.call("grant_admin", (w) => w.raw(bob)).outcome).toBe("ok");
    expect(setDriver({ from: bob }).outcome).toBe("ok");
  });

  test("a hook asked for by who is no administrator never fires; by one who is, from that block on", () => {
    const governed = new Governed();
    expect(refused(governed.setHook())).toBe(true);
    expect(governed.network.block([])).toEqual([]);
    governed.call("grant_admin", (w) => w.raw(alice));
    const [asked, fired] = governed.network.block([
      command(
        governed.system,
        message("set_hook", (w) =>
          w
            .u8(0)
            .raw(governed.user)
            .u32(0x0100_0000)
            .u64(10n ** 11n),
        ),
      ),
    ]);
    expect(asked?.outcome).toBe("ok");
    expect(fired).toMatchObject({ outcome: "ok", contract: governed.user });
    expect(governed.network.block([]).length).toBe(1);
  });

  test("the chain's word on a stake becomes weight, and weight room in the cache", () => {
    const governed = new Governed();
    const { network, system, user } = governed;
    const store = (): number => {
      const ended = ext(network, user, "query", 6, (w) => w.bytes(text("k")).bytes(Uint8Array.of(0xbe, 0xef)));
      return ended.ok ? ended.status : -1;
    };
    const stake = (amount: bigint): Receipt => network.call(system, changeDeposit(user, amount), { sender: pallet });
    expect(stake(10n * cents).outcome).toBe("reverted");
    const driver = network.deploy(tokenomic as Uint8Array, initial);
    governed.call("set_driver", (w) => w.str("ContractDeposit").raw(driver));
    expect(stake(10n * cents).outcome).toBe("reverted");
    governed.call("grant_admin", (w) => w.raw(driver));
    expect(store()).toBe(1);
    expect(stake(10n * cents)).toMatchObject({ outcome: "ok" });
    expect(store()).toBe(0);
    const cached = ext(network, user, "query", 8, (w) => w.bytes(text("k")));
    expect(value(cached, (r) => r.option((o) => toText(o.bytes())))).toBe("beef");
    expect(stake(0n).outcome).toBe("ok");
    expect(store()).toBe(1);
  });

  test("nobody but the chain speaks of stakes", () => {
    const governed = new Governed();
    const { network, system, user } = governed;
    const driver = network.deploy(tokenomic as Uint8Array, initial);
    governed.call("set_driver", (w) => w.str("ContractDeposit").raw(driver));
    governed.call("grant_admin", (w) => w.raw(driver));
    for (const from of [alice, bob]) {
      expect(network.call(system, changeDeposit(user, 10n * cents), { from }).outcome).toBe("reverted");
      expect(network.call(driver, changeDeposit(user, 10n * cents), { from }).outcome).toBe("reverted");
    }
    const ended = ext(network, user, "query", 6, (w) => w.bytes(text("k")).bytes(text("v")));
    expect(ended).toMatchObject({ status: 1 });
  });

  test("balances are anybody's to read", () => {
    const governed = new Governed();
    const account = accountId(new Uint8Array(32).fill(0x55));
    governed.network.event({ kind: "deposit", cluster, to: account, amount: 114_514n });
    for (const name of ["total_balance_of", "free_balance_of"]) {
      expect(
        governed.ask(
          name,
          (r) => r.u128(),
          (w) => w.raw(account),
        ),
      ).toBe(114_514n);
    }
  });

  test("the runtime's version cannot be lowered, and the head of the chain moves on", () => {
    const governed = new Governed();
    const { network, user } = governed;
    const version = () => value(ext(network, user, "tx", 21), (r) => [r.u32(), r.u32()]);
    for (const [major, minor] of [
      [1, 2],
      [1, 0],
      [9, 9],
    ] as const) {
      // biome-ignore format: one line
      expect(governed.call("upgrade_runtime", (w) => w.u32(major).u32(minor)).outcome).toBe("ok");
      expect(version()).toEqual([1, 2]);
    }
    expect(refused(governed.call("upgrade_runtime", (w) => w.u32(1).u32(2), { from: bob }))).toBe(true);
    const head = (): bigint => governed.ask("current_event_chain_head", (r) => r.u64());
    const before = head();
    network.block([]);
    expect(head()).toBe(before + 1n);
  });
});

describe("an upgrade of the system contract", () => {
  const upgrade = (governed: Governed, options: CommandOptions = {}): Receipt =>
    governed.call("upgrade_system_contract", undefined, options);

  test("takes the chain's newest code and keeps address and state", () => {
    const governed = new Governed();
    const { network, system } = governed;
    governed.call("set_driver", (w) => w.str("Sample").raw(bob));
    expect(network.event({ kind: "systemCode", code: next as Uint8Array }).outcome).toBe("ok");
    expect(governed.version).toEqual([1, 2, 0]);
    expect(refused(upgrade(governed, { from: bob }))).toBe(true);
    expect(upgrade(governed).outcome).toBe("ok");
    expect(governed.version).toEqual([1, 0xffff, 0]);
    expect(network.runtime.systemContract).toEqual(system);
    expect(toHex(network.runtime.contractCode(system) as Uint8Array)).toBe(toHex(blake2_256(next as Uint8Array)));
    expect(
      governed.ask(
        "get_driver",
        (r) => r.option((o) => o.raw(32)),
        (w) => w.str("Sample"),
      ),
    ).toEqual(bob);
    expect(upgrade(governed).outcome).toBe("ok");
  });

  test("that the new code refuses leaves nothing behind, not even the code", () => {
    const governed = new Governed();
    const { network, system } = governed;
    network.event({ kind: "systemCode", code: refusing as Uint8Array });
    const before = network.runtime.stateRoot;
    const money = network.runtime.balance(alice);
    expect(upgrade(governed).outcome).toBe("trapped");
    expect(network.runtime.stateRoot).toEqual(before);
    expect(network.runtime.balance(alice)).toEqual(money);
    expect(network.runtime.codeExists(blake2_256(refusing as Uint8Array))).toBe(false);
    expect(toHex(network.runtime.contractCode(system) as Uint8Array)).toBe(toHex(blake2_256(current as Uint8Array)));
    expect(governed.version).toEqual([1, 2, 0]);
  });

  test("is not to be had by calling its last step oneself", () => {
    const governed = new Governed();
    expect(refused(governed.call("do_upgrade", (w) => w.u16(1).u16(2).u16(0)))).toBe(true);
  });

  test("that is only tried out, by an estimate or a query, stores no code", () => {
    const governed = new Governed();
    const { network, system } = governed;
    network.event({ kind: "systemCode", code: next as Uint8Array });
    for (const estimating of [true, false]) {
      const { result } = network.ask(system, message("upgrade_system_contract"), { estimating });
      expect(result).toMatchObject({ ok: true, flags: 0 });
    }
    expect(network.runtime.codeExists(blake2_256(next as Uint8Array))).toBe(false);
    expect(network.call(governed.user, extensionInput(12)).outcome).toBe("ok");
  });
});
