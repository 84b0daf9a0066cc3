/**
 * Command lines to calls.
 * @module
 */

import { parseArgs } from "node:util";
import { near } from "../client/metadata/near.ts";
import { EngineError } from "../errors.ts";
import { type Call, type Command, commonOptions, type Option } from "./command.ts";

/** The error for a call that is wrong in itself. */
export function badUsage(problem: string, command?: string): EngineError {
  return new EngineError("BadUsage", { problem, ...(command === undefined ? {} : { command }) });
}

/** What may have been meant by a name that is not there, as the end of a sentence; nothing when none is near. */
export function meant(name: string, names: readonly string[]): string {
  const close = near(name, names);
  return close.length === 0 || close.length === names.length ? "" : `: did you mean ${close.join(" or ")}?`;
}

/** Stands before a negative number while options are parsed, so that `-5` is an argument. */
const shield = "\u0000";

/**
 * Parses what follows a command's name.
 *
 * @returns "help" when that is what is wanted.
 * @throws {EngineError} `BadUsage`
 */
export function parseCall(name: string, command: Command, argv: readonly string[]): Call | "help" {
  const known = { ...command.options, ...commonOptions };
  const options = Object.fromEntries(
    Object.entries<Option>(known).map(([key, { type, short }]) => [key, { type, ...(short && { short }) }]),
  );
  let parsed: { values: Record<string, unknown>; positionals: string[] };
  try {
    const args = argv.map((word) => (/^-\d/.test(word) ? shield + word : word));
    parsed = parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (cause) {
    const said = firstSentence((cause as Error).message);
    const unknown = /^Unknown option '--?([^']*)'/.exec(said)?.[1];
    const problem =
      unknown === undefined
        ? said
        : `${said}${meant(
            `--${unknown}`,
            Object.keys(known).map((key) => `--${key}`),
          )}`;
    throw new EngineError("BadUsage", { problem, command: name }, { cause });
  }
  const { values } = parsed;
  if (values.help === true) return "help";
  const positionals = parsed.positionals.map((word) => (word.startsWith(shield) ? word.slice(1) : word));
  const { least, most } = command.positionals;
  if (positionals.length < least) throw badUsage(`${name} needs ${command.usage}`, name);
  if (positionals.length > most) throw badUsage(`"${positionals[most]}" is one argument too many`, name);
  const text = (option: string): string | undefined => {
    const value = values[option];
    return typeof value === "string" ? (value.startsWith(shield) ? value.slice(1) : value) : undefined;
  };
  return {
    positionals,
    text,
    flag: (option) => values[option] === true,
    amount: (option) => {
      const value = text(option);
      if (value === undefined) return undefined;
      const bare = value.replaceAll("_", "");
      if (!/^\d+$/.test(bare)) throw badUsage(`--${option} takes a whole number, not "${value}"`, name);
      return BigInt(bare);
    },
  };
}

function firstSentence(text: string): string {
  return text.split(". ")[0]?.replace(/\.$/, "") ?? text;
}
