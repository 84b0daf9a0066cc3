/**
 * Internet addresses as bytes, and which of them lie inside: private, loopback, link-local, multicast, unspecified,
 * metadata services, and everything else that is not of the public internet.
 *
 * An IPv6 address that carries an IPv4 address (mapped, translated, 6to4, ISATAP) is judged by what it carries too: on
 * some networks it leads there. Of IPv6, only what is known to be public is open.
 * @see RFC 6890 and the special-purpose registries of IANA
 * @module
 */

import { isIPv4, isIPv6 } from "node:net";
import { EngineError } from "../../errors.ts";

/** An address: 4 or 16 bytes. */
export type Address = Uint8Array;

/** A range of addresses. */
export interface Range {
  readonly prefix: Address;
  /** Bits of the prefix that count. */
  readonly bits: number;
  /** What it is, for people. */
  readonly name: string;
}

function parseIPv4(text: string): Address {
  return Uint8Array.from(text.split("."), Number);
}

function parseIPv6(text: string): Address {
  const bytes = new Uint8Array(16);
  const dotted = text.lastIndexOf(".") < 0 ? -1 : text.lastIndexOf(":") + 1;
  let body = text;
  if (dotted > 0) {
    const [a = 0, b = 0, c = 0, d = 0] = parseIPv4(text.slice(dotted));
    body = `${text.slice(0, dotted)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  }
  const [head = "", tail] = body.split("::");
  const groups = (part: string): number[] =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  const first = groups(head);
  const last = tail === undefined ? [] : groups(tail);
  const put = (group: number, at: number): void => {
    bytes[at * 2] = group >> 8;
    bytes[at * 2 + 1] = group & 0xff;
  };
  first.forEach(put);
  last.forEach((group, i) => {
    put(group, 8 - last.length + i);
  });
  return bytes;
}

/** Reads an address in its usual spelling, of IPv6 with or without brackets; undefined when it is none. No zone ids. */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return parseIPv4(text);
  const bare = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
  return isIPv6(bare) && !bare.includes("%") ? parseIPv6(bare) : undefined;
}

/** Whether an address is in a range of its own family. */
export function inRange(address: Address, { prefix, bits }: Range): boolean {
  if (address.length !== prefix.length) return false;
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (address[i] !== prefix[i]) return false;
  const rest = bits & 7;
  if (rest === 0) return true;
  const mask = (0xff << (8 - rest)) & 0xff;
  return (((address[whole] as number) ^ (prefix[whole] as number)) & mask) === 0;
}

/**
 * Reads a range: `10.0.0.0/8`, or a single address.
 * @throws {EngineError} `SettingsInvalid`.
 */
export function parseRange(text: string, name = text): Range {
  const [address = "", length, more] = text.split("/");
  const prefix = parseAddress(address);
  const most = (prefix?.length ?? 0) * 8;
  const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
  if (prefix === undefined || more !== undefined || !(bits <= most)) {
    throw new EngineError("SettingsInvalid", { where: text, reason: "it is no range of addresses" });
  }
  return { prefix, bits, name };
}

const closed4: readonly Range[] = (
  [
    ["0.0.0.0/8", "unspecified"],
    ["10.0.0.0/8", "private"],
    ["100.64.0.0/10", "shared"],
    ["127.0.0.0/8", "loopback"],
    ["168.63.129.16", "metadata"],
    ["169.254.0.0/16", "link-local, metadata"],
    ["172.16.0.0/12", "private"],
    ["192.0.0.0/24", "protocol assignments, metadata"],
    ["192.0.2.0/24", "documentation"],
    ["192.31.196.0/24", "AS112"],
    ["192.52.193.0/24", "AMT"],
    ["192.88.99.0/24", "6to4 relays"],
    ["192.168.0.0/16", "private"],
    ["192.175.48.0/24", "AS112"],
    ["198.18.0.0/15", "benchmarking"],
    ["198.51.100.0/24", "documentation"],
    ["203.0.113.0/24", "documentation"],
    ["224.0.0.0/4", "multicast"],
    ["240.0.0.0/4", "reserved, broadcast"],
  ] as const
).map(([range, name]) => parseRange(range, `${range} (${name})`));

const closed6: readonly Range[] = (
  [
    ["::", "unspecified"],
    ["::1", "loopback"],
    ["fc00::/7", "private, metadata"],
    ["fe80::/10", "link-local"],
    ["fec0::/10", "site-local"],
    ["ff00::/8", "multicast"],
    ["2001::/23", "protocol assignments"],
    ["2001:db8::/32", "documentation"],
    ["3fff::/20", "documentation"],
    ["2620:4f:8000::/48", "AS112"],
  ] as const
).map(([range, name]) => parseRange(range, `${range} (${name})`));

/** Where IPv6 addresses carry IPv4 addresses: the range, and the byte at which the four begin. */
const carriers: readonly { readonly range: Range; readonly at: number }[] = [
  { range: parseRange("::ffff:0:0/96"), at: 12 },
  { range: parseRange("::ffff:0:0:0/96"), at: 12 },
  { range: parseRange("::/96"), at: 12 },
  { range: parseRange("64:ff9b::/96"), at: 12 },
  { range: parseRange("2002::/16"), at: 2 },
];
const global = parseRange("2000::/3");

/** The IPv4 address inside an IPv6 address; undefined when there is none. */
export function carried(address: Address): Address | undefined {
  // `::` and `::1` look as if they carried 0.0.0.0 and 0.0.0.1.
  if (address.length !== 16 || address.every((byte, i) => byte === 0 || (i === 15 && byte === 1))) return undefined;
  const carrier = carriers.find(({ range }) => inRange(address, range));
  if (carrier !== undefined) return address.slice(carrier.at, carrier.at + 4);
  // ISATAP: an interface identifier 0000:5efe or 0200:5efe, then the address.
  const isatap =
    (address[8] === 0 || address[8] === 2) && address[9] === 0 && address[10] === 0x5e && address[11] === 0xfe;
  return isatap ? address.slice(12) : undefined;
}

/** The range that closes an address by default; undefined when it is of the public internet. */
export function closedBy(address: Address): string | undefined {
  if (address.length === 4) return closed4.find((range) => inRange(address, range))?.name;
  const special = closed6.find((range) => inRange(address, range));
  if (special !== undefined) return special.name;
  const inner = carried(address);
  if (inner !== undefined) {
    const inside = closedBy(inner);
    if (inside !== undefined) return `${inside}, carried by an IPv6 address`;
    return undefined;
  }
  return inRange(address, global) ? undefined : "not 2000::/3 (reserved)";
}
