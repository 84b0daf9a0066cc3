/**
 * What can go wrong when a contract is built. Same shape as the engine's errors: a stable code, facts, advice.
 * @module
 */

/** The version of the compiler that phatvm is tested with. */
export const testedCompiler = "0.28.20";

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

type Facts = Readonly<Record<string, unknown>> & { readonly diagnostics?: readonly Diagnostic[] };

interface Entry {
  /** What happened, in one sentence, with the facts in it. */
  readonly says: (facts: Facts) => string;
  /** What to do about it. */
  readonly advice: string;
}

/** Every code, its message, and what to do about it; docs/errors.md is made from it. */
export const buildErrors = {
  CompilerMissing: {
    says: () => "The AssemblyScript compiler is not installed.",
    advice: `Install it beside phatvm: \`npm install --save-dev assemblyscript@${testedCompiler}\`.`,
  },
  EntryNotFound: {
    says: (f) => `There is no file ${f.entry}.`,
    advice: "Give the file that holds the class with @contract, for instance `phatvm build contracts/flipper.ts`.",
  },
  ContractDoesNotCompile: {
    says: (f) => `The contract does not compile.${places(f)}`,
    advice: "Mend the places named above and build again.",
  },
  LayoutChanged: {
    says: (f) => `The contract keeps its state in another way than ${f.file} says.${places(f)}`,
    advice:
      'A contract that is deployed could no longer read what it stored: undo the change. When there is no such contract, build with `--layout write` (`layout: "write"`).',
  },
  LayoutUnreadable: {
    says: (f) => `The layout file ${f.file} cannot be read: ${f.reason}.`,
    advice: 'Restore it, or build with `--layout write` (`layout: "write"`) when no contract of it is deployed.',
  },
  ProjectName: {
    says: (f) => `"${f.name}" cannot be the name of a project.`,
    advice: "Choose one that npm takes: lower-case letters, digits, hyphens.",
  },
  FolderNotEmpty: {
    says: (f) => `There is something in ${f.folder} already.`,
    advice: "Choose another name, or another folder.",
  },
  FileNotWritten: {
    says: (f) => `${f.file} cannot be written: ${f.reason}.`,
    advice: "Name a folder that can be written to.",
  },
  CompilerFailed: {
    says: (f) => `The compiler gave no code: ${f.reason}.`,
    advice: "This is a bug in phatvm or in the compiler: please report it with the message and the contract.",
  },
} as const satisfies Record<string, Entry>;

/** The codes of `BuildError`. They are stable. */
export type BuildErrorCode = keyof typeof buildErrors;

/** A contract could not be built. */
export class BuildError extends Error {
  override readonly name = "BuildError";
  /** The stable code, for programs. */
  readonly code: BuildErrorCode;
  /** The facts behind the message. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** What to do about it. */
  readonly advice: string;
  /** The mistakes of the contract, when the code is `ContractDoesNotCompile` or `LayoutChanged`. */
  readonly diagnostics: readonly Diagnostic[];

  constructor(code: BuildErrorCode, facts: Facts = {}, options?: ErrorOptions) {
    const { says, advice }: Entry = buildErrors[code];
    super(`${says(facts)}\n${advice}`, options);
    this.code = code;
    this.facts = facts;
    this.advice = advice;
    this.diagnostics = facts.diagnostics ?? [];
  }
}

/** The mistakes, a line each. */
function places({ diagnostics }: Facts): string {
  if (!Array.isArray(diagnostics)) return "";
  const mistakes = (diagnostics as readonly Diagnostic[]).filter((d) => d.severity === "error");
  return mistakes.map((d) => `\n  ${formatDiagnostic(d)}`).join("");
}

/** A mistake as a person reads it: place, then message. */
export function formatDiagnostic({ file, line, column, message, severity }: Diagnostic): string {
  const place = file === "" ? "" : `${file}:${line}:${column}: `;
  return `${place}${severity === "warning" ? "warning: " : ""}${message}`;
}
