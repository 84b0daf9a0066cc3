/**
 * The policy: which requests may leave, and to which addresses.
 *
 * A request is judged three times: its URL (scheme, host, port, method, and the address when the host is one), then
 * every address that its name stands for, then the address that the socket is really connected to. A redirect starts
 * over.
 * @module
 */

import { EngineError } from "../../errors.ts";
import type { EgressOptions } from "../../wire/egress.ts";
import { type Address, carried, closedBy, inRange, parseRange, type Range } from "./addresses.ts";
import type { Place } from "./request.ts";
import { Rules, type Target } from "./rules.ts";

/** Methods that make a tunnel of a connection, or show what a proxy adds to a request. */
const refusedMethods: ReadonlySet<string> = new Set(["CONNECT", "TRACE", "TRACK"]);

/** The host's policy, compiled, with room for the owner's. */
export class Policy {
  readonly enabled: boolean;
  readonly #all: Rules;
  readonly #contracts = new Map<string, Rules>();
  readonly #open: readonly Range[];
  readonly #closed: readonly Range[];

  /** @throws {EngineError} `SettingsInvalid` for a pattern or a range that is none. */
  constructor(options: EgressOptions) {
    this.enabled = options.enabled ?? true;
    this.#all = new Rules(options, "egress");
    for (const [id, rules] of Object.entries(options.contracts ?? {})) {
      if (!/^0x[0-9a-f]{64}$/i.test(id)) {
        throw new EngineError("SettingsInvalid", { where: id, reason: "it is no id of a contract" });
      }
      const contract = id.toLowerCase();
      this.#contracts.set(contract, new Rules(rules, `egress.contracts["${contract}"]`));
    }
    this.#open = (options.openAddresses ?? []).map((range) => parseRange(range));
    this.#closed = (options.closeAddresses ?? []).map((range) => parseRange(range));
  }

  /**
   * The sets of rules that a contract's requests must all pass.
   *
   * @param contract the hex of its id.
   * @param owned those of the cluster's owner.
   */
  rules(contract: string, owned: Rules | undefined): readonly Rules[] {
    const own = this.#contracts.get(contract);
    return [this.#all, ...(own === undefined ? [] : [own]), ...(owned === undefined ? [] : [owned])];
  }

  /**
   * Judges a request by its URL; an address in it is judged too.
   *
   * @returns the rule that refuses it, for people; undefined when it may leave.
   */
  judge(place: Place, method: string, rules: readonly Rules[]): string | undefined {
    if (!this.enabled) return "enabled: false";
    if (place.credentials) return "no credentials in URLs";
    if (refusedMethods.has(method.toUpperCase())) return `no method ${method}`;
    const { hostname: host, port, address } = place;
    const target: Target = { scheme: place.protocol === "https:" ? "https" : "http", host, port, method };
    for (const set of rules) {
      const refused = set.refuses(target);
      if (refused !== undefined) return refused;
    }
    const closed = address === undefined ? undefined : this.closed(address);
    return closed === undefined ? undefined : `address ${closed}`;
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
}
