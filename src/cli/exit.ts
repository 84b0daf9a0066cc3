/**
 * How a command ends that cannot be carried out: an exit code and a text for a person.
 * @module
 */

import { PhatError } from "../errors.ts";
import type { Terminal } from "./terminal.ts";

/** Errors of the call itself, by whoever made it: exit code 2. */
const callIsWrong: ReadonlySet<string> = new Set([
  "BadUsage",
  "UnknownMessage",
  "BadArguments",
  "BundleUnreadable",
  "MetadataInvalid",
  "MetadataMissing",
  "SecretUriInvalid",
  "SettingsInvalid",
  "SignerMissing",
  "AccountInvalid",
  "CompilerMissing",
  "EntryNotFound",
  "ContractDoesNotCompile",
  "LayoutChanged",
  "LayoutUnreadable",
  "ProjectName",
  "FolderNotEmpty",
  "FileNotWritten",
]);

/** An error that says what to do: ours, or one of the compiler's side, which is compiled apart. */
interface KnownError extends Error {
  readonly code: string;
  readonly advice: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

function isKnown(error: unknown): error is KnownError {
  return error instanceof PhatError || (error instanceof Error && error.name === "BuildError");
}

/** The exit code for an error. */
export function exitCodeOf(error: unknown): number {
  return isKnown(error) && callIsWrong.has(error.code) ? 2 : 1;
}

/** Prints what happened and what to do about it. */
export async function reportError(error: unknown, terminal: Terminal): Promise<void> {
  const known = isKnown(error);
  if (terminal.json) {
    const { code, advice, facts } = known ? error : { code: "Internal", advice: undefined, facts: undefined };
    terminal.object({ error: { code, message: sentence(error), advice, facts } });
    return;
  }
  const { default: colour } = await import("picocolors");
  terminal.note(`${colour.red("✗")} ${sentence(error)}`);
  if (!known) {
    if (error instanceof Error && error.stack !== undefined) terminal.note(colour.dim(error.stack));
    return;
  }
  terminal.note(`  ${error.advice}`);
  for (const fact of ["diagnosis", "debug"]) {
    const text = error.facts[fact];
    if (typeof text !== "string" || text === "") continue;
    terminal.note(colour.dim(`  ${fact}:`));
    for (const line of text.trimEnd().split("\n")) terminal.note(colour.dim(`    ${line}`));
  }
}

/** An error's message without the advice, which is printed apart. */
function sentence(error: unknown): string {
  if (isKnown(error)) return error.message.slice(0, -error.advice.length - 1);
  return error instanceof Error ? error.message : String(error);
}
