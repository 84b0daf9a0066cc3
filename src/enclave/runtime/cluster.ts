/**
 * A cluster as messages of the chain change it: its deployment, uploads, deposits, and the system contract's code.
 * @module
 */

import { type ContractId, sameBytes } from "../../wire/bytes.ts";
import { writeEgressRules } from "../../wire/egress-rules.ts";
import type { ClusterEvent, MessageOrigin } from "../../wire/message.ts";
import { encode } from "../../wire/scale.ts";
import { mint } from "../contract/balances.ts";
import { upload } from "../contract/codes.ts";
import { DispatchFault, tokenFault } from "../contract/dispatch-error.ts";
import { type Engine, type Moment, RootExecution } from "../contract/execution.ts";
import { maxCodeLength } from "../contract/limits.ts";
import { newestRuntimeVersion } from "../contract/pink/effects.ts";
import { instantiateRoot } from "../contract/root.ts";
import type { Journal } from "../state/journal.ts";
import { type ClusterRecord, isProfile } from "../state/records.ts";
import { payGas, transactionGasLimit } from "./payment.ts";
import { done, type Outcome, outcomeOf, refusal, type Subject } from "./receipts.ts";

/** The constructor `default`, with which a system contract is made. */
const defaultConstructor = Uint8Array.of(0xed, 0x4b, 0x9d, 0x1b);
/**
 * What the owner of a new cluster is given so that the system contract's account, and his own, can exist; the deposit
 * limit sets aside one more.
 */
const setupFund = 3n;
const nothing = new Uint8Array(0);

/** What a cluster event is applied with. */
export interface ClusterContext {
  readonly engine: Engine;
  readonly moment: Moment;
  readonly journal: Journal;
  /** Whether the sender may do what only governance may. */
  readonly governs: boolean;
  readonly sender: MessageOrigin;
  /** Applies what an execution's Pink events ask for. */
  readonly applyEffects: (execution: RootExecution) => void;
}

const noSubject: Subject = { nonce: nothing, contract: undefined };

/** Applies a cluster event and gives its receipt. */
export function applyClusterEvent(event: ClusterEvent, context: ClusterContext): Outcome {
  switch (event.kind) {
    case "deploy":
      return context.governs ? deploy(event, context) : refusal(noSubject, "only the chain deploys clusters");
    case "upload":
      return uploadCode(event, context);
    case "deposit": {
      const { journal, sender } = context;
      if (sender.kind !== "pallet") return refusal(noSubject, "only the chain makes deposits");
      const refused = otherCluster(journal, event.cluster);
      if (refused !== undefined) return refused;
      mint(journal, event.to, event.amount);
      return done(noSubject, nothing, [], 0n);
    }
    case "systemCode": {
      const { cluster } = context.journal.state;
      if (!context.governs) return refusal(noSubject, "only the chain sets the system contract's code");
      if (cluster === undefined) return refusal(noSubject, "there is no cluster");
      if (event.code.length > maxCodeLength) return refusal(noSubject, "the code is too large");
      context.journal.setCluster({ ...cluster, systemCode: event.code });
      return done(noSubject, nothing, [], 0n);
    }
    case "egress":
      return setEgress(event, context);
  }
}

function otherCluster(journal: Journal, id: Uint8Array): Outcome | undefined {
  const { cluster } = journal.state;
  if (cluster === undefined) return refusal(noSubject, "there is no cluster");
  if (cluster.id.some((byte, i) => byte !== id[i])) return refusal(noSubject, "this worker serves another cluster");
  return undefined;
}

function setEgress(event: ClusterEvent & { kind: "egress" }, { journal, sender }: ClusterContext): Outcome {
  const { contract, rules } = event;
  const subject: Subject = { nonce: nothing, contract };
  const refused = otherCluster(journal, event.cluster);
  if (refused !== undefined) return refused;
  if (sender.kind !== "account" || !sameBytes(sender.id, journal.state.cluster!.owner)) {
    return refusal(subject, "only the cluster's owner sets what its contracts may reach");
  }
  journal.setEgress(contract, rules === undefined ? undefined : encode(rules, writeEgressRules));
  return done(subject, nothing, [], 0n);
}

function uploadCode(event: ClusterEvent & { kind: "upload" }, context: ClusterContext): Outcome {
  const { journal, sender, engine } = context;
  const refused = otherCluster(journal, event.cluster);
  if (refused !== undefined) return refused;
  if (sender.kind !== "account") return refusal(noSubject, "only an account uploads code");
  const cluster = journal.state.cluster!;
  const { code, determinism } = event;
  const uploader = sender.id;
  const palletEvents: Uint8Array[] = [];
  let gasUsed = 0n;
  // Checking is work whatever comes of it: it is paid for before it is done, and not given back.
  const charge = (gas: number): void => {
    if (!payGas(journal, cluster, uploader, gas)) throw tokenFault("FundsUnavailable");
    gasUsed = BigInt(gas);
  };
  const request = { code, uploader, determinism, charge };
  try {
    const emit = (palletEvent: Uint8Array): unknown => palletEvents.push(palletEvent);
    const { hash, deposit } = upload(journal, engine.codes, cluster, request, emit);
    return { ...done(noSubject, hash, palletEvents, deposit), gasUsed, gasRequired: gasUsed };
  } catch (error) {
    if (!(error instanceof DispatchFault)) throw error;
    return { ...refusal(noSubject, String(error.facts.detail ?? error.message), error), gasUsed, gasRequired: gasUsed };
  }
}

function deploy(event: ClusterEvent & { kind: "deploy" }, context: ClusterContext): Outcome {
  const { journal } = context;
  if (journal.state.cluster !== undefined) return refusal(noSubject, "this worker serves a cluster already");
  if (!isProfile(event.profile)) return refusal(noSubject, `there is no profile ${JSON.stringify(event.profile)}`);
  const { depositPerItem, depositPerByte } = event;
  const cluster: ClusterRecord = {
    id: event.cluster,
    owner: event.owner,
    treasury: event.treasury,
    gasPrice: event.gasPrice,
    // What sets the cluster up costs nobody a deposit: its owner has no money in it yet.
    depositPerItem: 0n,
    depositPerByte: 0n,
    profile: event.profile,
    systemContract: undefined,
    systemCode: event.systemCode,
    logHandler: undefined,
    jsRuntime: undefined,
    runtimeVersion: newestRuntimeVersion,
    nonce: 0,
  };
  const mark = journal.mark();
  journal.setCluster(cluster);
  const system = event.systemCode === undefined ? undefined : makeSystemContract(event.systemCode, cluster, context);
  if (system !== undefined && (system.outcome !== "ok" || system.contract === undefined)) {
    journal.rollback(mark);
    return { ...system, contract: undefined, events: [], palletEvents: [] };
  }
  journal.setCluster({ ...journal.state.cluster!, depositPerItem, depositPerByte });
  return system ?? done(noSubject, nothing, [], 0n);
}

function makeSystemContract(code: Uint8Array, cluster: ClusterRecord, context: ClusterContext): Outcome {
  const { engine, moment, journal } = context;
  const { owner } = cluster;
  mint(journal, owner, setupFund);
  try {
    const { hash } = upload(
      journal,
      engine.codes,
      cluster,
      { code, uploader: owner, determinism: "enforced", charge: () => undefined },
      () => undefined,
    );
    // Until it has an id of its own the cluster has no system contract; its constructor asks for none.
    const execution = new RootExecution(engine, moment, journal, cluster, {
      origin: owner,
      entryContract: owner as unknown as ContractId,
    });
    const result = instantiateRoot(execution, {
      codeHash: hash,
      salt: nothing,
      value: 0n,
      input: defaultConstructor,
      gas: transactionGasLimit,
      storageDepositLimit: undefined,
    });
    const outcome = outcomeOf(noSubject, execution, result);
    if (outcome.outcome === "ok") {
      journal.setCluster({ ...journal.state.cluster!, systemContract: outcome.contract });
      context.applyEffects(execution);
    }
    return outcome;
  } catch (error) {
    if (error instanceof DispatchFault) return refusal(noSubject, String(error.facts.detail ?? error.message), error);
    throw error;
  }
}
