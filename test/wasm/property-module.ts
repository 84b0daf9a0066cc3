/**
 * Random modules that are valid and small, with everything that gas and floats have to get right in them.
 *
 * Each has a memory, a table, globals of every type, passive segments, three imported functions and a few functions
 * of its own that call one another directly, and in half of the modules indirectly and by tail call too; all is exported,
 * so that all can be compared.
 * @module
 */

import {
  type Bytes,
  moduleOf,
  name,
  section,
  signed,
  sized,
  TYPE_CODES,
  unsigned,
  vector,
} from "../conformance/encode.ts";
import type { FunctionType } from "../conformance/interface.ts";
import { WIDTHS } from "../conformance/values.ts";
import type { Step } from "../gas/trace.ts";
import { Choices } from "./property-choices.ts";
import { Coder, type Surroundings, TYPES, type Type } from "./property-code.ts";

/** A random module and calls into it. */
export interface RandomModule {
  readonly bytes: Uint8Array;
  readonly steps: readonly Step[];
}

const IMPORTS: readonly { readonly name: string; readonly type: FunctionType }[] = [
  { name: "log", type: { params: ["i32", "i64"], results: [] } },
  { name: "ask", type: { params: ["i32"], results: ["i32"] } },
  { name: "float", type: { params: ["f32", "f64"], results: ["f64"] } },
];
const TABLE_SIZE = 8;
const BODY_BUDGET = 60;
/** Functions that are called only directly and do little: some of them cannot trap. */
const SMALL_BUDGETS = [3, 6, 12, 60] as const;

/** Makes a module from decisions. */
export function randomModule(bytes: Uint8Array): RandomModule {
  const choices = new Choices(bytes);
  const types: FunctionType[] = [];
  const typeIndex = (type: FunctionType): number => {
    const same = types.findIndex(
      ({ params, results }) => params.join() === type.params.join() && results.join() === type.results.join(),
    );
    return same >= 0 ? same : types.push(type) - 1;
  };
  const valueTypes = choices.once(3) ? TYPES.filter((type) => type !== "v128") : TYPES;
  const onlyDirectly = choices.once(2);
  const own = Array.from(
    { length: 1 + choices.below(onlyDirectly ? 6 : 4) },
    (): FunctionType => ({
      params: someTypes(choices, valueTypes, 4),
      results: someTypes(choices, valueTypes, 3),
    }),
  );
  const functions = [...IMPORTS.map(({ type }) => type), ...own];
  const globals = [...valueTypes.map((type) => ({ type, mutable: true })), { type: "i32" as const, mutable: false }];
  const around: Surroundings = {
    types: valueTypes,
    functions,
    typeIndex,
    globals,
    dataSegments: 2,
    elementSegments: 2,
    tableSize: TABLE_SIZE,
    onlyDirectly,
  };
  for (const type of functions) typeIndex(type);

  const bodies = own.map((type) => {
    const locals = someTypes(choices, valueTypes, 5);
    const body = new Coder(
      choices,
      around,
      type,
      locals,
      onlyDirectly ? choices.of(SMALL_BUDGETS) : BODY_BUDGET,
    ).body();
    return sized([vector(locals.map((local) => [1, TYPE_CODES[local]])), body, 0x0b]);
  });
  const referable = onlyDirectly ? IMPORTS.length : functions.length;
  const hasStart = own[0]!.params.length === 0 && own[0]!.results.length === 0 && choices.once(3);
  const entries = Array.from({ length: TABLE_SIZE - 2 }, () => unsigned(choices.below(referable)));

  const steps = Array.from({ length: 1 + choices.below(3) }, (): Step => {
    const index = choices.below(own.length);
    return {
      entry: `f${index}`,
      args: (own[index]!.params as Type[]).map((type) => ({
        type,
        bits: choices.once(3) ? choices.bits(WIDTHS[type]) : BigInt(choices.below(20)),
      })),
    };
  });

  const codes = (list: readonly string[]): Bytes => vector(list.map((type) => [TYPE_CODES[type as Type]]));
  const bytesOf = moduleOf(
    section(1, vector(types.map(({ params, results }) => [0x60, codes(params), codes(results)]))),
    section(2, vector(IMPORTS.map((each) => [name("host"), name(each.name), 0, unsigned(typeIndex(each.type))]))),
    section(3, vector(own.map((type) => unsigned(typeIndex(type))))),
    section(4, vector([[TYPE_CODES.funcref, 1, TABLE_SIZE, 2 * TABLE_SIZE]])),
    section(5, vector([[1, 1, 3]])),
    section(
      6,
      vector(
        globals.map(({ type, mutable }, index) => [TYPE_CODES[type], mutable ? 1 : 0, initial(type, index), 0x0b]),
      ),
    ),
    section(
      7,
      vector([
        ...own.map((_, index) => [name(`f${index}`), 0, unsigned(IMPORTS.length + index)]),
        ...globals.map((_, index) => [name(`g${index}`), 3, unsigned(index)]),
        [name("memory"), 2, 0],
        [name("table"), 1, 0],
      ]),
    ),
    ...(hasStart ? [section(8, unsigned(IMPORTS.length))] : []),
    section(
      9,
      vector([
        [0, 0x41, 0, 0x0b, vector(entries)],
        [
          1,
          0,
          vector([unsigned(onlyDirectly ? 1 : IMPORTS.length), unsigned(onlyDirectly ? 0 : functions.length - 1)]),
        ],
        [3, 0, vector([unsigned(onlyDirectly ? 0 : functions.length - 1)])],
      ]),
    ),
    section(12, unsigned(2)),
    section(10, vector(bodies)),
    section(
      11,
      vector([
        [1, sized([1, 2, 3, 4, 5, 6, 7, 8])],
        [0, 0x41, signed(16), 0x0b, sized([0xff, 0xff, 0xc1, 0x7f, 0, 0, 0, 0x80])],
      ]),
    ),
  );
  return { bytes: bytesOf, steps };
}

function someTypes(choices: Choices, from: readonly Type[], fewerThan: number): Type[] {
  return Array.from({ length: choices.below(fewerThan) }, () => choices.of(from));
}

function initial(type: Type, index: number): Bytes {
  switch (type) {
    case "i32":
      return [0x41, signed(index)];
    case "i64":
      return [0x42, signed(-index)];
    case "f32":
      return [0x43, [0, 0, 0xc0, 0x3f]];
    case "f64":
      return [0x44, [0, 0, 0, 0, 0, 0, 0xf0, 0x7f]];
    case "v128":
      return [0xfd, 12, Array.from({ length: 16 }, (_, lane) => lane * 16)];
  }
}
