/**
 * Names become addresses here, and every address is judged before any is dialled.
 *
 * A name of which one address lies inside is refused as a whole: who mixes them tries something. The addresses that were
 * judged are the very ones that are dialled; the name is not asked a second time.
 * @module
 */

import { Resolver } from "node:dns/promises";
import { EngineError } from "../../errors.ts";
import { hostOf } from "../../wire/egress-rules.ts";
import { parseAddress } from "./addresses.ts";
import type { Policy } from "./policy.ts";

/** Gives the addresses of a name, as texts. */
export type Resolve = (name: string) => Promise<readonly string[]>;

/** An address as `net.connect` takes it from a lookup. */
export interface Judged {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Milliseconds for one question to one server, and how often it is put. */
const asking = { timeout: 2000, tries: 2 } as const;

/** Asks the name servers of the machine; never blocks a thread of the process, as `dns.lookup` does. */
export function systemResolve(): Resolve {
  let resolver: Resolver | undefined;
  return async (name) => {
    resolver ??= new Resolver(asking);
    const both = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    const found = both.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
    if (found.length === 0) throw (both[0] as PromiseRejectedResult).reason;
    return found;
  };
}

/** Addresses of names that are known without asking: those of the settings, and `localhost` (RFC 6761). */
export function knownNames(hosts: Readonly<Record<string, readonly string[]>>, resolve: Resolve): Resolve {
  const known = new Map<string, readonly string[]>();
  for (const [name, addresses] of Object.entries(hosts)) {
    for (const address of addresses) {
      if (parseAddress(address) === undefined) {
        throw new EngineError("SettingsInvalid", {
          where: `egress.hosts["${name}"]`,
          reason: `${address} is no address`,
        });
      }
    }
    known.set(name.toLowerCase(), addresses);
  }
  return async (name) => {
    const host = hostOf(name.toLowerCase());
    const addresses = known.get(host);
    if (addresses !== undefined) return addresses;
    if (host === "localhost" || host.endsWith(".localhost")) return ["127.0.0.1", "::1"];
    return await resolve(host);
  };
}

/**
 * The addresses of a name, all judged.
 * @throws {EngineError} `EgressDenied` when one of them is closed, or is no address.
 */
export async function judgedAddresses(name: string, resolve: Resolve, policy: Policy): Promise<Judged[]> {
  const judged: Judged[] = [];
  for (const text of await resolve(name)) {
    const address = parseAddress(text);
    const closed = address === undefined ? "not an address" : policy.closed(address);
    if (address === undefined || closed !== undefined) {
      throw new EngineError("EgressDenied", { url: name, rule: `address ${closed}, for which the name stands` });
    }
    judged.push({ address: text, family: address.length === 4 ? 4 : 6 });
  }
  return judged;
}
