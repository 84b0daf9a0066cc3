/**
 * The list of commands. Each is loaded when it is asked for, so that none pays for the others' start-up.
 * @module
 */

import type { Command } from "./command.ts";

/** A command that can be loaded. */
export interface CommandEntry {
  /** One line for the overview. */
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** Every command, in the order of the overview. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  tour: {
    summary: "deploy two contracts, call them, and reopen the folder: what this is, in a minute",
    load: async () => (await import("./commands/tour.ts")).tour,
  },
  new: {
    summary: "make a project with a contract and its test",
    load: async () => (await import("./commands/new.ts")).newCommand,
  },
  build: {
    summary: "compile a contract from AssemblyScript; writes bundle, code, metadata and types",
    load: async () => (await import("./commands/build.ts")).build,
  },
  deploy: {
    summary: "make a contract of a bundle; prints its id",
    load: async () => (await import("./commands/deploy.ts")).deploy,
  },
  tx: {
    summary: "send a transaction to a contract; prints the receipt",
    load: async () => (await import("./commands/tx.ts")).tx,
  },
  query: {
    summary: "ask a contract; prints the answer",
    load: async () => (await import("./commands/query.ts")).query,
  },
  upload: {
    summary: "store code without making a contract; prints the code hash",
    load: async () => (await import("./commands/upload.ts")).upload,
  },
  egress: {
    summary: "show or say what a contract may reach on the internet",
    load: async () => (await import("./commands/egress.ts")).egress,
  },
  check: {
    summary: "say whether code would be accepted, and what it imports, exports and needs",
    load: async () => (await import("./commands/check.ts")).check,
  },
  serve: {
    summary: "own the folder and answer the other commands until Ctrl-C",
    load: async () => (await import("./commands/serve.ts")).serve,
  },
  keys: {
    summary: "the workers' keys, what they measure, and until when that counts",
    load: async () => (await import("./commands/keys.ts")).keys,
  },
  logs: {
    summary: "what contracts logged and printed",
    load: async () => (await import("./commands/logs.ts")).logs,
  },
  events: {
    summary: "what contracts emit, as it happens",
    load: async () => (await import("./commands/events.ts")).events,
  },
};
