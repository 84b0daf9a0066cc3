/**
 * Seven formats in, one shape out: reads ink! metadata from the 3.0 release candidates (V0) to version 5.
 *
 * What tells them apart, and where each keeps its interface, stands in `locate`; the rest reads all of them alike,
 * because their differences beyond that are names (`name` or `label`) and things left out.
 * @module
 */

import { Json } from "./json.ts";
import type { Argument, Entry, EventEntry, MessageEntry, Metadata, MetadataFormat } from "./model.ts";
import { type Registry, readRegistry } from "./types.ts";

/**
 * Reads a metadata document.
 *
 * @param document the parsed JSON of a `.contract` file or of its metadata alone.
 * @throws {EngineError} `MetadataInvalid`, naming the place in the document.
 */
export function normalise(document: unknown): Metadata {
  const root = new Json(document).object();
  const { format, abi } = locate(root);
  const registry = readRegistry(abi.get("types"));
  const spec = abi.get("spec").object();
  const about = root.get("contract");
  const hash = root.get("source").get("hash");
  const constructors = spec
    .get("constructors")
    .items()
    .map((item) => readEntry(item, registry, true));
  const messages = spec
    .get("messages")
    .items()
    .map((item) => readMessage(item, registry));
  if (constructors.length + messages.length === 0) throw spec.fail("it declares no constructor and no message");
  return {
    format,
    name: about.get("name").textOr("contract"),
    version: about.get("version").textOr(""),
    codeHash: hash.present ? hash.bytes(32) : undefined,
    language: root.get("source").get("language").textOr(""),
    eventsBy: format === "5" ? "topic" : "index",
    types: registry.types,
    constructors,
    messages,
    events: spec
      .get("events")
      .items()
      .map((item) => readEvent(item, registry)),
  };
}

function locate(root: Json): { readonly format: MetadataFormat; readonly abi: Json } {
  const version = root.get("version");
  if (version.present) {
    const text = String(version.value);
    if (text === "4" || text === "5") return { format: text, abi: root };
    throw root.fail(`it says that it is of version ${text.slice(0, 20)}, and 4 and 5 are known`);
  }
  for (const format of ["V3", "V2", "V1"] as const) {
    if (root.get(format).present) return { format, abi: root.get(format).object() };
  }
  if (root.get("metadataVersion").present || root.get("spec").present) return { format: "V0", abi: root };
  throw root.fail("no version, no V1 to V3 and no spec");
}

function readArgument(item: Json, registry: Registry): Argument {
  const type = item.get("type");
  const shown = type
    .get("displayName")
    .items()
    .map((part) => part.text());
  return {
    name: item.either("label", "name").label(),
    type: registry.resolve(type.get("type")),
    typeName: shown.length === 0 ? undefined : shown.join("::"),
  };
}

function readEntry(item: Json, registry: Registry, payableByDefault: boolean): Entry {
  const declared = item.get("returnType").present ? registry.resolve(item.get("returnType").get("type")) : undefined;
  const inside = declared === undefined ? undefined : insideLangResult(declared, registry);
  const returns = inside === undefined ? declared : inside;
  return {
    label: item.either("label", "name").label(),
    selector: item.get("selector").bytes(4),
    args: item
      .get("args")
      .items()
      .map((arg) => readArgument(arg, registry)),
    returns,
    wrapped: inside !== undefined,
    payable: item.get("payable").flag(payableByDefault),
    docs: item
      .get("docs")
      .items()
      .map((line) => line.textOr("")),
  };
}

function readMessage(item: Json, registry: Registry): MessageEntry {
  return { ...readEntry(item, registry, false), mutates: item.get("mutates").flag(true) };
}

/** The `T` of a `Result<T, LangError>`; undefined for any other type. */
function insideLangResult(index: number, registry: Registry): number | undefined {
  const type = registry.types[index];
  if (type?.path.at(-1) !== "Result" || type.def.kind !== "variant") return undefined;
  const ok = type.def.variants.find((v) => v.index === 0)?.fields[0]?.type;
  const error = type.def.variants.find((v) => v.index === 1)?.fields[0]?.type;
  if (ok === undefined || error === undefined) return undefined;
  return registry.types[error]?.path.at(-1) === "LangError" ? ok : undefined;
}

function readEvent(item: Json, registry: Registry): EventEntry {
  const signature = item.get("signature_topic");
  return {
    label: item.either("label", "name").label(),
    args: item
      .get("args")
      .items()
      .map((arg) => ({ ...readArgument(arg, registry), indexed: arg.get("indexed").flag(false) })),
    signature: signature.present ? signature.bytes(32) : undefined,
  };
}
