/**
 * What a host may tell an enclave about queries and the internet: policy, limits, and what came of it in figures.
 *
 * The settings cross the boundary as one text of JSON inside a frame. They are the host's, so they are read like
 * anything hostile: an unknown field, a wrong type or a number out of bounds is an error, never a policy that is wider
 * than what was meant.
 * @module
 */

import { EngineError } from "../errors.ts";
import type { Reader, Writer } from "./scale.ts";

/** What a request must be for a rule to apply; what is left out applies to all. */
export interface EgressRule {
  readonly scheme?: "http" | "https";
  /** A host name, an address, `*.example.org` for all names below one, or `*`. */
  readonly host?: string;
  readonly port?: number;
  /** In capitals: `GET`. */
  readonly method?: string;
}

/** What may be asked for, and how much. */
export interface EgressRules {
  /** With it, only what one of these rules applies to. */
  readonly allow?: readonly EgressRule[];
  /** Nothing that one of these rules applies to; stronger than `allow`. */
  readonly deny?: readonly EgressRule[];
  /** Requests of one contract within a minute, redirects counted. */
  readonly requestsPerMinute?: number;
  /** Bytes of one contract's requests and answers within a minute. */
  readonly bytesPerMinute?: number;
}

/** The way of contracts to the internet. */
export interface EgressOptions extends EgressRules {
  /** False: there is none, every request is refused. Default true. */
  readonly enabled?: boolean;
  /**
   * Ranges (`127.0.0.0/8`, `::1`) that are opened although they are private, loopback, link-local, multicast,
   * unspecified or otherwise not of the public internet. Default: none.
   */
  readonly openAddresses?: readonly string[];
  /** Ranges that are closed although they are public; stronger than `openAddresses`. */
  readonly closeAddresses?: readonly string[];
  /** Names that are not looked up: their addresses, which are judged like any other. */
  readonly hosts?: Readonly<Record<string, readonly string[]>>;
  /** Certificates, in PEM, that TLS is checked against in place of the platform's roots. */
  readonly roots?: readonly string[];
  /** Connections to one origin at once. Default 1024. */
  readonly connections?: number;
  /** What applies to single contracts, by id (`0x…`), on top of what applies to all. */
  readonly contracts?: Readonly<Record<string, EgressRules>>;
}

/** What queries may take. */
export interface QueryLimits {
  /** Milliseconds that a query may take in all, 5000 to 600000; what is outside is moved there. Default 10000. */
  readonly timeoutMs?: number;
  /** Milliseconds that a query may compute at a stretch; blocks wait that long at most. Default 5000. */
  readonly passMs?: number;
  /** Requests that one query may make. Default 32. */
  readonly requests?: number;
  /** Bytes that one query may send and receive. Default 16 MiB. */
  readonly bytes?: number;
  /** Queries that may be under way at once, those that wait for an answer counted. Default 8192. */
  readonly concurrent?: number;
  /** Queries that may wait for their turn. Default 4096. */
  readonly backlog?: number;
  /**
   * Whether logs of queries are given, and taken, in the clear. A log in the clear shows what the contract saw in
   * secret and lets whoever writes one choose what a contract is told: for tests and offline work. Default false:
   * sealed, for this enclave alone.
   */
  readonly clearLogs?: boolean;
}

/** What of the machine an enclave may take. */
export interface EnclaveLimits {
  /**
   * Bytes of contract state and code that are kept in memory: what is cold goes, sealed, to the folder, and comes back
   * when it is used. At least 1 MiB; default 512 MiB. A network without a folder keeps everything in memory.
   */
  readonly memoryBytes?: number;
}

/** What an enclave is set to. */
export interface EnclaveSettings {
  readonly egress: EgressOptions;
  readonly queries: QueryLimits;
  readonly enclave: EnclaveLimits;
}

type Check = (value: unknown, where: string) => void;

function invalid(where: string, reason: string): EngineError {
  return new EngineError("SettingsInvalid", { where, reason });
}

const text: Check = (value, where) => {
  if (typeof value !== "string" || value === "") throw invalid(where, "a text is expected");
};
const bool: Check = (value, where) => {
  if (typeof value !== "boolean") throw invalid(where, "true or false is expected");
};
const whole =
  (least: number, most: number): Check =>
  (value, where) => {
    if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
      throw invalid(where, `a whole number from ${least} to ${most} is expected`);
    }
  };
const list =
  (item: Check): Check =>
  (value, where) => {
    if (!Array.isArray(value)) throw invalid(where, "a list is expected");
    value.forEach((one, i) => {
      item(one, `${where}[${i}]`);
    });
  };
const record =
  (item: Check): Check =>
  (value, where) => {
    for (const [key, one] of Object.entries(objectOf(value, where))) item(one, `${where}["${key}"]`);
  };
const shape =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value, where) => {
    for (const [key, one] of Object.entries(objectOf(value, where))) {
      const check = Object.hasOwn(fields, key) ? fields[key] : undefined;
      if (check === undefined) throw invalid(`${where}.${key}`, "there is no such setting");
      if (one !== undefined) check(one, `${where}.${key}`);
    }
  };

function objectOf(value: unknown, where: string): object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid(where, "an object is expected");
  }
  return value;
}

const scheme: Check = (value, where) => {
  if (value !== "http" && value !== "https") throw invalid(where, "http or https is expected");
};
const rule = shape({ scheme, host: text, port: whole(1, 65535), method: text });
const large = whole(0, Number.MAX_SAFE_INTEGER);
const rules = { allow: list(rule), deny: list(rule), requestsPerMinute: large, bytesPerMinute: large };
const egress = shape({
  ...rules,
  enabled: bool,
  openAddresses: list(text),
  closeAddresses: list(text),
  hosts: record(list(text)),
  roots: list(text),
  connections: whole(1, 65536),
  contracts: record(shape(rules)),
});
const queries = shape({
  timeoutMs: large,
  passMs: whole(1, 600_000),
  requests: whole(0, 1_000_000),
  bytes: large,
  concurrent: whole(1, 1_000_000),
  backlog: whole(0, 1_000_000),
  clearLogs: bool,
});
const enclave = shape({ memoryBytes: whole(1024 * 1024, Number.MAX_SAFE_INTEGER) });
const settings = shape({ egress, queries, enclave });

/**
 * Checks the form of rules; patterns of hosts are not looked at.
 * @param where what the rules are called in the error.
 * @throws {EngineError} `SettingsInvalid`, with the field.
 */
export const checkRules: (value: unknown, where: string) => void = shape(rules);

/**
 * Checks settings.
 * @throws {EngineError} `SettingsInvalid`, with the field.
 */
export function checkSettings(value: {
  egress?: EgressOptions | undefined;
  queries?: QueryLimits | undefined;
  enclave?: EnclaveLimits | undefined;
}): string {
  const given = { egress: value.egress ?? {}, queries: value.queries ?? {}, enclave: value.enclave ?? {} };
  settings(given, "open");
  return JSON.stringify(given);
}

/**
 * Reads settings; none are the defaults.
 * @throws {EngineError} `SettingsInvalid`.
 */
export function readSettings(json: string | undefined): EnclaveSettings {
  if (json === undefined) return { egress: {}, queries: {}, enclave: {} };
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw invalid("open", "the settings are not JSON");
  }
  settings(value, "open");
  return { egress: {}, queries: {}, enclave: {}, ...(value as Partial<EnclaveSettings>) };
}

/** What the queries of a contract, or of all, have cost since the enclave was started. */
export interface EgressFigures {
  /** Queries that came to an answer or an error, and those refused because too many waited. */
  readonly queries: number;
  readonly refused: number;
  /** Times that a query was run again. */
  readonly replays: number;
  /** Requests that were answered, by status; status 0 stands for those that failed. */
  readonly requests: readonly { readonly status: number; readonly count: number }[];
  /** Requests that were sent again because a connection that was kept alive had been closed. */
  readonly retries: number;
  /** Requests that the policy refused. */
  readonly denied: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Milliseconds that queries waited for answers. */
  readonly waitedMs: number;
}

/** The figures of an enclave. */
export interface EgressMetrics {
  readonly total: EgressFigures;
  /** Queries under way. */
  readonly active: number;
  readonly contracts: readonly { readonly contract: Uint8Array; readonly figures: EgressFigures }[];
}

function writeFigures(w: Writer, f: EgressFigures): void {
  w.u64(f.queries).u64(f.refused).u64(f.replays);
  w.vec(f.requests, (o, { status, count }) => o.u16(status).u64(count));
  w.u64(f.retries).u64(f.denied).u64(f.bytesSent).u64(f.bytesReceived).u64(f.waitedMs);
}

function readFigures(r: Reader): EgressFigures {
  const count = (): number => r.u64Saturated();
  return {
    queries: count(),
    refused: count(),
    replays: count(),
    requests: r.vec((o) => ({ status: o.u16(), count: o.u64Saturated() }), 10),
    retries: count(),
    denied: count(),
    bytesSent: count(),
    bytesReceived: count(),
    waitedMs: count(),
  };
}

export function writeMetrics(w: Writer, metrics: EgressMetrics): void {
  writeFigures(w, metrics.total);
  w.u32(metrics.active);
  w.vec(metrics.contracts, (o, { contract, figures }) => writeFigures(o.raw(contract), figures));
}

export function readMetrics(r: Reader): EgressMetrics {
  return {
    total: readFigures(r),
    active: r.u32(),
    contracts: r.vec((o) => ({ contract: o.raw(32), figures: readFigures(o) }), 97),
  };
}
