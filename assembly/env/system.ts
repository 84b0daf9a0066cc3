/**
 * What a cluster's system contract asks of its worker, by Pink events. Whoever else asks is not listened to; what a query
 * asks is dropped.
 */
import { depositEvent } from "./imports";
import { write } from "../scale";
import { SCRATCH, begin, reserve, written } from "../scratch";
import { AccountId, Hash } from "../types/fixed";

/** The rights of a system contract. */
export namespace system {
  /** Has a contract called at the end of every block, by the selector that the metadata prints, for its own money. */
  export function setHook(contract: AccountId, selector: u32, gasLimit: u64): void {
    open(2);
    write<u8>(0); // the only point: the end of a block
    write<AccountId>(contract);
    write<u32>(selector);
    write<u64>(gasLimit);
    send();
  }

  /** Names the contract that the cluster's log is for. */
  export function setLogHandler(contract: AccountId): void {
    open(8);
    write<AccountId>(contract);
    send();
  }

  /** Gives a contract its share of what the worker's contracts divide among them: of queries and of the cache. */
  export function setContractWeight(contract: AccountId, weight: u32): void {
    open(9);
    write<AccountId>(contract);
    write<u32>(weight);
    send();
  }

  /** Switches the contract runtime to a later version. */
  export function upgradeRuntimeTo(major: u32, minor: u32): void {
    open(10);
    write<u32>(major);
    write<u32>(minor);
    send();
  }

  /** Names the code that `worker.evaluate` runs. */
  export function setJsRuntime(code: Hash): void {
    open(12);
    write<Hash>(code);
    send();
  }
}

function open(index: u8): void {
  begin();
  store<u8>(reserve(1), index);
}

function send(): void {
  // One topic: SCALE of "phala.pink.event", padded to 32 bytes. Here, so that who sends none has none.
  const topics = memory.data<u8>([
    4, 0x40, 0x70, 0x68, 0x61, 0x6c, 0x61, 0x2e, 0x70, 0x69, 0x6e, 0x6b, 0x2e, 0x65, 0x76, 0x65, 0x6e, 0x74, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  ]);
  depositEvent(topics, 33, SCRATCH, <u32>written());
}
