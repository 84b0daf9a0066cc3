/**
 * What the chain itself keeps of accounts, and the rules by which an extrinsic changes it and becomes a message.
 *
 * The rules run twice over the same code: for what waits, to refuse at the door what could not be included, and for a
 * block, to make it. Each works on a view that gathers changes over the store.
 * @module
 */

import { blake2_256 } from "../../crypto/hash.ts";
import { EngineError } from "../../errors.ts";
import { type AccountId, type ContractId, sameBytes, toHex } from "../../wire/bytes.ts";
import type { Extrinsic } from "../../wire/extrinsic.ts";
import {
  clusterMessage,
  commandTopic,
  contractOpTopic,
  type Message,
  writeCommand,
  writeInstantiation,
} from "../../wire/message.ts";
import { type RegistryEvent, registryMessage } from "../../wire/registry.ts";
import { decode, encode } from "../../wire/scale.ts";
import { key, type Store, type Write } from "../store/store.ts";
import { chainOrigin, embeddedCluster } from "./genesis.ts";
import { applyRegistryCall, type RegistryRules, type RegistryTurn } from "./registry.ts";

/** An account on the chain. */
export interface Account {
  /** u32: the number of extrinsics it has had included. */
  readonly nonce: number;
  readonly free: bigint;
  /** Held as stake for contracts. */
  readonly held: bigint;
}

const nobody: Account = { nonce: 0, free: 0n, held: 0n };

/** Changes gathered over a store, which itself stays as it is. */
export class LedgerView {
  private readonly store: Pick<Store, "get">;
  private readonly changes = new Map<string, Write & { readonly value: Uint8Array }>();

  constructor(store: Pick<Store, "get">) {
    this.store = store;
  }

  /** The value of a key as the changes leave it. */
  get(name: Uint8Array): Uint8Array | undefined {
    return this.changes.get(toHex(name))?.value ?? this.store.get(name);
  }

  set(name: Uint8Array, value: Uint8Array): void {
    this.changes.set(toHex(name), { key: name, value });
  }

  account(id: Uint8Array): Account {
    const bytes = this.get(key("account", id));
    if (bytes === undefined) return nobody;
    return decode(bytes, "account", (r) => ({ nonce: r.u32(), free: r.u128(), held: r.u128() }));
  }

  setAccount(id: Uint8Array, account: Account): void {
    this.set(
      key("account", id),
      encode(account, (w, a) => w.u32(a.nonce).u128(a.free).u128(a.held)),
    );
  }

  private amount(name: Uint8Array): bigint {
    const bytes = this.get(name);
    return bytes === undefined ? 0n : decode(bytes, "amount", (r) => r.u128());
  }

  /** What an account holds for a contract. */
  stake(account: Uint8Array, contract: Uint8Array): bigint {
    return this.amount(key("stake", account, contract));
  }

  /** What all accounts hold for a contract. */
  totalStake(contract: Uint8Array): bigint {
    return this.amount(key("stakeTotal", contract));
  }

  setStake(account: Uint8Array, contract: Uint8Array, stake: bigint): void {
    const total = this.totalStake(contract) - this.stake(account, contract) + stake;
    const write = (amount: bigint): Uint8Array => encode(amount, (w, a) => w.u128(a));
    this.set(key("stake", account, contract), write(stake));
    this.set(key("stakeTotal", contract), write(total));
  }

  /** The changes, for a commit. */
  writes(): Write[] {
    return [...this.changes.values()];
  }
}

/** What of the chain the rules depend on. */
export interface Rules {
  readonly governor: AccountId;
  /** The cluster's system contract, which stakes are told to; undefined when it has none. */
  readonly systemContract: ContractId | undefined;
  readonly registry: RegistryRules;
}

/** Which block a rule is applied for. */
export interface Turn extends RegistryTurn {
  /** Whether an extrinsic whose time has passed is refused by its receipt, being in the block already. */
  readonly included: boolean;
}

/** Gas for telling the system contract of a stake; nobody pays for it. */
const STAKE_GAS = 2_500_000_000_000n;
/** `change_deposit` of the system contract. */
const CHANGE_DEPOSIT = [0xa2, 0x4b, 0xcb, 0x44];

function take(view: LedgerView, id: Uint8Array, amount: bigint): Account {
  const account = view.account(id);
  if (account.free < amount) {
    throw new EngineError("InsufficientBalance", { account: toHex(id), free: account.free, needed: amount });
  }
  return { ...account, free: account.free - amount };
}

/**
 * Applies one extrinsic, whose signature and nonce are settled, and gives the message that it becomes.
 * @throws {EngineError} `InsufficientBalance`, `NotPermitted`, `ClusterUnknown`, `NoSystemContract`, and what the
 *   registry says; then nothing changed.
 */
export function applyExtrinsic(view: LedgerView, extrinsic: Extrinsic, rules: Rules, turn: Turn): Message {
  const { call, signer } = extrinsic;
  const sender = { kind: "account", id: signer } as const;
  const message = ((): Message => {
    switch (call.kind) {
      case "instantiate":
        return { sender, destination: contractOpTopic, payload: encode(call.op, writeInstantiation) };
      case "command":
        return { sender, destination: commandTopic(call.contract), payload: encode(call.payload, writeCommand) };
      case "cluster": {
        const { event } = call;
        if (event.kind === "systemCode") {
          if (!sameBytes(signer, rules.governor)) {
            throw new EngineError("NotPermitted", { account: toHex(signer), what: "set the system contract's code" });
          }
          return clusterMessage(sender, event);
        }
        if (!sameBytes(event.cluster, embeddedCluster)) {
          throw new EngineError("ClusterUnknown", { cluster: toHex(event.cluster) });
        }
        if (event.kind === "upload") return clusterMessage(sender, event);
        if (event.kind === "egress") {
          // The governor owns the embedded cluster; the enclave checks again.
          if (!sameBytes(signer, rules.governor)) {
            throw new EngineError("NotPermitted", { account: toHex(signer), what: "set what contracts may reach" });
          }
          return clusterMessage(sender, event);
        }
        // The chain takes the amount and answers for it: the message is its own.
        view.setAccount(signer, take(view, signer, event.amount));
        return clusterMessage(chainOrigin, event);
      }
      case "registry": {
        const event = ((): RegistryEvent => {
          try {
            const governs = sameBytes(signer, rules.governor);
            if (!governs && call.call.kind !== "registerWorker") {
              throw new EngineError("NotPermitted", { account: toHex(signer), what: "change what the chain trusts" });
            }
            return applyRegistryCall(view, call.call, rules.registry, turn);
          } catch (error) {
            if (!turn.included || !(error instanceof EngineError)) throw error;
            return { kind: "refused", reason: `${error.code}: ${error.message.split("\n", 1)[0]}` };
          }
        })();
        return registryMessage(chainOrigin, event);
      }
      case "adjustStake": {
        const { contract, amount } = call;
        if (rules.systemContract === undefined) throw new EngineError("NoSystemContract");
        const before = view.stake(signer, contract);
        const account =
          amount > before
            ? take(view, signer, amount - before)
            : { ...view.account(signer), free: view.account(signer).free + before - amount };
        view.setAccount(signer, { ...account, held: account.held + amount - before });
        view.setStake(signer, contract, amount);
        const nonce = blake2_256(encode(extrinsic, (w, x) => w.raw(x.signer).u32(x.nonce)));
        const told = encode(view.totalStake(contract), (w, total) => w.raw(CHANGE_DEPOSIT).raw(contract).u128(total));
        return {
          sender: chainOrigin,
          destination: commandTopic(rules.systemContract),
          payload: encode(
            {
              kind: "plain",
              command: {
                nonce,
                message: told,
                transfer: 0n,
                gasLimit: STAKE_GAS,
                storageDepositLimit: undefined,
              },
            } as const,
            writeCommand,
          ),
        };
      }
    }
  })();
  const account = view.account(signer);
  view.setAccount(signer, { ...account, nonce: account.nonce + 1 });
  return message;
}
