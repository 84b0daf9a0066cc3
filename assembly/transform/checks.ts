/**
 * Code that refuses enum values that the enum does not have. In the compiled contract an enum is a plain u8, so what
 * arrives from outside is checked where it arrives.
 * @module
 */
import type { AbiType } from "./abi.ts";

/**
 * Whether values of a type must be checked after they were decoded. A composite checks itself while it is read; one with
 * type parameters does not know what they stand for, so it is checked where it is used.
 */
function matters(type: AbiType): boolean {
  switch (type.kind) {
    case "enum":
      return true;
    case "option":
    case "sequence":
    case "array":
    case "set":
      return matters(type.item);
    case "result":
      return matters(type.ok) || matters(type.err);
    case "map":
      return matters(type.key) || matters(type.value);
    case "tuple":
      return type.items.some(matters);
    case "composite":
      return type.node.isGeneric && type.fields.some((f) => matters(f.type));
    default:
      return false;
  }
}

const tupleFields = ["first", "second", "third"];

/** Statements that mark the input as malformed when a value holds an enum out of range; empty when none can. */
export function checkOf(value: string, type: AbiType, depth = 0): string {
  if (!matters(type)) return "";
  const inner = `$${depth}`;
  const index = `$i${depth}`;
  const each = (list: string, item: AbiType): string =>
    `{ const ${inner} = ${list}; for (let ${index} = 0; ${index} < ${inner}.length; ++${index}) { ${checkOf(`unchecked(${inner}[${index}])`, item, depth + 1)} } }`;
  switch (type.kind) {
    case "enum": {
      const known = type.variants.map((v) => v.index).toSorted((a, b) => a - b);
      const dense = known.every((v, i) => v === i);
      if (dense) return known.length === 256 ? "" : `if (<u32>${value} >= ${known.length}) $phat.fail();`;
      return `if (${known.map((v) => `${value} != ${v}`).join(" && ")}) $phat.fail();`;
    }
    case "option":
      return type.nullable
        ? `{ const ${inner} = ${value}; if (${inner} !== null) { ${checkOf(inner, type.item, depth + 1)} } }`
        : `if (${value}.isSome) { ${checkOf(`${value}.value`, type.item, depth + 1)} }`;
    case "sequence":
    case "array":
      return each(value, type.item);
    case "set":
      return each(`${value}.values()`, type.item);
    case "map":
      return `${matters(type.key) ? each(`${value}.keys()`, type.key) : ""}${matters(type.value) ? each(`${value}.values()`, type.value) : ""}`;
    case "result":
      return `if (${value}.isErr) { ${checkOf(`${value}.error`, type.err, depth + 1)} } else { ${checkOf(`${value}.value`, type.ok, depth + 1)} }`;
    case "tuple":
      return type.items.map((item, i) => checkOf(`${value}.${tupleFields[i]}`, item, depth)).join(" ");
    case "composite":
      return type.fields.map((f) => checkOf(`${value}.${f.name}`, f.type, depth + 1)).join(" ");
    default:
      return "";
  }
}
