/**
 * The enclave's own code, and after it, in the same realm, attempts at what must not be possible there.
 *
 * It is bundled as the enclave is and run by the same loader. The outcomes go out as one frame of JSON.
 * @module
 */

import "../../src/enclave/main.ts";
import * as vm from "node:vm";
import type { Surroundings } from "../../src/platform/surroundings.ts";
import { within } from "../../src/vm/deadline.ts";
import { FrameWriter } from "../../src/wire/frame.ts";

declare const surroundings: Surroundings;
declare const require: (name: string) => unknown;

/** Under another name, so that the bundler leaves the calls alone. */
const demand = require;
const text = "7 * 6";
const returning = `return ${text}`;
// biome-ignore lint/suspicious/noExplicitAny: what is tried here has no types.
type Any = any;
const all = globalThis as Any;
const constructorOf = (value: unknown): Any => (value as Any).constructor;
const prototypeOf = (value: unknown): Any => Object.getPrototypeOf(value);
const load = (url: string): Promise<unknown> => import(url);
async function asynchronous(): Promise<void> {}
function* generator(): Generator<number> {
  yield 1;
}
async function* asyncGenerator(): AsyncGenerator<number> {
  yield 1;
}
class Made {
  make(): void {}
}

/** Compiling text: each must be refused. */
const compiling: Record<string, () => unknown> = {
  eval: () => all.eval(text),
  "indirect eval": () => [all.eval].map((indirect) => indirect(text))[0],
  "Function, called": () => all.Function(returning)(),
  "new Function": () => new all.Function(returning)(),
  "an arrow's constructor": () => constructorOf(() => 1)(returning)(),
  "a class's constructor": () => constructorOf(Made)(returning)(),
  "a method's constructor": () => constructorOf(new Made().make)(returning)(),
  "a built-in's constructor": () => constructorOf(Math.max)(returning)(),
  "a constructor's constructor": () => constructorOf(constructorOf({}))(returning)(),
  "a constructor's constructor's constructor": () => constructorOf(constructorOf(constructorOf([])))(returning)(),
  "a bound function's constructor": () => constructorOf(Math.max.bind(null))(returning)(),
  "a getter's constructor": () =>
    constructorOf(Object.getOwnPropertyDescriptor(Map.prototype, "size")?.get)(returning)(),
  "a proxy's constructor": () => constructorOf(new Proxy(() => 1, {}))(returning)(),
  "a function of Node's constructor": () => constructorOf(all.setTimeout)(returning)(),
  "a function of a module's constructor": () => constructorOf((demand("node:util") as Any).inspect)(returning)(),
  "the loader's function's constructor": () => constructorOf(surroundings.send)(returning)(),
  "require's constructor": () => constructorOf(require)(returning)(),
  "an AsyncFunction": () => constructorOf(asynchronous)(returning)(),
  "new AsyncFunction": () => new (constructorOf(asynchronous))(returning)(),
  "an async arrow's constructor": () => constructorOf(async () => 1)(returning)(),
  "an async method's constructor": () => constructorOf({ async m() {} }.m)(returning)(),
  "a GeneratorFunction": () => constructorOf(generator)(returning)(),
  "new GeneratorFunction": () => new (constructorOf(generator))(returning)(),
  "an AsyncGeneratorFunction": () => constructorOf(asyncGenerator)(returning)(),
  "new AsyncGeneratorFunction": () => new (constructorOf(asyncGenerator))(returning)(),
  "the constructor that AsyncFunction inherits from": () => prototypeOf(constructorOf(asynchronous))(returning)(),
  "the prototype of functions' constructor": () => constructorOf(prototypeOf(prototypeOf(asynchronous)))(returning)(),
  "an iterator's function's constructor": () => constructorOf(prototypeOf(generator()).next)(returning)(),
  "Reflect.construct": () =>
    (
      Reflect.construct(
        constructorOf(() => 1),
        [returning],
      ) as Any
    )(),
  "Reflect.construct with another target": () =>
    (Reflect.construct(all.Function, [returning], constructorOf(asynchronous)) as Any)(),
  "a class that extends Function": () => (new (class extends (all.Function as Any) {} as Any)(returning) as Any)(),
  "a class that extends a function's constructor": () =>
    (new (class extends constructorOf(generator) {} as Any)(returning) as Any)(),
  "a species of functions": () => constructorOf(constructorOf(Promise.resolve())[Symbol.species])(returning)(),
  "a caught error's constructor": () => {
    try {
      (undefined as Any).x;
      return "nothing was thrown";
    } catch (error) {
      return constructorOf(constructorOf(error))(returning)();
    }
  },
  "an exported function's constructor": () => {
    const module = new WebAssembly.Module(emptyFunction);
    return constructorOf(new WebAssembly.Instance(module, {}).exports.f)(returning)();
  },
  "setTimeout of text": () => all.setTimeout("globalThis.x = 1", 0),
  "setInterval of text": () => all.setInterval("globalThis.x = 1", 0),
  "setImmediate of text": () => all.setImmediate("globalThis.x = 1"),
  "import() of text": () => load(`data:text/javascript,export default ${text}`),
  "import() of a module of Node": () => load("node:fs"),
  "import() of a file": () => load("file:///etc/hostname"),
  "the bounded context's eval": () => {
    const context = vm.createContext({}, { codeGeneration: { strings: false, wasm: false } });
    return new vm.Script(`eval("${text}")`).runInContext(context);
  },
  "the bounded context's Function": () => {
    const context = vm.createContext({}, { codeGeneration: { strings: false, wasm: false } });
    return new vm.Script(`(() => 1).constructor("${returning}")()`).runInContext(context);
  },
  "vm.runInThisContext": () => (vm as Any).runInThisContext(text),
  "vm.runInNewContext": () => (vm as Any).runInNewContext(text),
  "vm.runInContext": () => (vm as Any).runInContext(text, {}),
  "vm.compileFunction": () => (vm as Any).compileFunction(returning)(),
  "vm.SourceTextModule": () => new (vm as Any).SourceTextModule(text),
};

/** Reaching out, or for more than was given. */
const reaching: Record<string, () => unknown> = {
  ...Object.fromEntries(
    [
      "fs",
      "fs/promises",
      "child_process",
      "cluster",
      "inspector",
      "inspector/promises",
      "module",
      "os",
      "process",
      "repl",
      "v8",
      "wasi",
      "worker_threads",
      "async_hooks",
      "dgram",
      "readline",
      "sqlite",
      "trace_events",
    ].flatMap((name) => [
      [`require("${name}")`, () => demand(name)],
      [`require("node:${name}")`, () => demand(`node:${name}`)],
    ]),
  ),
  "require of a file": () => demand("/etc/hostname"),
  "require of a package": () => demand("undici"),
  "require of an object's property": () => demand("__proto__"),
  "process.binding": () => all.process.binding("fs"),
  "process._linkedBinding": () => all.process._linkedBinding("fs"),
  "process.dlopen": () => all.process.dlopen({ exports: {} }, "/nothing.node"),
  "process.getBuiltinModule": () => all.process.getBuiltinModule("fs").readdirSync("/"),
  "process.kill": () => all.process.kill(1, 0),
  "process.exit": () => all.process.exit(0),
  "process.chdir": () => all.process.chdir("/"),
  "process.stdout": () => all.process.stdout.write(""),
  "process.stderr": () => all.process.stderr.write(""),
  "process.stdin": () => all.process.stdin.read(),
  "process.mainModule": () => all.process.mainModule.require("fs"),
  "process.report": () => all.process.report.getReport(),
  "process's constructor": () => all.process.constructor.constructor(returning)(),
  "process.env, written": () => {
    all.process.env.PATH = "/";
  },
  gc: () => all.gc(),
  fetch: () => all.fetch("http://127.0.0.1:1/"),
  WebSocket: () => new all.WebSocket("ws://127.0.0.1:1/"),
  BroadcastChannel: () => new all.BroadcastChannel("x"),
  MessageChannel: () => new all.MessageChannel(),
  Worker: () => new all.Worker("data:text/javascript,1"),
  ShadowRealm: () => new all.ShadowRealm(),
  global: () => all.global.Object,
};

/** Changing what everybody uses. */
const changing: Record<string, () => unknown> = {
  "Object.prototype by a decoded key": () => {
    const decoded = JSON.parse('{"constructor": {"prototype": {"polluted": true}}}') as Any;
    const target = {} as Any;
    for (const key of Object.keys(decoded.constructor.prototype)) target.constructor.prototype[key] = true;
  },
  "Object.prototype by __proto__": () => {
    // biome-ignore lint/suspicious/noProto: it is the point.
    (({}) as Any).__proto__.polluted = true;
  },
  "a property of Object.prototype": () => {
    (Object.prototype as Any).toString = () => "mine";
  },
  ...Object.fromEntries(
    [
      "Array",
      "Uint8Array",
      "DataView",
      "Function",
      "String",
      "Number",
      "BigInt",
      "Map",
      "Set",
      "Promise",
      "RegExp",
      "Error",
      "TypeError",
      "Symbol",
      "Date",
    ].map((name) => [
      `${name}.prototype`,
      () => {
        all[name].prototype.polluted = true;
      },
    ]),
  ),
  "the prototype of typed arrays": () => {
    prototypeOf(Uint8Array.prototype).polluted = true;
  },
  "the prototype of iterators": () => {
    prototypeOf(prototypeOf([][Symbol.iterator]())).polluted = true;
  },
  "the prototype of generators": () => {
    prototypeOf(generator.prototype).polluted = true;
  },
  "the prototype of functions of another kind": () => {
    prototypeOf(asynchronous).polluted = true;
  },
  "JSON.parse": () => {
    JSON.parse = () => 1;
  },
  "Math.max": () => {
    Math.max = () => 1;
  },
  "WebAssembly.Module": () => {
    (WebAssembly as Any).Module = class {};
  },
  "Reflect.apply": () => {
    Reflect.apply = (() => 1) as Any;
  },
  "Object.freeze": () => {
    Object.freeze = ((value: unknown) => value) as Any;
  },
  "Error.prepareStackTrace": () => {
    (Error as Any).prepareStackTrace = () => "mine";
  },
  "the global Uint8Array": () => {
    all.Uint8Array = class {};
  },
  "the global eval": () => {
    all.eval = () => 1;
  },
  "the global process": () => {
    all.process = {};
  },
  "an accessor that stands for a property": () => {
    Object.defineProperty(Object.prototype, "toString", { value: () => "mine" });
  },
};

/** What must go on as ever. */
const working: Record<string, () => unknown> = {
  "WebAssembly from bytes": () => {
    const { f } = new WebAssembly.Instance(new WebAssembly.Module(emptyFunction), {}).exports;
    return typeof f;
  },
  "a run that is over in time": () => within(1000, () => 42),
  "a run that is not": () => {
    const bounded = within(20, () => {
      for (;;);
    });
    return bounded.done;
  },
  "an error's name and message, assigned": () => {
    const error = new Error("x") as Any;
    error.name = "Mine";
    error.message = "y";
    return String(error);
  },
  "toString, assigned to an object": () => {
    const object = {} as Any;
    object.toString = () => "own";
    return `${object} ${Object.keys(object)} ${{}}`;
  },
  "instanceof Function": () => (() => 1) instanceof all.Function,
  "functions' names and calls": () => Math.max.call(null, 1, 2) + Math.max.apply(null, [3, 4]),
  "JSON with a key __proto__": () => JSON.stringify(JSON.parse('{"__proto__": 1}')),
  "the environment": () => JSON.stringify(all.process.env),
  "what globals there are": () =>
    Object.getOwnPropertyNames(globalThis)
      .filter((name) => typeof all[name] === "function" && /^[a-z]/.test(name))
      .toSorted()
      .join(),
};

/** (func (export "f")) */
const emptyFunction = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 4, 1, 2, 0, 11],
);

async function outcomes(attempts: Record<string, () => unknown>): Promise<Record<string, string>> {
  const told: Record<string, string> = {};
  for (const [name, attempt] of Object.entries(attempts)) {
    try {
      told[name] = `gave ${String(await attempt())}`;
    } catch (error) {
      told[name] = `threw ${String(error).replaceAll("\n", " ")}`;
    }
  }
  return told;
}

async function tell(): Promise<void> {
  const told = {
    compiling: await outcomes(compiling),
    reaching: await outcomes(reaching),
    changing: await outcomes(changing),
    working: await outcomes(working),
    polluted: ({} as Any).polluted,
  };
  surroundings.send(new FrameWriter().add(0, 1, new TextEncoder().encode(JSON.stringify(told))).take());
}

void tell();
