/**
 * Closes the isolate's realm from within: what the enclave does not need of JavaScript and of Node is gone, what is left
 * takes nothing more.
 *
 * A guest's bytes are WebAssembly, which reaches nothing but its imports. What is done here is for the day when something
 * slips: a decoder that writes to a prototype, a text that ends up in `Function`. A worker thread refuses V8's flag
 * against code from strings, so the constructors themselves go: `eval` and the four that are reached through the
 * prototypes of functions, of which there are no others.
 * @module
 */

import { EngineError } from "../errors.ts";

/** Globals that are JavaScript's own: kept, and frozen with whatever is reached through them. */
const language = [
  "AggregateError",
  "Array",
  "ArrayBuffer",
  "Atomics",
  "BigInt",
  "BigInt64Array",
  "BigUint64Array",
  "Boolean",
  "DataView",
  "Date",
  "Error",
  "EvalError",
  "FinalizationRegistry",
  "Float32Array",
  "Float64Array",
  "Int16Array",
  "Int32Array",
  "Int8Array",
  "Iterator",
  "JSON",
  "Map",
  "Math",
  "Number",
  "Object",
  "Promise",
  "Proxy",
  "RangeError",
  "ReferenceError",
  "Reflect",
  "RegExp",
  "Set",
  "SharedArrayBuffer",
  "String",
  "Symbol",
  "SyntaxError",
  "TypeError",
  "URIError",
  "Uint16Array",
  "Uint32Array",
  "Uint8Array",
  "Uint8ClampedArray",
  "WeakMap",
  "WeakRef",
  "WeakSet",
  "WebAssembly",
  "decodeURI",
  "decodeURIComponent",
  "encodeURI",
  "encodeURIComponent",
  "escape",
  "isFinite",
  "isNaN",
  "parseFloat",
  "parseInt",
  "unescape",
];

/** Globals that are Node's and that the enclave or the HTTP client in it uses. Everything else is removed. */
const platform = [
  "AbortController",
  "AbortSignal",
  "Blob",
  "Buffer",
  "DOMException",
  "Event",
  "EventTarget",
  "ReadableStream",
  "TextDecoder",
  "TextEncoder",
  "URL",
  "URLSearchParams",
  "clearImmediate",
  "clearInterval",
  "clearTimeout",
  "performance",
  "queueMicrotask",
  "setImmediate",
  "setInterval",
  "setTimeout",
  "structuredClone",
];

/** What the HTTP client reads of `process`. */
const processNames = ["arch", "nextTick", "platform", "version", "versions"] as const;

/** Values that cannot be deleted, and do no harm. */
const constants = ["Infinity", "NaN", "globalThis", "undefined"];

function refused(): never {
  throw new EngineError("Internal", { what: "the isolate makes no code of text" });
}

/** Puts a function that refuses in the place of one that compiles, so that the original cannot be reached any more. */
function refuseConstructor(prototype: object): void {
  // Callable and constructible as the original was, and `instanceof` still holds.
  const inert = (): never => {
    refused();
  };
  Object.defineProperty(inert, "prototype", { value: prototype, writable: false });
  Object.defineProperty(prototype, "constructor", { value: inert, writable: false, configurable: false });
}

/** The kinds of functions that there are; the constructor of each compiles text. */
const functions: readonly object[] = [
  () => undefined,
  async () => undefined,
  // biome-ignore lint/correctness/useYield: only its prototype is wanted.
  function* () {
    return undefined;
  },
  // biome-ignore lint/correctness/useYield: only its prototype is wanted.
  async function* () {
    return undefined;
  },
].map((sample) => Object.getPrototypeOf(sample) as object);

/** Iterators and other objects of the language that no global leads to. */
function hidden(): object[] {
  const iterators = [
    [][Symbol.iterator](),
    ""[Symbol.iterator](),
    new Map()[Symbol.iterator](),
    new Set()[Symbol.iterator](),
    "".matchAll(/x/g),
  ];
  return [...functions, ...iterators.map((iterator) => Object.getPrototypeOf(iterator) as object)];
}

/**
 * A frozen property cannot be assigned on what inherits it. Where that is customary (an error's `name`, an object's
 * `toString`), a pair of accessors takes the property's place, and assigning defines it on the inheriting object.
 * @returns The values, which are seen through the accessors only.
 */
function letInherit(prototype: object): object[] {
  const values: object[] = [];
  for (const [name, { value, writable, configurable, enumerable }] of Object.entries(
    Object.getOwnPropertyDescriptors(prototype),
  )) {
    if (writable !== true || configurable !== true) continue;
    values.push(Object(value));
    Object.defineProperty(prototype, name, {
      enumerable: enumerable === true,
      configurable: false,
      get: () => value,
      set(this: unknown, own: unknown) {
        if (this === prototype || Object(this) !== this) refuseChange(name);
        Object.defineProperty(this, name, { value: own, writable: true, enumerable: true, configurable: true });
      },
    });
  }
  return values;
}

function refuseChange(name: string): never {
  throw new EngineError("Internal", { what: `"${name}" of the isolate's realm cannot be changed` });
}

/**
 * Freezes objects and everything that is reached through their properties and prototypes, but prototypes themselves: a
 * frozen one makes work on storage take twice as long, so these only take no more properties. That is what a decoded key
 * would need.
 */
function freezeAll(roots: readonly object[]): void {
  const seen = new Set<object>();
  const visit = (value: unknown): void => {
    if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value)) return;
    seen.add(value);
    if (Object.hasOwn(value, "constructor")) Object.preventExtensions(value);
    else Object.freeze(value);
    visit(Object.getPrototypeOf(value));
    for (const descriptor of Object.values(Object.getOwnPropertyDescriptors(value))) {
      visit(descriptor.value);
      visit(descriptor.get);
      visit(descriptor.set);
    }
    for (const symbol of Object.getOwnPropertySymbols(value)) {
      visit(Object.getOwnPropertyDescriptor(value, symbol)?.value);
    }
  };
  for (const root of roots) visit(root);
}

/** Closes the realm that this is called in, for good. To be called once, before anything from outside is read. */
export function closeRealm(): void {
  for (const prototype of functions) refuseConstructor(prototype);

  const real = globalThis as unknown as Record<string, unknown>;
  const node = real.process as Record<string, unknown>;
  const process = {
    ...Object.fromEntries(processNames.map((name) => [name, node[name]])),
    env: Object.freeze({}),
    emitWarning: () => undefined,
  };

  const random = globalThis.crypto;
  const kept = new Set([...language, ...platform, ...constants]);
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    if (kept.has(name) || Reflect.deleteProperty(globalThis, name)) continue;
    // A flag of the host's puts it there for good (`gc`), but lets it be overwritten.
    if (!Reflect.defineProperty(globalThis, name, { value: undefined, writable: false })) refuseChange(name);
  }
  const fixed = { writable: false, configurable: false, enumerable: false };
  Object.defineProperty(globalThis, "process", { ...fixed, value: Object.freeze(process) });
  // The curves blind what is secret with it.
  const crypto = { getRandomValues: (array: Uint8Array): Uint8Array => random.getRandomValues(array) };
  Object.defineProperty(globalThis, "crypto", { ...fixed, value: Object.freeze(crypto) });
  Object.defineProperty(globalThis, "eval", { ...fixed, value: refused });
  Object.defineProperty(globalThis, "Function", { ...fixed, value: (functions[0] as () => void).constructor });
  // There is nobody to read it.
  const silent = Object.freeze(
    Object.fromEntries(["debug", "error", "info", "log", "trace", "warn"].map((name) => [name, () => undefined])),
  );
  Object.defineProperty(globalThis, "console", { ...fixed, value: silent });

  const errors = language.filter((name) => name.endsWith("Error")).map((name) => real[name] as ErrorConstructor);
  const inherited = [Object.prototype, ...errors.map(({ prototype }) => prototype)].flatMap(letInherit);
  const globals = language.filter((name) => name in real).map((name) => real[name] as object);
  freezeAll([...globals, ...hidden(), ...inherited, refused]);
  for (const name of [...language, ...platform]) {
    if (name in real) Object.defineProperty(globalThis, name, { ...fixed, value: real[name] });
  }
}
