#!/usr/bin/env node
/**
 * The `phatvm` command: finds the command asked for, loads it alone, and ends with its exit code.
 *
 * Exit codes: 0 done; 1 the contract or the network said no; 2 the call was wrong. 130 after Ctrl-C.
 * @module
 */

import { setMaxListeners } from "node:events";
import { commands } from "./commands.ts";
import { exitCodeOf, reportError } from "./exit.ts";
import { commandHelp, overview } from "./help.ts";
import { parseCall } from "./parse.ts";
import { Terminal } from "./terminal.ts";

async function main(argv: readonly string[]): Promise<number> {
  const [first, ...rest] = argv;
  const terminal = new Terminal(argv.includes("--json"));
  if (first === undefined || first === "help" || first === "--help" || first === "-h") {
    const name = first === undefined ? undefined : rest.find((word) => !word.startsWith("-"));
    const topic = name === undefined ? undefined : commands[name];
    terminal.print(topic === undefined ? overview(commands) : commandHelp(name as string, await topic.load()));
    return first === undefined ? 2 : 0;
  }
  if (first === "--version" || first === "-v") {
    const { readFile } = await import("node:fs/promises");
    const manifest = await readFile(new URL("../../package.json", import.meta.url), "utf8");
    terminal.print(String((JSON.parse(manifest) as { version: unknown }).version));
    return 0;
  }
  // A reader that has seen enough (`| head`) is no error.
  process.stdout.on("error", (error: { code?: unknown }) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  const interrupted = new AbortController();
  // Every call under way listens: hundreds at once are meant, not leaked.
  setMaxListeners(0, interrupted.signal);
  const onSignal = (): void => {
    // The second time, the user means it: a kill at any instant loses nothing that was acknowledged.
    if (interrupted.signal.aborted) process.exit(130);
    interrupted.abort();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  try {
    const entry = Object.hasOwn(commands, first) ? commands[first] : undefined;
    const command = await entry?.load();
    const call = parseCall(first, command, rest);
    if (call === "help" || command === undefined) {
      terminal.print(command === undefined ? overview(commands) : commandHelp(first, command));
      return 0;
    }
    return (await command.run({ ...call, terminal, signal: interrupted.signal })) ?? 0;
  } catch (error) {
    if (interrupted.signal.aborted) return 130;
    await reportError(error, terminal);
    return exitCodeOf(error);
  }
}

// The network is closed and output is flushed by now; what is left (a worker ending) need not be waited for.
main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
