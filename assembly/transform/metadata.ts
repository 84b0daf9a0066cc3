/**
 * ink! metadata, version 4: what other tools, and the typed client, know about a contract.
 * @module
 */
import { type AbiType, keyOf, type TypeUse } from "./abi.ts";
import type { Argument, ContractModel, Entry, StorageField } from "./contract.ts";
import { toHex } from "./hashes.ts";
import type { Metadata, TypeSpec } from "./inkMetadata.ts";
import type { Types } from "./types.ts";

/** What surrounds the contract in a bundle. */
export interface BundleFacts {
  readonly codeHash: string;
  readonly name: string;
  readonly version: string;
  readonly authors: readonly string[];
  readonly compiler: string;
}

/** Makes the metadata of a contract. */
export function metadataOf(model: ContractModel, types: Types, facts: BundleFacts): Metadata {
  const registry = new Registry();
  const langError = registry.add("LangError", () => ({
    path: ["ink_primitives", "LangError"],
    def: { variant: { variants: [{ index: 1, name: "CouldNotReadInput" }] } },
  }));
  const wrap = (value: number): number => registry.add(`lang(${value})`, () => resultType(value, langError));
  const constructed = (entry: Entry): TypeSpec => ({
    type: wrap(registry.of(entry.returns.type)),
    displayName: ["ink_primitives", "ConstructorResult"],
  });
  const answered = (entry: Entry): TypeSpec => ({
    type: wrap(registry.of(entry.returns.type)),
    displayName: ["ink", "MessageResult"],
  });
  const spec = (use: TypeUse): TypeSpec => ({ type: registry.of(use.type), displayName: use.displayName });
  const args = (list: readonly Argument[]) => list.map((a) => ({ label: a.name, type: spec(a.use) }));
  const constructors = model.constructors.map((e) => ({
    label: e.label,
    selector: toHex(e.selector),
    payable: e.payable,
    args: args(e.args),
    returnType: constructed(e),
    docs: e.docs,
    default: e.isDefault,
  }));
  const messages = model.messages.map((e) => ({
    label: e.label,
    selector: toHex(e.selector),
    payable: e.payable,
    mutates: e.mutates,
    args: args(e.args),
    returnType: answered(e),
    docs: e.docs,
    default: e.isDefault,
  }));
  const events = model.events.map((event) => ({
    label: event.name,
    args: event.fields.map((f) => ({
      label: f.name,
      indexed: f.indexed,
      type: { type: registry.of(f.type), displayName: displayNameOf(f.typeName) },
      docs: f.docs,
    })),
    docs: event.docs,
  }));
  const named = (type: AbiType, name: string): TypeSpec => ({ type: registry.of(type), displayName: [name] });
  const noExtension = registry.add("NoChainExtension", () => ({
    path: ["ink_env", "types", "NoChainExtension"],
    def: { variant: {} },
  }));
  const environment = {
    accountId: named(registry.account, "AccountId"),
    balance: named(types.primitive("u128"), "Balance"),
    blockNumber: named(types.primitive("u32"), "BlockNumber"),
    chainExtension: { type: noExtension, displayName: ["ChainExtension"] },
    hash: named(registry.hash, "Hash"),
    maxEventTopics: 4,
    timestamp: named(types.primitive("u64"), "Timestamp"),
  };
  const storage = {
    root: {
      root_key: "0x00000000",
      layout: { struct: { name: model.name, fields: model.fields.map((f) => fieldLayout(f, registry, types)) } },
    },
  };
  return {
    source: { hash: facts.codeHash, language: "AssemblyScript", compiler: facts.compiler },
    contract: { name: facts.name, version: facts.version, authors: facts.authors },
    spec: {
      constructors,
      messages,
      events,
      docs: model.docs,
      lang_error: { type: langError, displayName: ["ink", "LangError"] },
      environment,
    },
    storage,
    types: registry.types,
    version: "4",
  };
}

const resultType = (ok: number, err: number): object => ({
  path: ["Result"],
  params: [
    { name: "T", type: ok },
    { name: "E", type: err },
  ],
  def: {
    variant: {
      variants: [
        { index: 0, name: "Ok", fields: [{ type: ok }] },
        { index: 1, name: "Err", fields: [{ type: err }] },
      ],
    },
  },
});

/** How a type is called where no single name was kept: `AccountId | null` is an Option. */
function displayNameOf(text: string): string[] {
  if (/\|\s*null$/.test(text)) return ["Option"];
  const name = /^(?:\w+\.)*(\w+)(?:<.*>)?$/s.exec(text)?.[1];
  return name === undefined || name === "Array" ? [] : [name];
}

/** The key as the metadata prints it. */
const keyHex = (key: number): string => `0x${key.toString(16).padStart(8, "0")}`;

function fieldLayout(field: StorageField, registry: Registry, types: Types): object {
  const root_key = keyHex(field.key);
  const leaf = (type: AbiType): object => ({ leaf: { key: root_key, ty: registry.of(type) } });
  const { types: parts } = field;
  const value =
    field.keeping === "value" || field.keeping === "Lazy"
      ? leaf(parts[0] ?? types.unit)
      : field.keeping === "StorageList"
        ? { array: { len: 0, offset: root_key, layout: leaf(parts[0] ?? types.unit) } }
        : leaf(parts.at(-1) ?? types.unit);
  return { name: field.name, layout: { root: { root_key, layout: value } } };
}

/** The numbered types of one metadata file. */
class Registry {
  readonly types: { id: number; type: object }[] = [];
  readonly #ids = new Map<string, number>();
  readonly account: AbiType = { kind: "account" };
  readonly hash: AbiType = { kind: "hash" };

  /** The number of a type, which is given one when it is new. */
  add(key: string, make: () => object): number {
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.types.length;
    this.#ids.set(key, id);
    const slot = { id, type: {} };
    this.types.push(slot);
    slot.type = make();
    return id;
  }

  of(type: AbiType): number {
    switch (type.kind) {
      case "primitive":
        return this.add(type.name, () => ({ def: { primitive: type.name } }));
      case "account":
      case "hash": {
        const name = type.kind === "account" ? "AccountId" : "Hash";
        return this.add(type.kind, () => ({
          path: ["ink_primitives", "types", name],
          def: { composite: { fields: [{ type: this.#bytes(32), typeName: "[u8; 32]" }] } },
        }));
      }
      case "sequence":
        return this.add(`seq ${this.of(type.item)}`, () => ({ def: { sequence: { type: this.of(type.item) } } }));
      case "array":
        return this.add(`array ${this.of(type.item)} ${type.length}`, () => ({
          def: { array: { len: type.length, type: this.of(type.item) } },
        }));
      case "tuple":
        return this.add(`tuple ${type.items.map((i) => this.of(i))}`, () => ({
          def: { tuple: type.items.map((i) => this.of(i)) },
        }));
      case "option":
        return this.#option(this.of(type.item));
      case "result": {
        const ok = this.of(type.ok);
        const err = this.of(type.err);
        return this.add(`result ${ok} ${err}`, () => resultType(ok, err));
      }
      case "map": {
        const [key, value] = [this.of(type.key), this.of(type.value)];
        return this.add(`map ${key} ${value}`, () => ({
          path: ["BTreeMap"],
          params: [
            { name: "K", type: key },
            { name: "V", type: value },
          ],
          def: { composite: { fields: [{ type: this.#pairs(key, value) }] } },
        }));
      }
      case "set": {
        const item = this.of(type.item);
        return this.add(`set ${item}`, () => ({
          path: ["BTreeSet"],
          params: [{ name: "T", type: item }],
          def: {
            composite: { fields: [{ type: this.add(`seq ${item}`, () => ({ def: { sequence: { type: item } } })) }] },
          },
        }));
      }
      case "composite":
        return this.add(keyOf(type), () => ({
          path: type.path,
          def: {
            composite: {
              fields: type.fields.map((f) => ({ name: f.name, type: this.of(f.type), typeName: f.typeName })),
            },
          },
          ...(type.docs.length > 0 && { docs: type.docs }),
        }));
      case "variant":
        return this.add(keyOf(type), () => ({
          path: type.path,
          def: {
            variant: {
              variants: type.cases.map(({ name, index, fields, docs }) => ({
                index,
                name,
                ...(fields.length > 0 && {
                  fields: fields.map((f) => ({ name: f.name, type: this.of(f.type), typeName: f.typeName })),
                }),
                ...(docs.length > 0 && { docs }),
              })),
            },
          },
          ...(type.docs.length > 0 && { docs: type.docs }),
        }));
      case "enum":
        return this.add(keyOf(type), () => ({
          path: type.path,
          def: {
            variant: {
              variants: type.variants.map(({ name, index, docs }) => ({
                index,
                name,
                ...(docs.length > 0 && { docs }),
              })),
            },
          },
          ...(type.docs.length > 0 && { docs: type.docs }),
        }));
    }
  }

  #bytes(length: number): number {
    const u8 = this.add("u8", () => ({ def: { primitive: "u8" } }));
    return this.add(`array ${u8} ${length}`, () => ({ def: { array: { len: length, type: u8 } } }));
  }

  #pairs(key: number, value: number): number {
    const pair = this.add(`tuple ${[key, value]}`, () => ({ def: { tuple: [key, value] } }));
    return this.add(`seq ${pair}`, () => ({ def: { sequence: { type: pair } } }));
  }

  #option(item: number): number {
    return this.add(`option ${item}`, () => ({
      path: ["Option"],
      params: [{ name: "T", type: item }],
      def: {
        variant: {
          variants: [
            { index: 0, name: "None" },
            { index: 1, name: "Some", fields: [{ type: item }] },
          ],
        },
      },
    }));
  }
}
