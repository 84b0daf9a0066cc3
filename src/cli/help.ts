/**
 * Help, made from what the commands say of themselves: texts for people, facts for machines.
 * @module
 */

import { type Command, commonOptions, type Option } from "./command.ts";
import type { CommandEntry } from "./commands.ts";

/** The list of commands as it is told to machines. */
export function overviewFacts(commands: Readonly<Record<string, CommandEntry>>): object {
  return { commands: Object.entries(commands).map(([name, { summary }]) => ({ name, summary })) };
}

/** How a command is called, as it is told to machines. */
export function commandFacts(name: string, { usage, about, options, examples, positionals }: Command): object {
  const all = Object.entries<Option>({ ...options, ...commonOptions });
  return {
    name,
    usage: usageOf(name, usage),
    about,
    positionals,
    options: all.map(([option, { type, short, value, help }]) => ({ name: option, type, short, value, help })),
    examples,
  };
}

const usageOf = (name: string, usage: string): string => `phatvm ${name} ${usage}`.trimEnd();

/** The overview of all commands. */
export function overview(commands: Readonly<Record<string, CommandEntry>>): string {
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(9)} ${summary}`);
  return [
    "phatvm runs Phat contracts on an embedded network.",
    "",
    "usage: phatvm <command> [arguments] [options]",
    "",
    ...lines,
    "",
    "`phatvm help <command>` tells more. Exit codes: 0 done, 1 the contract or the network said no, 2 the call was wrong.",
  ].join("\n");
}

/** The help of one command. */
export function commandHelp(name: string, command: Command): string {
  const options = Object.entries<Option>({ ...command.options, ...commonOptions }).map(([key, option]) => {
    const left = `${option.short === undefined ? "" : `-${option.short}, `}--${key}${option.value === undefined ? "" : ` ${option.value}`}`;
    return `  ${left.padEnd(24)} ${option.help}`;
  });
  return [
    `usage: ${usageOf(name, command.usage)}`,
    "",
    command.about,
    "",
    "options:",
    ...options,
    "",
    command.examples.length === 1 ? "example:" : "examples:",
    ...command.examples.map((line) => `  ${line}`),
  ].join("\n");
}
