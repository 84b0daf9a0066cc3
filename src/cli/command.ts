/**
 * What a command is made of, and what it is called with.
 * @module
 */

import type { Terminal } from "./terminal.ts";

/** An option of a command. */
export interface Option {
  readonly type: "string" | "boolean";
  /** One letter, for `-o`. */
  readonly short?: string;
  /** How the value is called in the help, as in `<amount>`. */
  readonly value?: string;
  /** One line; a default is named in it. */
  readonly help: string;
}

/** A command. */
export interface Command {
  /** Positional arguments as the help shows them: `<bundle> [constructor] [args…]`. */
  readonly usage: string;
  /** A few sentences. */
  readonly about: string;
  readonly options: Readonly<Record<string, Option>>;
  /** Whole command lines. */
  readonly examples: readonly string[];
  /** How many positional arguments there may be. */
  readonly positionals: { readonly least: number; readonly most: number };
  /** Whether it can be ended at any instant: no network is open, nothing waits to be closed. */
  readonly ownsNothing?: boolean;
  /** Does it; the number returned is the exit code, nothing is 0. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a command that returns nothing has succeeded.
  run(call: Invocation): Promise<number | void>;
}

/** A call of a command, parsed. */
export interface Call {
  readonly positionals: readonly string[];
  /** The value of an option that takes one. */
  text(option: string): string | undefined;
  /** Whether an option without a value was given. */
  flag(option: string): boolean;
  /** A whole number from 0, from an option. */
  amount(option: string): bigint | undefined;
}

/** A call with what it may use. */
export interface Invocation extends Call {
  readonly terminal: Terminal;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Options that every command has. */
export const commonOptions = {
  json: { type: "boolean", help: "print JSON, for machines; amounts are decimal text" },
  help: { type: "boolean", help: "this text" },
} as const satisfies Record<string, Option>;

/** The folder of the network. */
export const dirOption = {
  dir: { type: "string", value: "<folder>", help: "the network's folder (default .phat)" },
} as const satisfies Record<string, Option>;

/** Who signs, and what is sent along. */
export const signerOptions = {
  signer: {
    type: "string",
    value: "<uri>",
    help: "who signs: //Alice to //Ferdie, a 0x seed, a phrase (default //Alice)",
  },
  scheme: { type: "string", value: "<name>", help: "sr25519 or ed25519 (default sr25519)" },
} as const satisfies Record<string, Option>;

/** Limits and payment of a call. */
export const paymentOptions = {
  value: { type: "string", value: "<amount>", help: "sent along, in the cluster's smallest unit (default 0)" },
  gas: { type: "string", value: "<gas>", help: "gas limit in picoseconds of reference time (default 10^12)" },
} as const satisfies Record<string, Option>;
