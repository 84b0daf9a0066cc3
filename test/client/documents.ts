/**
 * One small contract's metadata in each published shape, written out as each generation of tools wrote it.
 * @module
 */

export const shapes = ["V0", "V0-portable", "V1", "V2", "V3", "4", "5"] as const;
export type Shape = (typeof shapes)[number];

/** Position of each type in the registry. */
const t = { bool: 0, bytes32: 1, u8: 2, account: 3, u128: 4, option: 5, unit: 6, langError: 7, error: 8 } as const;

const definitions = [
  { def: { primitive: "bool" } },
  { def: { array: { len: 32, type: t.u8 } } },
  { def: { primitive: "u8" } },
  {
    path: ["ink_env", "types", "AccountId"],
    def: { composite: { fields: [{ type: t.bytes32, typeName: "[u8; 32]" }] } },
  },
  { def: { primitive: "u128" } },
  {
    path: ["Option"],
    params: [{ name: "T", type: t.account }],
    def: {
      variant: {
        variants: [
          { name: "None", index: 0 },
          { name: "Some", index: 1, fields: [{ type: t.account }] },
        ],
      },
    },
  },
  { def: { tuple: [] } },
  { path: ["ink_primitives", "LangError"], def: { variant: { variants: [{ name: "CouldNotReadInput", index: 1 }] } } },
  {
    path: ["token", "Error"],
    def: {
      variant: {
        variants: [
          { name: "TooPoor", index: 0 },
          { name: "Closed", index: 1 },
        ],
      },
    },
  },
];

const result = (ok: number, error: number): object => ({
  path: ["Result"],
  params: [
    { name: "T", type: ok },
    { name: "E", type: error },
  ],
  def: {
    variant: {
      variants: [
        { name: "Ok", index: 0, fields: [{ type: ok }] },
        { name: "Err", index: 1, fields: [{ type: error }] },
      ],
    },
  },
});

/** Appended results: of transfer, and the `LangError` wrappers of ink! 4. */
const results = [
  result(t.unit, t.error), // 9
  result(t.unit, t.langError), // 10
  result(t.u128, t.langError), // 11
  result(9, t.langError), // 12
];

/** Adds one to every reference: the release candidates counted types from one. */
function oneBased(value: unknown, key = ""): unknown {
  if (typeof value === "number" && key === "type") return value + 1;
  if (Array.isArray(value)) return value.map((item) => (key === "tuple" ? item + 1 : oneBased(item)));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, oneBased(v, k)]));
}

/** The document of a little token: new(supply), transfer(to, value), balance_of(owner), event Transfer. */
export function tokenDocument(shape: Shape): Record<string, unknown> {
  const named = ["V0", "V0-portable", "V1"].includes(shape);
  const wrapped = shape === "4" || shape === "5";
  const label = (text: string): object => (named ? { name: [text] } : { label: text });
  const plain = (text: string): object => (named ? { name: text } : { label: text });
  const arg = (text: string, type: number): object => ({ ...plain(text), type: { displayName: [], type } });
  const returns = (bare: number | null, inWrapper: number): object => ({
    returnType: wrapped
      ? { displayName: ["ink", "MessageResult"], type: inWrapper }
      : bare === null
        ? null
        : { displayName: [], type: bare },
  });
  const spec = {
    constructors: [
      {
        ...label("new"),
        args: [arg("supply", t.u128)],
        docs: [],
        selector: "0x9bae9d5e",
        ...(shape === "V3" || wrapped ? { payable: false } : {}),
        ...(wrapped ? returns(null, 10) : {}),
      },
    ],
    messages: [
      {
        ...label("transfer"),
        args: [arg("to", t.account), arg("value", t.u128)],
        docs: [" Moves tokens."],
        mutates: true,
        payable: true,
        selector: "0x84a15da1",
        ...returns(9, 12),
      },
      {
        ...label("balance_of"),
        args: [arg("owner", t.account)],
        docs: [],
        mutates: false,
        payable: false,
        selector: "0x0f755a56",
        ...returns(t.u128, 11),
      },
    ],
    events: [
      {
        ...plain("Transfer"),
        ...(shape === "5"
          ? {
              module_path: "token::token",
              signature_topic: "0xb5b61a3e6a21a16be4f044b517c28ac692492f73c5bfd3f60178ad98c767f4cb",
            }
          : {}),
        args: [
          { ...arg("from", t.option), indexed: true, docs: [] },
          { ...arg("to", t.option), indexed: true, docs: [] },
          { ...arg("value", t.u128), indexed: false, docs: [] },
        ],
        docs: [],
      },
      ...(shape === "5"
        ? [
            {
              ...plain("Paused"),
              module_path: "token",
              signature_topic: null,
              args: [{ ...arg("by", t.account), indexed: true }],
              docs: [],
            },
          ]
        : [{ ...plain("Paused"), args: [{ ...arg("by", t.account), indexed: true }], docs: [] }]),
    ],
    docs: [],
    ...(wrapped ? { lang_error: { displayName: ["ink", "LangError"], type: t.langError } } : {}),
  };
  const all = [...definitions, ...results];
  const portable = all.map((type, id) => ({ id, type }));
  const head = {
    source: { hash: `0x${"11".repeat(32)}`, language: `ink! of ${shape}`, compiler: "rustc 1.70.0" },
    contract: { name: "token", version: "1.2.3", authors: ["somebody"] },
  };
  const storage = { root: { root_key: "0x00000000", layout: { struct: { name: "Token", fields: [] } } } };
  switch (shape) {
    case "V0":
      // Types had no index in their variants and were counted from one.
      return {
        metadataVersion: "0.1.0",
        ...head,
        ...(oneBased({ spec, storage: {}, types: withoutIndex(all) }) as object),
      };
    case "V0-portable":
      return { metadataVersion: "0.1.0", ...head, spec, storage: {}, types: portable };
    case "V1":
    case "V2":
    case "V3":
      return { ...head, [shape]: { spec, storage: {}, types: portable } };
    case "4":
      return { ...head, version: "4", spec, storage, types: portable };
    case "5":
      return { ...head, version: 5, image: null, spec, storage, types: portable };
  }
}

function withoutIndex(types: readonly object[]): unknown {
  return JSON.parse(JSON.stringify(types), (key, value) => (key === "index" ? undefined : value));
}
