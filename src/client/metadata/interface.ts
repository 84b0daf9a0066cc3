/**
 * A contract's interface at work: names to entries, arguments to bytes, bytes to results.
 *
 * Results come in two conventions: bare values (ink! 3) and `Result<T, LangError>` (ink! 4 and later), which is taken
 * off here, so that callers see `T` either way.
 * @module
 */

import { ContractFault, PhatError } from "../../errors.ts";
import { Reader, Writer } from "../../wire/scale.ts";
import { Codec } from "./codec.ts";
import type { Entry, MessageEntry, Metadata } from "./model.ts";
import { near } from "./near.ts";

/** What a contract returned, decoded. */
export interface Returned {
  /** The value; of a revert, what it was reverted with. */
  readonly value: unknown;
}

/** The interface of one contract. */
export class ContractInterface {
  readonly metadata: Metadata;
  readonly codec: Codec;

  constructor(metadata: Metadata) {
    this.metadata = metadata;
    this.codec = new Codec(metadata.types);
  }

  /**
   * Finds a message by its label, or by the last part of a trait message's label where only one ends so.
   * @throws {ContractFault} `UnknownMessage`, naming near ones.
   */
  message(name: string): MessageEntry {
    return this.find(this.metadata.messages, name, "message");
  }

  /**
   * Finds a constructor; without a name: `new`, else `default`, else the first.
   * @throws {ContractFault} `UnknownMessage`, naming near ones.
   */
  constructorEntry(name?: string): Entry {
    const { constructors } = this.metadata;
    if (name !== undefined) return this.find(constructors, name, "constructor");
    const usual = ["new", "default"].map((label) => constructors.find((entry) => entry.label === label));
    const found = usual[0] ?? usual[1] ?? constructors[0];
    return found ?? this.find(constructors, "new", "constructor");
  }

  private find<T extends Entry>(entries: readonly T[], name: string, kind: string): T {
    const exact = entries.find((entry) => entry.label === name);
    if (exact !== undefined) return exact;
    const ending = entries.filter((entry) => entry.label.endsWith(`::${name}`));
    if (ending.length === 1) return ending[0] as T;
    const names = entries.map((entry) => entry.label);
    throw new ContractFault("UnknownMessage", {
      contract: this.metadata.name,
      kind,
      name,
      near: near(name, names).join(", "),
    });
  }

  /** How an entry is called, as in `transfer(to: AccountId, value: u128) -> bool`. */
  signature(entry: Entry): string {
    const args = entry.args.map((arg) => `${arg.name}: ${this.codec.types.name(arg.type)}`).join(", ");
    const result = entry.returns === undefined ? "" : ` -> ${this.codec.types.name(entry.returns)}`;
    return `${entry.label}(${args})${result}`;
  }

  /**
   * The input of a call: selector and arguments.
   * @throws {ContractFault} `BadArguments` for a wrong number of arguments, or naming the argument that does not fit.
   */
  encodeInput(entry: Entry, args: readonly unknown[]): Uint8Array {
    if (!Array.isArray(args) || args.length !== entry.args.length) {
      throw new ContractFault("BadArguments", {
        where: `${this.signature(entry)}`,
        expected: entry.args.length === 1 ? "1 argument" : `${entry.args.length} arguments`,
        got: Array.isArray(args) ? args.length : typeof args,
      });
    }
    const w = new Writer();
    w.raw(entry.selector);
    for (const [i, { name, type }] of entry.args.entries()) {
      const step = `argument ${i + 1} (${name}) of ${entry.label}`;
      this.codec.write(w, type, args[i], { above: undefined, step });
    }
    return w.take();
  }

  /**
   * Reads what a frame returned.
   *
   * @param reverted whether the frame's flags had REVERT.
   * @throws {ContractFault} `AbiMismatch` when the contract did not understand the call, or its answer does not fit.
   */
  decodeOutput(entry: Entry, data: Uint8Array, reverted: boolean): Returned {
    try {
      return { value: this.readOutput(entry, data, reverted) };
    } catch (error) {
      if (!(error instanceof PhatError) || error.code !== "Undecodable") throw error;
      // What a revert carries is the contract's own affair: an ink! 3 constructor's error has no type in the metadata.
      if (reverted) return { value: data };
      const reason = `what ${this.signature(entry)} returned does not fit: ${String(error.facts.reason)}`;
      throw new ContractFault("AbiMismatch", { reason, data }, { cause: error });
    }
  }

  private readOutput(entry: Entry, data: Uint8Array, reverted: boolean): unknown {
    const r = new Reader(data, "result");
    // A contract that ended itself answers nothing; a message that only reads cannot have ended it.
    const ended = data.length === 0 && !reverted && (!("mutates" in entry) || entry.mutates === true);
    if (entry.wrapped && ended) return undefined;
    if (entry.wrapped) {
      const tag = r.u8();
      if (tag > 1) throw r.fail(`a result tagged ${tag}`);
      if (tag === 1) {
        const reason =
          r.u8() === 1
            ? `it could not read the input of ${this.signature(entry)}`
            : `it refused the input of ${this.signature(entry)}`;
        throw new ContractFault("AbiMismatch", { reason, data });
      }
    }
    const { returns } = entry;
    if (returns === undefined) {
      if (data.length > 0) throw r.fail(`${data.length} bytes where nothing is returned`);
      return undefined;
    }
    // A constructor of ink! 4 answers Ok(Ok(())) even where its type says Ok(()).
    const nothing = this.codec.types.isUnit(returns);
    if (nothing && (!reverted || r.remaining === 0)) return undefined;
    if (nothing) return r.raw(r.remaining);
    if (data.length === 0 && this.metadata.constructors.includes(entry)) return undefined;
    const value = this.codec.read(r, returns);
    r.end();
    return value;
  }
}
