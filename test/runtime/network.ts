/**
 * A chain of one authority in front of a runtime: signs blocks as the host's chain does, and nothing else.
 * @module
 */

import wabtInit from "wabt";
import { ed25519Signer } from "../../src/crypto/ed25519.ts";
import { blake2_256 } from "../../src/crypto/hash.ts";
import { contractAddress } from "../../src/enclave/contract/address.ts";
import { keysFromRoot } from "../../src/enclave/keys/from-root.ts";
import type { QueryPass } from "../../src/enclave/runtime/query.ts";
import { Runtime, type RuntimeLog } from "../../src/enclave/runtime/runtime.ts";
import { Machine } from "../../src/vm/index.ts";
import {
  finalityMessage,
  type Genesis,
  messagesBytes,
  type RelayedBlock,
  writeGenesis,
  writeHeader,
} from "../../src/wire/block.ts";
import {
  type AccountId,
  accountId,
  blockHash,
  type CodeHash,
  type ContractId,
  clusterNumber,
  codeHash,
} from "../../src/wire/bytes.ts";
import {
  type ClusterEvent,
  clusterMessage,
  commandTopic,
  contractOpTopic,
  type Message,
  type MessageOrigin,
  writeCommand,
  writeInstantiation,
} from "../../src/wire/message.ts";
import type { QueryAnswer, QueryRequest } from "../../src/wire/query.ts";
import type { Receipt } from "../../src/wire/receipt.ts";
import { encode } from "../../src/wire/scale.ts";

const wabt = await wabtInit();

/** Assembles a module. */
export function wat(text: string): Uint8Array {
  const module = wabt.parseWat("test.wat", text, { sign_extension: true, bulk_memory: true, mutable_globals: true });
  module.resolveNames();
  module.validate();
  const { buffer } = module.toBinary({ write_debug_names: true });
  module.destroy();
  return Uint8Array.from(buffer);
}

export const pallet: MessageOrigin = { kind: "pallet", name: new TextEncoder().encode("phala") };
export const alice = accountId(new Uint8Array(32).fill(0xa1));
export const bob = accountId(new Uint8Array(32).fill(0xb0));
export const treasury = accountId(new Uint8Array(32).fill(0x77));
export const cluster = clusterNumber(1);
const authority = ed25519Signer(new Uint8Array(32).fill(9));
const startTime = 1_700_000_000_000n;

export const genesis: Genesis = {
  name: "test",
  authority: authority.publicKey,
  governor: alice,
  timestamp: startTime,
  endowed: [],
  attestation: { simulated: true, validMs: 1_000_000n, mostAgeMs: 100_000n },
  seed: new Uint8Array(32).fill(5),
};
export const genesisBytes = encode(genesis, writeGenesis);

export interface Prices {
  readonly gasPrice?: bigint;
  readonly depositPerItem?: bigint;
  readonly depositPerByte?: bigint;
  readonly profile?: string;
  readonly systemCode?: Uint8Array;
}

export interface CommandOptions {
  readonly from?: AccountId;
  readonly value?: bigint;
  readonly gas?: bigint;
  readonly limit?: bigint;
  readonly nonce?: Uint8Array;
  readonly sender?: MessageOrigin;
}

export const plentyOfGas = 2_000_000_000_000n;

/** A network. */
export class Network {
  runtime: Runtime;
  readonly logs: RuntimeLog[] = [];
  timestamp = startTime;

  constructor(runtime?: Runtime) {
    this.runtime = runtime ?? Runtime.create(genesisBytes, this.services());
  }

  services() {
    return {
      machine: new Machine(),
      keys: keysFromRoot(new Uint8Array(32).fill(3)),
      log: (record: RuntimeLog) => this.logs.push(record),
    };
  }

  /** A network with a cluster in which alice and bob have money. */
  static start(prices: Prices = {}, money = 10n ** 18n): Network {
    const network = new Network();
    network.found(prices, money);
    return network;
  }

  /** Deploys the cluster and gives alice and bob money. */
  found(prices: Prices = {}, money = 10n ** 18n): void {
    this.block([
      clusterMessage(pallet, {
        kind: "deploy",
        cluster,
        owner: alice,
        treasury,
        gasPrice: prices.gasPrice ?? 0n,
        depositPerItem: prices.depositPerItem ?? 0n,
        depositPerByte: prices.depositPerByte ?? 0n,
        profile: prices.profile ?? "deterministic",
        systemCode: prices.systemCode,
      }),
      ...[alice, bob].map((to) => clusterMessage(pallet, { kind: "deposit", cluster, to, amount: money })),
    ]);
  }

  /** The next block, signed. */
  make(messages: readonly Message[], change: Partial<RelayedBlock["header"]> = {}): RelayedBlock {
    const header = {
      number: this.runtime.height + 1,
      parent: this.runtime.hash,
      timestamp: this.timestamp + 1000n,
      messagesRoot: blake2_256(messagesBytes(messages)),
      extrinsicsRoot: new Uint8Array(32),
      ...change,
    };
    const hash = blockHash(blake2_256(encode(header, writeHeader)));
    return { header, justification: { signature: authority.sign(finalityMessage(hash)) }, messages };
  }

  /** Executes a block of these messages. */
  block(messages: readonly Message[]): readonly Receipt[] {
    const { sealed } = this.runtime.dispatch(this.make(messages));
    this.timestamp += 1000n;
    return sealed.receipts;
  }

  /** Executes a block of one message. */
  one(message: Message): Receipt {
    return this.block([message])[0]!;
  }

  event(event: ClusterEvent, sender: MessageOrigin = pallet): Receipt {
    return this.one(clusterMessage(sender, event));
  }

  upload(code: Uint8Array, determinism: "enforced" | "relaxed" = "enforced", from = alice): Receipt {
    return this.event({ kind: "upload", cluster, determinism, code }, { kind: "account", id: from });
  }

  instantiate(hash: CodeHash, data: Uint8Array, options: CommandOptions & { salt?: Uint8Array } = {}): Receipt {
    const op = {
      cluster,
      codeHash: hash,
      data,
      salt: options.salt ?? new Uint8Array(0),
      transfer: options.value ?? 0n,
      gasLimit: options.gas ?? plentyOfGas,
      storageDepositLimit: options.limit,
    };
    const sender = options.sender ?? ({ kind: "account", id: options.from ?? alice } as const);
    return this.one({ sender, destination: contractOpTopic, payload: encode(op, writeInstantiation) });
  }

  /** Uploads and instantiates; both must succeed. */
  deploy(code: Uint8Array, data = selectors.new, options: CommandOptions & { salt?: Uint8Array } = {}): ContractId {
    const uploaded = this.upload(code);
    if (uploaded.outcome !== "ok") throw new Error(`upload: ${uploaded.diagnosis}`);
    const receipt = this.instantiate(codeHash(uploaded.output), data, options);
    if (receipt.outcome !== "ok") throw new Error(`instantiate: ${receipt.outcome} ${receipt.diagnosis}`);
    return receipt.contract!;
  }

  call(contract: ContractId, message: Uint8Array, options: CommandOptions = {}): Receipt {
    return this.one(command(contract, message, options));
  }

  pass(request: Partial<QueryRequest> & Pick<QueryRequest, "contract" | "body">): QueryPass {
    return this.runtime.query(
      { origin: alice, deposit: 0n, transfer: 0n, gasLimit: undefined, ...request },
      { nowMs: 1_800_000_000_000n, random: (length) => new Uint8Array(length).fill(4) },
    );
  }

  ask(
    contract: ContractId,
    payload: Uint8Array,
    rest: Partial<QueryRequest> & { estimating?: boolean } = {},
  ): QueryAnswer {
    const { estimating = false, ...request } = rest;
    const pass = this.pass({ contract, body: { kind: "message", payload, estimating }, ...request });
    if (pass.type !== "answered") throw new Error("suspended");
    return pass.answer;
  }
}

/** A network that keeps its blocks. */
export class Recorded extends Network {
  readonly blocks: RelayedBlock[] = [];

  override make(...parameters: Parameters<Network["make"]>): RelayedBlock {
    const block = super.make(...parameters);
    this.blocks.push(block);
    return block;
  }
}

/** A command as a message. */
export function command(contract: ContractId, message: Uint8Array, options: CommandOptions = {}): Message {
  const payload = encode(
    {
      kind: "plain" as const,
      command: {
        nonce: options.nonce ?? new Uint8Array(0),
        message,
        transfer: options.value ?? 0n,
        gasLimit: options.gas ?? plentyOfGas,
        storageDepositLimit: options.limit,
      },
    },
    writeCommand,
  );
  const sender = options.sender ?? ({ kind: "account", id: options.from ?? alice } as const);
  return { sender, destination: commandTopic(contract), payload };
}

export const selectors = {
  new: Uint8Array.of(0x9b, 0xae, 0x9d, 0x5e),
  get: Uint8Array.of(0x2f, 0x86, 0x5b, 0xd9),
  flip: Uint8Array.of(0x63, 0x3a, 0xa5, 0x51),
};

/** The bytes of a hex text. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "hex"));
}

/** The hex of bytes. */
export function toText(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString("hex");
}

export { contractAddress };
