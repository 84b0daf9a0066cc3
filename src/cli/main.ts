#!/usr/bin/env node
/**
 * The `phatvm` command: finds the command asked for, loads it alone, and ends with its exit code.
 *
 * Exit codes: 0 done; 1 the contract or the network said no; 2 the call was wrong; 130 after Ctrl-C and 143 after SIGTERM,
 * unless the command waits for nothing else.
 * @module
 */

import { setMaxListeners } from "node:events";
import type { Command } from "./command.ts";
import { commands } from "./commands.ts";
import { exitCodeOf, reportError } from "./exit.ts";
import { commandFacts, commandHelp, overview, overviewFacts } from "./help.ts";
import { badUsage, meant, parseCall } from "./parse.ts";
import { Terminal } from "./terminal.ts";

async function main(argv: readonly string[]): Promise<number> {
  const terminal = new Terminal(argv.includes("--json"));
  // A reader that has seen enough (`| head`) is no error.
  process.stdout.on("error", (error: { code?: unknown }) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  const interrupted = new AbortController();
  // Every call under way listens: hundreds at once are meant, not leaked.
  setMaxListeners(0, interrupted.signal);
  const onSignal = (_: string, number: number): void => {
    // The second time, the user means it: a kill at any instant loses nothing that was acknowledged.
    if (interrupted.signal.aborted) process.exit(128 + number);
    process.exitCode = 128 + number;
    interrupted.abort();
  };
  try {
    // `--json` may come first, and be alone.
    const [first, ...rest] = argv[0] === "--json" ? [...argv.slice(1), "--json"] : argv;
    const nothing = first === undefined || first === "--json";
    if (nothing || first === "help" || first === "--help" || first === "-h") {
      const name = nothing ? undefined : rest.find((word) => !word.startsWith("-"));
      if (name !== undefined) showHelp(name, await commandNamed(name), terminal);
      else terminal.result(overviewFacts(commands), () => overview(commands));
      return nothing ? 2 : 0;
    }
    if (first === "--version" || first === "-v") {
      const version = await ownVersion();
      terminal.result({ version }, () => version);
      return 0;
    }
    const command = await commandNamed(first);
    const call = parseCall(first, command, rest);
    if (call === "help") {
      showHelp(first, command, terminal);
      return 0;
    }
    if (command.ownsNothing !== true) {
      process.on("SIGINT", onSignal);
      process.on("SIGTERM", onSignal);
    }
    return (await command.run({ ...call, terminal, signal: interrupted.signal })) ?? 0;
  } catch (error) {
    if (interrupted.signal.aborted) return Number(process.exitCode);
    await reportError(error, terminal);
    return exitCodeOf(error);
  }
}

function showHelp(name: string, command: Command, terminal: Terminal): void {
  terminal.result(commandFacts(name, command), () => commandHelp(name, command));
}

async function commandNamed(name: string): Promise<Command> {
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (entry === undefined) throw badUsage(`There is no command "${name}"${meant(name, Object.keys(commands))}`);
  return await entry.load();
}

async function ownVersion(): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  const manifest = await readFile(new URL("../../package.json", import.meta.url), "utf8");
  return String((JSON.parse(manifest) as { version: unknown }).version);
}

// The network is closed and output is flushed by now; what is left (a worker ending) need not be waited for.
main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
