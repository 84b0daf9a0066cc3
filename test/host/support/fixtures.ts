/**
 * The fixture contracts as they were built: their code, and selectors by label.
 * @module
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fromHex } from "../../../src/wire/bytes.ts";

interface Labelled {
  readonly label: string;
  readonly selector: string;
}

const build = join(import.meta.dirname, "../../../build");

export interface Fixture {
  readonly code: Uint8Array;
  readonly selector: (label: string) => Uint8Array;
}

/** A contract of `fixtures/`, built by `npm run build`. */
export function fixture(name: string): Fixture {
  const { spec } = JSON.parse(readFileSync(join(build, `${name}.json`), "utf8")) as {
    spec: { constructors: Labelled[]; messages: Labelled[] };
  };
  return {
    code: new Uint8Array(readFileSync(join(build, `${name}.wasm`))),
    selector: (label) => {
      const found = [...spec.constructors, ...spec.messages].find((entry) => entry.label === label);
      if (found === undefined) throw new TypeError(`${name} has no ${label}`);
      return fromHex(found.selector);
    },
  };
}

/** A selector and SCALE arguments in one. */
export function data(selector: Uint8Array, ...argument: readonly number[]): Uint8Array {
  return Uint8Array.from([...selector, ...argument]);
}
