/**
 * What an adversarial module is, and the bytes that most of them are made of.
 * @module
 */

import { type Bytes, flat, moduleOf, name, section, sized, unsigned, vector } from "../conformance/encode.ts";

/** How an attack must end: with a refusal whose reason holds a text, or with a kind of outcome. */
export type Expectation =
  | { readonly ends: "refused"; readonly reason: string }
  | { readonly ends: "returned" | "reverted" | "outOfGas" | "stackOverflow" }
  | { readonly ends: "trapped"; readonly kind: string };

/** A module that tries something. */
export interface Attack {
  readonly bytes: Uint8Array;
  /** `refused`, `refused REASON`, `returned`, `outOfGas`, `stackOverflow`, `trapped KIND`. */
  readonly expect: string;
  /** Default `deterministic`. */
  readonly profile?: "deterministic" | "wasm2" | "pink";
  /** The limit in ref_time. Default 10^9, an eighth of a million plain instructions. */
  readonly gas?: number;
  /** What the host must have been told by then, when the attack tells it something. */
  readonly notes?: readonly number[];
  /** The least that the run must have been charged. */
  readonly usesAtLeast?: number;
}

/** Reads an expectation as it is written in an attack's second line. */
export function expectation(text: string): Expectation {
  const [ends, ...rest] = text.split(" ");
  const detail = rest.join(" ");
  switch (ends) {
    case "refused":
      return { ends, reason: detail };
    case "trapped":
      return { ends, kind: detail };
    case "returned":
    case "reverted":
    case "outOfGas":
    case "stackOverflow":
      return { ends };
  }
  throw new Error(`no expectation: ${text}`);
}

/** Sections of a contract by their ids; each may be replaced, added to or left out by an attack. */
export type ContractSections = Map<number, Bytes>;

export const END = 0x0b;
/** A function body: groups of locals, code, and the end. */
export const body = (code: Bytes, locals: Bytes = [0]): Bytes => sized([locals, code, END]);

/**
 * The sections of a contract whose `call` is the first of `bodies` and whose other functions have the same type.
 *
 * Function 0 is `deploy`, 1 is `call`, 2 and on are the rest. All are `() -> ()`.
 */
export function contract(bodies: readonly Bytes[] = [body([])]): ContractSections {
  return new Map<number, Bytes>([
    [1, vector([[0x60, 0, 0]])],
    [2, vector([[name("env"), name("memory"), 2, 1, 1, 4]])],
    [3, vector(Array.from({ length: bodies.length + 1 }, () => [0]))],
    [
      7,
      vector([
        [name("deploy"), 0, 0],
        [name("call"), 0, 1],
      ]),
    ],
    [10, vector([body([]), ...bodies])],
  ]);
}

/** Writes sections in the format's order. */
export function write(sections: ContractSections): Uint8Array {
  const order = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];
  return moduleOf(...order.filter((id) => sections.has(id)).map((id) => section(id, sections.get(id)!)));
}

/** A custom section. */
export const custom = (title: string, content: Bytes): Bytes => section(0, [name(title), content]);

/** Bytes behind a module. */
export const followedBy = (module: Uint8Array, ...more: Bytes[]): Uint8Array => flat([module, more]);

export { flat, moduleOf, name, section, sized, unsigned, vector };
