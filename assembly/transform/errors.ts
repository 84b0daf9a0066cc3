/**
 * What can go wrong when a contract is built. Same shape as the engine's errors: a stable code, facts, advice.
 * @module
 */

/** A place in a source file, and what is wrong there. */
export interface Diagnostic {
  readonly severity: "error" | "warning";
  readonly message: string;
  /** The file, from the current folder or in full, `~lib/…` for one of a library; empty when there is no place. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

/** The codes of `BuildError`. They are stable. */
export type BuildErrorCode =
  | "CompilerMissing"
  | "EntryNotFound"
  | "ContractDoesNotCompile"
  | "LayoutChanged"
  | "CompilerFailed"
  | "ProjectName"
  | "FolderNotEmpty";

const advice: Readonly<Record<BuildErrorCode, string>> = {
  CompilerMissing: "Install it beside phatvm: `npm i -D assemblyscript@0.28.20`.",
  EntryNotFound: "Give the file that holds the class with @contract, for instance `phatvm build contract.ts`.",
  ContractDoesNotCompile: "Mend the places named above and build again.",
  LayoutChanged:
    "A contract that is already deployed could no longer read its storage. Undo the change, or delete the layout file when no such contract exists.",
  ProjectName: "Choose one that npm takes: lower-case letters, digits, hyphens.",
  FolderNotEmpty: "Choose another name, or another folder.",
  CompilerFailed: "This is a bug in phatvm or in the compiler: please report it with the message and the contract.",
};

/** A contract could not be built. */
export class BuildError extends Error {
  override readonly name = "BuildError";
  /** The stable code, for programs. */
  readonly code: BuildErrorCode;
  /** The facts behind the message. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** What to do about it. */
  readonly advice: string;
  /** The mistakes of the contract, when the code is `ContractDoesNotCompile`. */
  readonly diagnostics: readonly Diagnostic[];

  constructor(
    code: BuildErrorCode,
    message: string,
    facts: Readonly<Record<string, unknown>> & { readonly diagnostics?: readonly Diagnostic[] } = {},
    options?: ErrorOptions,
  ) {
    super(`${message}\n${advice[code]}`, options);
    this.code = code;
    this.facts = facts;
    this.advice = advice[code];
    this.diagnostics = facts.diagnostics ?? [];
  }
}

/** A mistake as a person reads it: place, then message. */
export function formatDiagnostic({ file, line, column, message, severity }: Diagnostic): string {
  const place = file === "" ? "" : `${file}:${line}:${column}: `;
  return `${place}${severity === "warning" ? "warning: " : ""}${message}`;
}
