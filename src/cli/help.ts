/**
 * Help texts, made from what the commands say of themselves.
 * @module
 */

import { type Command, commonOptions, type Option } from "./command.ts";
import type { CommandEntry } from "./commands.ts";

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
    `usage: phatvm ${name} ${command.usage}`.trimEnd(),
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
