/**
 * The policy: which requests may leave, and to which addresses.
 *
 * A request is judged three times: its URL (scheme, host, port, method, and the address when the host is one), then
 * every address that its name stands for, then the address that the socket is really connected to. A redirect starts
 * over.
 * @module
 */

import { EngineError } from "../../errors.ts";
import type { EgressOptions, EgressRule, EgressRules } from "../../wire/egress.ts";
import { type Address, carried, closedBy, inRange, parseAddress, parseRange, type Range } from "./addresses.ts";

/** What a rule looks at. */
export interface Target {
  readonly scheme: "http" | "https";
  /** In small letters, without brackets and without a dot at its end. */
  readonly host: string;
  readonly port: number;
  readonly method: string;
}

interface CompiledRule {
  readonly rule: EgressRule;
  readonly host: ((host: string) => boolean) | undefined;
}

interface CompiledRules {
  readonly allow: readonly CompiledRule[] | undefined;
  readonly deny: readonly CompiledRule[];
  readonly requestsPerMinute: number | undefined;
  readonly bytesPerMinute: number | undefined;
}

/** Methods that make a tunnel of a connection, or show what a proxy adds to a request. */
const refusedMethods: ReadonlySet<string> = new Set(["CONNECT", "TRACE", "TRACK"]);

/**
 * The host of a URL as rules see it.
 * @param hostname as `URL` gives it: every spelling of an address has become the usual one.
 */
export function hostOf(hostname: string): string {
  const bare = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
  return bare.endsWith(".") ? bare.slice(0, -1) : bare;
}

function compileHost(pattern: string): (host: string) => boolean {
  if (pattern === "*") return () => true;
  const below = pattern.startsWith("*.");
  const name = below ? pattern.slice(2) : pattern;
  const address = parseAddress(name);
  const url = `http://${address !== undefined && address.length === 16 && !name.startsWith("[") ? `[${name}]` : name}/`;
  if (name === "" || name.includes("*") || /[/?#@\\]/.test(name) || !URL.canParse(url)) {
    throw new EngineError("SettingsInvalid", { where: pattern, reason: "it is no pattern of a host" });
  }
  const canonical = hostOf(new URL(url).hostname);
  return below ? (host) => host.endsWith(`.${canonical}`) : (host) => host === canonical;
}

function compile(rules: EgressRules): CompiledRules {
  const all = (list: readonly EgressRule[]): CompiledRule[] =>
    list.map((rule) => ({ rule, host: rule.host === undefined ? undefined : compileHost(rule.host) }));
  return {
    allow: rules.allow === undefined ? undefined : all(rules.allow),
    deny: all(rules.deny ?? []),
    requestsPerMinute: rules.requestsPerMinute,
    bytesPerMinute: rules.bytesPerMinute,
  };
}

function applies({ rule, host }: CompiledRule, target: Target): boolean {
  return (
    (rule.scheme === undefined || rule.scheme === target.scheme) &&
    (rule.port === undefined || rule.port === target.port) &&
    (rule.method === undefined || rule.method === target.method) &&
    (host === undefined || host(target.host))
  );
}

const shown = (rule: EgressRule): string => JSON.stringify(rule);

/** The limits of a contract: the tighter of what applies to all and to it. */
export interface Budget {
  readonly requestsPerMinute: number;
  readonly bytesPerMinute: number;
}

/** A compiled policy. */
export class Policy {
  readonly enabled: boolean;
  readonly #all: CompiledRules;
  readonly #contracts = new Map<string, CompiledRules>();
  readonly #open: readonly Range[];
  readonly #closed: readonly Range[];

  /** @throws {EngineError} `SettingsInvalid` for a pattern or a range that is none. */
  constructor(options: EgressOptions) {
    this.enabled = options.enabled ?? true;
    this.#all = compile(options);
    for (const [id, rules] of Object.entries(options.contracts ?? {})) {
      if (!/^0x[0-9a-f]{64}$/i.test(id)) {
        throw new EngineError("SettingsInvalid", { where: id, reason: "it is no id of a contract" });
      }
      this.#contracts.set(id.toLowerCase(), compile(rules));
    }
    this.#open = (options.openAddresses ?? []).map((range) => parseRange(range));
    this.#closed = (options.closeAddresses ?? []).map((range) => parseRange(range));
  }

  /**
   * Judges a request by its URL; an address in it is judged too.
   *
   * @param contract the hex of its id.
   * @throws {EngineError} `EgressDenied`, with the rule.
   */
  judge(contract: string, url: URL, method: string): Target {
    const denied = (rule: string): EngineError =>
      new EngineError("EgressDenied", { contract, url: shownUrl(url), rule });
    if (!this.enabled) throw denied("enabled: false");
    if (url.username !== "" || url.password !== "") throw denied("no credentials in URLs");
    const scheme = url.protocol === "https:" ? "https" : "http";
    const target: Target = {
      scheme,
      host: hostOf(url.hostname),
      port: url.port === "" ? (scheme === "https" ? 443 : 80) : Number(url.port),
      method,
    };
    if (refusedMethods.has(method.toUpperCase())) throw denied(`no method ${method}`);
    for (const [rules, whose] of [
      [this.#all, "egress"],
      [this.#contracts.get(contract), `egress.contracts["${contract}"]`],
    ] as const) {
      if (rules === undefined) continue;
      const no = rules.deny.find((rule) => applies(rule, target));
      if (no !== undefined) throw denied(`${whose}.deny ${shown(no.rule)}`);
      if (rules.allow !== undefined && !rules.allow.some((rule) => applies(rule, target))) {
        throw denied(`${whose}.allow has no rule for it`);
      }
    }
    const address = parseAddress(target.host);
    if (address !== undefined) {
      const closed = this.closed(address);
      if (closed !== undefined) throw denied(`address ${closed}`);
    }
    return target;
  }

  /** The range that closes an address; undefined when it may be dialled. */
  closed(address: Address): string | undefined {
    const inner = carried(address);
    const both = inner === undefined ? [address] : [address, inner];
    for (const one of both) {
      const range = this.#closed.find((each) => inRange(one, each));
      if (range !== undefined) return `closed by egress.closeAddresses ${range.name}`;
    }
    const why = closedBy(address);
    if (why === undefined) return undefined;
    // What is inside is opened by its own range, not by that of the address that carries it.
    const decisive = inner !== undefined && closedBy(inner) !== undefined ? inner : address;
    return this.#open.some((range) => inRange(decisive, range)) ? undefined : why;
  }

  /** How much a contract may ask for within a minute. */
  budget(contract: string): Budget {
    const own = this.#contracts.get(contract);
    const least = (name: "requestsPerMinute" | "bytesPerMinute"): number =>
      Math.min(this.#all[name] ?? Number.POSITIVE_INFINITY, own?.[name] ?? Number.POSITIVE_INFINITY);
    return { requestsPerMinute: least("requestsPerMinute"), bytesPerMinute: least("bytesPerMinute") };
  }
}

/** A URL without what may be secret in it: scheme, host and port. */
export function shownUrl(url: URL): string {
  return `${url.protocol}//${url.host}`;
}
