/**
 * The contract SDK: everything that a contract imports from "phatvm/assembly".
 */
import { AccountId, Bytes32, Hash } from "./types/fixed";
import { u128 } from "./types/u128";

export { env } from "./env/index";
export { Call, CallError, ClusterCall, clusters, contracts, Deployment } from "./env/contracts";
export { crypto, hash, keys, SigType } from "./env/crypto";
export { Header, http, HttpError, HttpRequest, HttpResponse } from "./env/http";
export { Json, JsonKind } from "./env/json";
export { system } from "./env/system";
export { cache, clock, cluster, log, random, worker } from "./env/worker";
export { emit } from "./events";
export { DoubleMapping, Mapping } from "./storage/mapping";
export { Lazy } from "./storage/lazy";
export { StorageList } from "./storage/list";
export { rawStorage } from "./storage/raw";
export { err, none, ok, Option, Result, some } from "./types/choice";
export { FixedArray, Pair, pair, Triple, triple } from "./types/array";
export { i128 } from "./types/i128";
export { u256 } from "./types/u256";
export { AccountId, Bytes32, Hash, u128 };

/** An amount of the chain's currency. */
export type Balance = u128;
/** The number of a block. */
export type BlockNumber = u32;
/** Milliseconds since 1970. */
export type Timestamp = u64;
/** A string of bytes. */
export type Bytes = Uint8Array;
