/**
 * What the owner of a cluster lets a contract reach, as it stands on the chain: rules and limits in bytes.
 *
 * The bytes are part of the state, so what may be in them is decided by plain grammar alone, the same on every replica;
 * names with letters beyond ASCII become what resolvers know before they are signed.
 *
 * ```text
 * rules = version u8 = 1 | allow option of rule* | deny rule* | requestsPerMinute option of u64 | bytesPerMinute likewise
 * rule  = scheme option of u8 (0 http, 1 https) | host option of str | port option of u16 | method option of str
 * ```
 * @module
 */

import { EngineError } from "../errors.ts";
import { checkRules, type EgressRule, type EgressRules } from "./egress.ts";
import type { Reader, Writer } from "./scale.ts";

const version = 1;
/** The most rules of each list. */
const mostRules = 64;
const schemes = ["http", "https"] as const;

/** `*`, a name or a dotted address, all names below one, an IPv6 address. */
const host = /^(?:\*|(?:\*\.)?[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7})$/;
const longestHost = 255;
const method = /^[A-Z]{1,32}$/;

/**
 * The host of a URL as rules see it.
 * @param hostname as `URL` gives it: every spelling of an address has become the usual one.
 */
export function hostOf(hostname: string): string {
  const bare = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
  return bare.endsWith(".") ? bare.slice(0, -1) : bare;
}

/**
 * A host pattern in its one usual form, as URLs have their hosts.
 * @throws {EngineError} `SettingsInvalid`.
 */
export function usualHost(pattern: string): string {
  if (pattern === "*") return pattern;
  const below = pattern.startsWith("*.");
  const name = below ? pattern.slice(2) : pattern;
  const url = `http://${name.includes(":") && !name.startsWith("[") ? `[${name}]` : name}/`;
  if (name === "" || name.includes("*") || /[/?#@\\]/.test(name) || !URL.canParse(url)) throw noPattern(pattern);
  const { hostname, port } = new URL(url);
  if (port !== "" || (below && hostname.startsWith("["))) throw noPattern(pattern);
  return below ? `*.${hostOf(hostname)}` : hostOf(hostname);
}

function noPattern(pattern: string): EngineError {
  return new EngineError("SettingsInvalid", { where: pattern, reason: "it is no pattern of a host" });
}

/**
 * Rules as they are signed and stored: checked, every host in its usual form.
 * @throws {EngineError} `SettingsInvalid`, with the field.
 */
export function usualRules(given: EgressRules): EgressRules {
  checkRules(given, "rules");
  const rules = (list: readonly EgressRule[], where: string): EgressRule[] => {
    if (list.length > mostRules) throw invalid(where, `more than ${mostRules} rules`);
    return list.map((rule, i) => {
      if (rule.method !== undefined && !method.test(rule.method)) {
        throw invalid(`${where}[${i}].method`, "it is no method: they are written in capitals");
      }
      if (rule.host === undefined) return rule;
      const usual = usualHost(rule.host);
      if (!isHost(usual)) throw noPattern(rule.host);
      return { ...rule, host: usual };
    });
  };
  const { allow, deny = [], requestsPerMinute, bytesPerMinute } = given;
  return {
    ...(allow === undefined ? {} : { allow: rules(allow, "rules.allow") }),
    deny: rules(deny, "rules.deny"),
    ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
    ...(bytesPerMinute === undefined ? {} : { bytesPerMinute }),
  };
}

function invalid(where: string, reason: string): EngineError {
  return new EngineError("SettingsInvalid", { where, reason });
}

const isHost = (text: string): boolean => text.length <= longestHost && host.test(text);

function writeRule(w: Writer, rule: EgressRule): void {
  w.option(rule.scheme, (o, scheme) => o.u8(schemes.indexOf(scheme)));
  w.option(rule.host, (o, text) => o.str(text));
  w.option(rule.port, (o, port) => o.u16(port));
  w.option(rule.method, (o, name) => o.str(name));
}

function readRule(r: Reader): EgressRule {
  const scheme = r.option((o) => {
    const tag = o.u8();
    return schemes[tag] ?? never(o, `a scheme tagged ${tag}`);
  });
  const name = r.option((o) => {
    const text = o.str();
    return isHost(text) ? text : never(o, "a host that is no pattern");
  });
  const port = r.option((o) => o.u16() || never(o, "port 0"));
  const verb = r.option((o) => {
    const text = o.str();
    return method.test(text) ? text : never(o, "a method that is none");
  });
  return {
    ...(scheme === undefined ? {} : { scheme }),
    ...(name === undefined ? {} : { host: name }),
    ...(port === undefined ? {} : { port }),
    ...(verb === undefined ? {} : { method: verb }),
  };
}

function never(r: Reader, what: string): never {
  throw r.fail(what);
}

function readList(r: Reader): EgressRule[] {
  const list = r.vec(readRule, 4);
  return list.length <= mostRules ? list : never(r, `more than ${mostRules} rules`);
}

function readLimit(r: Reader): number {
  const limit = r.u64();
  return limit <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(limit) : never(r, "a limit of more than 2^53 - 1");
}

/** Writes rules that `usualRules` gave, or that were read. */
export function writeEgressRules(w: Writer, rules: EgressRules): void {
  w.u8(version);
  w.option(rules.allow, (o, allow) => o.vec(allow, writeRule));
  w.vec(rules.deny ?? [], writeRule);
  w.option(rules.requestsPerMinute, (o, limit) => o.u64(limit));
  w.option(rules.bytesPerMinute, (o, limit) => o.u64(limit));
}

/**
 * Reads rules.
 * @throws {EngineError} `Undecodable` for what is not such rules, or more of them than there may be.
 */
export function readEgressRules(r: Reader): EgressRules {
  const found = r.u8();
  if (found !== version) throw r.fail(`rules of version ${found}`);
  const allow = r.option(readList);
  const deny = readList(r);
  const requestsPerMinute = r.option(readLimit);
  const bytesPerMinute = r.option(readLimit);
  return {
    ...(allow === undefined ? {} : { allow }),
    deny,
    ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
    ...(bytesPerMinute === undefined ? {} : { bytesPerMinute }),
  };
}
