/**
 * One set of rules and limits: the host's for all contracts, the host's for one, or the cluster owner's for one.
 *
 * Sets stand beside each other and none can widen another: a request leaves when every set that concerns it lets it.
 * @module
 */

import { EngineError } from "../../errors.ts";
import type { EgressRule, EgressRules } from "../../wire/egress.ts";
import { readEgressRules, usualHost } from "../../wire/egress-rules.ts";
import { decode } from "../../wire/scale.ts";

/** What a rule looks at. */
export interface Target {
  readonly scheme: "http" | "https";
  /** In small letters, without brackets and without a dot at its end. */
  readonly host: string;
  readonly port: number;
  readonly method: string;
}

/** How much there may be of something within a minute. */
export interface Limit {
  readonly most: number;
  /** What sets it, for people. */
  readonly name: string;
}

type Matcher = (target: Target) => boolean;

interface Compiled {
  readonly rule: EgressRule;
  readonly applies: Matcher;
}

function hostMatcher(pattern: string): (host: string) => boolean {
  const usual = usualHost(pattern);
  if (usual === "*") return () => true;
  if (!usual.startsWith("*.")) return (host) => host === usual;
  const end = usual.slice(1);
  return (host) => host.endsWith(end);
}

function compile(rule: EgressRule): Compiled {
  const { scheme, port, method } = rule;
  const host = rule.host === undefined ? undefined : hostMatcher(rule.host);
  const applies: Matcher = (target) =>
    (scheme === undefined || scheme === target.scheme) &&
    (port === undefined || port === target.port) &&
    (method === undefined || method === target.method) &&
    (host === undefined || host(target.host));
  return { rule, applies };
}

/** A set of rules, compiled. */
export class Rules {
  readonly requests: Limit;
  readonly bytes: Limit;
  readonly #whose: string;
  readonly #allow: readonly Compiled[] | undefined;
  readonly #deny: readonly Compiled[];

  /**
   * @param whose what the set is called, for people.
   * @throws {EngineError} `SettingsInvalid` for a pattern that is none.
   */
  constructor(rules: EgressRules, whose: string) {
    this.#whose = whose;
    this.#allow = rules.allow?.map(compile);
    this.#deny = (rules.deny ?? []).map(compile);
    const limit = (name: "requestsPerMinute" | "bytesPerMinute"): Limit => ({
      most: rules[name] ?? Number.POSITIVE_INFINITY,
      name: `${whose}.${name} ${rules[name]}`,
    });
    this.requests = limit("requestsPerMinute");
    this.bytes = limit("bytesPerMinute");
  }

  /** The rule that refuses a request; undefined when none does. */
  refuses(target: Target): string | undefined {
    const no = this.#deny.find(({ applies }) => applies(target));
    if (no !== undefined) return `${this.#whose}.deny ${JSON.stringify(no.rule)}`;
    if (this.#allow === undefined || this.#allow.some(({ applies }) => applies(target))) return undefined;
    return `${this.#whose}.allow has no rule for it`;
  }
}

/** The tighter of two limits. */
export function tighter(one: Limit, other: Limit): Limit {
  return other.most < one.most ? other : one;
}

/** The rules of the cluster's owner, read from the state as it is at each request and compiled once. */
export class OwnerRules {
  readonly #stored: (contract: Uint8Array) => Uint8Array | undefined;
  readonly #compiled = new WeakMap<Uint8Array, Rules>();

  /** @param stored the rules of a contract as the state has them, SCALE `EgressRules`. */
  constructor(stored: (contract: Uint8Array) => Uint8Array | undefined) {
    this.#stored = stored;
  }

  /** The rules for a contract, whose hex names them; undefined when there are none. */
  of(contract: Uint8Array, hex: string): Rules | undefined {
    const bytes = this.#stored(contract);
    if (bytes === undefined) return undefined;
    let rules = this.#compiled.get(bytes);
    if (rules === undefined) this.#compiled.set(bytes, (rules = compileOwned(bytes, `cluster.egress["${hex}"]`)));
    return rules;
  }
}

/** What cannot be read allows nothing: an owner who said something meant to restrict. */
function compileOwned(bytes: Uint8Array, whose: string): Rules {
  try {
    return new Rules(decode(bytes, "egress rules", readEgressRules), whose);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return new Rules({ allow: [] }, `${whose} (which cannot be read)`);
  }
}
