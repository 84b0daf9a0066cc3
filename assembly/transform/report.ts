/**
 * Mistakes of an author, reported through the compiler so that they come with file, line and a piece of the source.
 * @module
 */
import type { Node, Parser, Range } from "assemblyscript";
import { DiagnosticCode } from "./kinds.ts";

/** Reports what is wrong with a contract. */
export class Report {
  readonly #parser: Parser;
  readonly #silent: boolean;
  #errors = 0;

  /** @param silent to find out whether something is wrong, and say nothing. */
  constructor(parser: Parser, silent = false) {
    this.#parser = parser;
    this.#silent = silent;
  }

  /** Whether anything was reported. */
  get any(): boolean {
    return this.#errors > 0;
  }

  /** Reports an error at a place in the source. */
  error(at: Node | Range, message: string): void {
    this.#errors++;
    if (this.#silent) return;
    this.#parser.error(DiagnosticCode.User_defined_0, "range" in at ? at.range : at, message);
  }

  /** Reports a warning at a place in the source. */
  warning(at: Node | Range, message: string): void {
    this.#parser.warning(DiagnosticCode.User_defined_0, "range" in at ? at.range : at, message);
  }
}
