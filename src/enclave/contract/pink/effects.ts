/**
 * What Pink events do once the call that emitted them is over: to hooks, weights, the cluster's record and the cache.
 *
 * Who may ask for what is judged here. What is denied or not to be read is skipped, with a line in the emitter's log and
 * no error to the contract.
 * @see phala-runtime.md, section 1.5
 * @module
 */

import { type ContractId, sameBytes } from "../../../wire/bytes.ts";
import type { ClusterRecord, Hook } from "../../state/records.ts";
import type { EmittedEvent, LogLevel } from "../call.ts";
import { isPinkEvent, type PinkEvent, pinkEventRules, readPinkEvent } from "./events.ts";

/** The newest runtime version that can be switched to. */
export const newestRuntimeVersion: readonly [major: number, minor: number] = [1, 2];

/** A cache, as far as effects change it. */
interface CacheTarget {
  set(contract: ContractId, key: Uint8Array, value: Uint8Array): unknown;
  setExpiration(contract: ContractId, key: Uint8Array, seconds: bigint): void;
  remove(contract: ContractId, key: Uint8Array): unknown;
}

/** What effects change. */
export interface EffectTarget {
  readonly cluster: ClusterRecord;
  readonly cache: CacheTarget;
  setHook(contract: ContractId, hook: Hook): void;
  setWeight(contract: ContractId, weight: number): void;
  setCluster(cluster: ClusterRecord): void;
  log(contract: ContractId, level: LogLevel, text: string): void;
}

function isNewer(version: readonly [number, number], than: readonly [number, number]): boolean {
  return version[0] > than[0] || (version[0] === than[0] && version[1] > than[1]);
}

function permitted(event: EmittedEvent, target: EffectTarget): PinkEvent | undefined {
  const asked = readPinkEvent(event.data);
  if (asked === undefined) {
    target.log(event.contract, 1, "a Pink event that cannot be read was ignored");
    return undefined;
  }
  const { systemContract } = target.cluster;
  const isSystem = systemContract !== undefined && sameBytes(event.contract, systemContract);
  if (pinkEventRules[asked.kind].from === "system" && !isSystem) {
    target.log(event.contract, 1, `${asked.kind} was ignored: only the system contract may ask for it`);
    return undefined;
  }
  return asked;
}

function applyCache(cache: CacheTarget, contract: ContractId, asked: PinkEvent & { kind: "CacheOp" }): void {
  const { operation } = asked;
  if (operation.kind === "set") cache.set(contract, operation.key, operation.value);
  else if (operation.kind === "remove") cache.remove(contract, operation.key);
  else cache.setExpiration(contract, operation.key, operation.seconds);
}

/**
 * Applies the Pink events of one transaction or hook, in order.
 * @param events all events of the call, ordinary ones among them.
 */
export function applyEffects(events: readonly EmittedEvent[], target: EffectTarget): void {
  for (const event of events) {
    if (!isPinkEvent(event)) continue;
    const asked = permitted(event, target);
    if (asked === undefined) continue;
    switch (asked.kind) {
      case "SetHook":
        target.setHook(asked.contract, { selector: asked.selector, gasLimit: asked.gasLimit });
        break;
      case "SetContractWeight":
        target.setWeight(asked.contract, asked.weight);
        break;
      case "SetLogHandler":
        target.setCluster({ ...target.cluster, logHandler: asked.contract });
        break;
      case "SetJsRuntime":
        target.setCluster({ ...target.cluster, jsRuntime: asked.code });
        break;
      case "UpgradeRuntimeTo": {
        const { version } = asked;
        if (!isNewer(version, target.cluster.runtimeVersion)) break;
        if (isNewer(version, newestRuntimeVersion)) {
          target.log(event.contract, 1, `runtime ${version.join(".")} was not switched to: it does not exist here`);
        } else target.setCluster({ ...target.cluster, runtimeVersion: version });
        break;
      }
      case "CacheOp":
        applyCache(target.cache, event.contract, asked);
        break;
      default:
        target.log(event.contract, 2, `${asked.kind} was ignored: there are no side programs here`);
    }
  }
}

/**
 * Applies the Pink events of a query that may have effects: those on the emitter's own cache.
 *
 * To be done once, with the events of the last pass. An estimate has none.
 */
export function applyQueryEffects(events: readonly EmittedEvent[], cache: CacheTarget): void {
  for (const event of events) {
    if (!isPinkEvent(event)) continue;
    const asked = readPinkEvent(event.data);
    if (asked?.kind === "CacheOp" && pinkEventRules.CacheOp.inQuery) applyCache(cache, event.contract, asked);
  }
}
