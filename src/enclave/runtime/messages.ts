/**
 * The messages of a block, one by one: each ends in a receipt, whatever is in it.
 *
 * A message is bytes from outside: what cannot be read, comes from the wrong sender or asks for what is not there is
 * refused, and the next one is read. Effects of one message are applied before the next.
 * @module
 */

import { EngineError } from "../../errors.ts";
import { type AccountId, type ContractId, contractId, fromHex, sameBytes } from "../../wire/bytes.ts";
import {
  clusterTopic,
  contractOpTopic,
  type InkCommand,
  type Message,
  readClusterEvent,
  readCommand,
  readInstantiation,
} from "../../wire/message.ts";
import { registryTopic } from "../../wire/registry.ts";
import { decode, type Reader } from "../../wire/scale.ts";
import { contractAddress } from "../contract/address.ts";
import { tokenFault } from "../contract/dispatch-error.ts";
import { type Engine, type Moment, RootExecution } from "../contract/execution.ts";
import { callRoot, instantiateRoot, type RootResult } from "../contract/root.ts";
import type { Journal } from "../state/journal.ts";
import type { ClusterRecord } from "../state/records.ts";
import { applyClusterEvent } from "./cluster.ts";
import { clipGas, payGas, refundGas, transactionGasLimit } from "./payment.ts";
import { done, type Outcome, outcomeOf, refusal, type Subject } from "./receipts.ts";

/** What messages are handled with. */
export interface MessageContext {
  readonly engine: Engine;
  readonly moment: Moment;
  readonly journal: Journal;
  /** The account that governs the chain. */
  readonly governor: AccountId;
  /** Applies what the chain tells of its registry. @returns what is wrong with it, if anything. */
  readonly applyRegistry: (message: Message) => string | undefined;
  /** Applies what an execution's Pink events ask for. */
  readonly applyEffects: (execution: RootExecution) => void;
}

const nothing = new Uint8Array(0);
const anonymous: Subject = { nonce: nothing, contract: undefined };
/** What a command in the clear starts with: two tags; a selector has four bytes. */
const selectorLength = 4;

/** Handles one message. */
export function handleMessage(message: Message, context: MessageContext): Outcome {
  const { destination } = message;
  if (destination === clusterTopic) return cluster(message, context);
  if (destination === contractOpTopic) return instantiate(message, context);
  if (destination === registryTopic) return registry(message, context);
  const contract = commandTarget(destination);
  return contract === undefined
    ? refusal(anonymous, "nobody listens to this topic")
    : command(message, contract, context);
}

/** Reads a payload; what cannot be read is told in words. */
function read<T>(message: Message, what: string, reader: (r: Reader) => T): T | string {
  try {
    return decode(message.payload, what, reader);
  } catch (error) {
    if (error instanceof EngineError && error.code === "Undecodable") return error.message;
    throw error;
  }
}

function cluster(message: Message, context: MessageContext): Outcome {
  const event = read(message, "cluster event", readClusterEvent);
  if (typeof event === "string") return refusal(anonymous, event);
  const { sender } = message;
  const governs = sender.kind === "pallet" || (sender.kind === "account" && sameBytes(sender.id, context.governor));
  return applyClusterEvent(event, { ...context, governs, sender });
}

function registry(message: Message, context: MessageContext): Outcome {
  const refused = context.applyRegistry(message);
  return refused === undefined ? done(anonymous, nothing, [], 0n) : refusal(anonymous, refused);
}

function instantiate(message: Message, context: MessageContext): Outcome {
  const op = read(message, "instantiation", readInstantiation);
  if (typeof op === "string") return refusal(anonymous, op);
  const subject: Subject = { nonce: op.salt.slice(0, 32), contract: undefined };
  const { sender } = message;
  if (sender.kind !== "account") return refusal(subject, "only an account makes contracts");
  const { cluster: record } = context.journal.state;
  if (record === undefined || !sameBytes(record.id, op.cluster))
    return refusal(subject, "this worker serves another cluster");
  const id = contractAddress(sender.id, op.codeHash, record.id, op.salt);
  return pay(subject, sender.id, id, op.gasLimit, false, record, context, (execution, gas) =>
    instantiateRoot(execution, {
      codeHash: op.codeHash,
      salt: op.salt,
      value: op.transfer,
      input: op.data,
      gas,
      storageDepositLimit: op.storageDepositLimit,
    }),
  );
}

function command(message: Message, contract: ContractId, context: MessageContext): Outcome {
  const payload = read(message, "command", readCommand);
  if (typeof payload === "string") return refusal({ nonce: nothing, contract }, payload);
  if (payload.kind === "encrypted") {
    return refusal({ nonce: nothing, contract }, "this worker takes no sealed commands");
  }
  return plainCommand(message, contract, payload.command, context);
}

function plainCommand(message: Message, contract: ContractId, ink: InkCommand, context: MessageContext): Outcome {
  const subject: Subject = { nonce: ink.nonce, contract };
  const { cluster: record } = context.journal.state;
  if (record === undefined) return refusal(subject, "there is no cluster");
  if (ink.message.length < selectorLength) return refusal(subject, "the message is shorter than a selector");
  const { sender } = message;
  const free = sender.kind === "pallet";
  const origin = sender.kind === "account" ? sender.id : free ? record.systemContract : undefined;
  if (origin === undefined) {
    return refusal(subject, free ? "the cluster has no system contract" : `a ${sender.kind} sends no commands`);
  }
  return pay(subject, origin, contract, ink.gasLimit, free, record, context, (execution, gas) =>
    callRoot(execution, {
      contract,
      value: ink.transfer,
      input: ink.message,
      gas,
      storageDepositLimit: ink.storageDepositLimit,
    }),
  );
}

/** Runs a root call as a transaction: gas is bought first and what is left of it given back. */
export function pay(
  subject: Subject,
  origin: AccountId,
  entryContract: ContractId,
  gasLimit: bigint,
  free: boolean,
  cluster: ClusterRecord,
  context: Omit<MessageContext, "governor" | "applyRegistry">,
  run: (execution: RootExecution, gas: number) => RootResult,
): Outcome {
  const { engine, moment, journal } = context;
  const gas = clipGas(gasLimit, transactionGasLimit);
  if (!free && !payGas(journal, cluster, origin, gas)) {
    return refusal(subject, "the sender cannot pay for the gas", tokenFault("FundsUnavailable"));
  }
  const execution = new RootExecution(engine, moment, journal, cluster, { origin, entryContract });
  const result = run(execution, gas);
  if (!free) refundGas(journal, cluster, origin, gas - result.gasUsed);
  const debug = execution.debugText();
  if (debug.length > 0) execution.log(entryContract, 4, new TextDecoder().decode(debug));
  if (result.end.type === "returned" && !result.end.reverted && execution.events.length > 0) {
    context.applyEffects(execution);
  }
  return outcomeOf(subject, execution, result);
}

const prefix = "phala/contract/";
const suffix = "/command";
const hexDigits = /^[0-9a-f]{64}$/;
/** Topics come again and again: their contracts are kept, up to a bound. */
const targets = new Map<string, ContractId>();
const targetsKept = 4096;

/** The contract of a command topic; undefined for any other topic. */
function commandTarget(topic: string): ContractId | undefined {
  const known = targets.get(topic);
  if (known !== undefined) return known;
  if (!topic.startsWith(prefix) || !topic.endsWith(suffix)) return undefined;
  const hex = topic.slice(prefix.length, -suffix.length);
  if (!hexDigits.test(hex)) return undefined;
  const id = contractId(fromHex(hex));
  if (targets.size >= targetsKept) targets.clear();
  targets.set(topic, id);
  return id;
}
