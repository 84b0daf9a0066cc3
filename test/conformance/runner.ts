/**
 * Runs WebAssembly scripts against an engine and counts what held.
 *
 * The runner is the judge of the official core suite. It is a function of a script, an engine and a text parser; an
 * engine is what turns the bytes of a module into bytes that V8 then compiles, so that the bare machine and every
 * way of preparing a module are judged by the same assertions.
 * @module
 * @see https://github.com/WebAssembly/spec/tree/main/interpreter#scripts
 */

import { type ExactFunction, exactFunction, exactGlobal } from "./adapter.ts";
import { type Interface, readInterface } from "./interface.ts";
import type { Action, Command, ModuleSource } from "./script.ts";
import { spectest } from "./spectest.ts";
import { type Ending, endingOf, isTrap, showEnding } from "./traps.ts";
import { constantBits, matches, showPattern, showValue, type Value, type ValuePattern } from "./values.ts";

/** A module as an engine would have it compiled. */
export interface Candidate {
  readonly bytes: Uint8Array;
  /**
   * Called for every instance of the script after something was thrown: says whether that was this instance's call
   * stack, and makes the instance fit for the next call.
   */
  readonly overflowed: (instance: WebAssembly.Instance) => boolean;
}

/** What is judged: a way from a module's bytes to the bytes that V8 compiles. */
export interface Engine {
  readonly name: string;
  /** Throws when it refuses the module. */
  readonly prepare: (bytes: Uint8Array) => Candidate;
  /** Whether what preparing or compiling threw is this engine's refusal of the module, and not a fault of the engine. */
  readonly refuses: (thrown: unknown) => boolean;
}

/** Turns the text of a module into bytes without validating it; throws when the text is malformed. */
export type TextParser = (source: Uint8Array) => Uint8Array;

/** An assertion, or a module that should have been accepted, that did not hold. */
export interface Failure {
  readonly line: number;
  readonly kind: Command["kind"];
  readonly what: string;
}

/** What a script's run came to. */
export interface Outcome {
  /** Commands that the engine was asked about and that did what they should: modules, actions, assertions. */
  readonly held: number;
  /** Assertions about malformed or invalid text that the text parser refused before the engine saw a module. */
  readonly heldByParser: number;
  readonly failures: readonly Failure[];
  /** Modules that the text parser could not read though the script says they are well formed. */
  readonly unread: readonly Failure[];
}

interface Loaded {
  readonly candidate: Candidate;
  readonly instance: WebAssembly.Instance;
  readonly types: Interface;
  readonly functions: Map<string, ExactFunction>;
}

class Unread extends Error {}
class Mismatch extends Error {}

/** Runs one script. */
export function runScript(commands: readonly Command[], engine: Engine, parse: TextParser): Outcome {
  const registry = new Map<string, WebAssembly.Exports>([["spectest", spectest()]]);
  const named = new Map<string, Loaded>();
  const instances: Loaded[] = [];
  const hostReferences = new Map<number, object>();
  const failures: Failure[] = [];
  const unread: Failure[] = [];
  let current: Loaded | undefined;
  let held = 0;
  let heldByParser = 0;

  for (const command of commands) {
    try {
      run(command);
    } catch (thrown) {
      const failure = { line: command.line, kind: command.kind, what: describe(thrown) };
      (thrown instanceof Unread ? unread : failures).push(failure);
    }
  }
  return { held, heldByParser, failures, unread };

  function run(command: Command): void {
    switch (command.kind) {
      case "module":
        current = load(command.module);
        if (command.module.name !== undefined) named.set(command.module.name, current);
        break;
      case "register":
        registry.set(command.as, find(command.module).instance.exports);
        return;
      case "action":
        act(command.action);
        break;
      case "assert_return": {
        const values = act(command.action);
        const same =
          values.length === command.expected.length &&
          command.expected.every((pattern, index) => matches(pattern, values[index]!, hostReference));
        if (!same) {
          const expected = command.expected.map(showPattern).join(", ");
          throw new Mismatch(`${command.action.field} gave ${values.map(showValue).join(", ")}, not ${expected}`);
        }
        break;
      }
      case "assert_trap": {
        const ending = endingOfRun(() => act(command.action));
        if (!isTrap(ending, command.says)) throw new Mismatch(`${showEnding(ending)}; expected trap ${command.says}`);
        break;
      }
      case "assert_exhaustion": {
        const ending = endingOfRun(() => act(command.action));
        if (ending.how !== "exhaustion") throw new Mismatch(`${showEnding(ending)}; expected exhaustion`);
        break;
      }
      case "assert_trap_module": {
        const ending = endingOfRun(() => load(command.module));
        if (!isTrap(ending, command.says)) throw new Mismatch(`${showEnding(ending)}; expected trap ${command.says}`);
        break;
      }
      case "assert_unlinkable": {
        const ending = endingOfRun(() => load(command.module));
        if (ending.how !== "unlinkable") throw new Mismatch(`${showEnding(ending)}; expected ${command.says}`);
        break;
      }
      case "assert_invalid":
      case "assert_malformed": {
        const bytes = bytesOrRefusal(command.module);
        if (bytes === undefined) {
          heldByParser++;
          return;
        }
        if (!refused(bytes)) throw new Mismatch(`accepted; expected ${command.says}`);
        break;
      }
    }
    held++;
  }

  /** The bytes of a module that should be refused, or nothing when its text is refused already. */
  function bytesOrRefusal(module: ModuleSource): Uint8Array | undefined {
    if (module.form === "binary") return module.bytes;
    try {
      return parse(module.source);
    } catch {
      return undefined;
    }
  }

  function refused(bytes: Uint8Array): boolean {
    try {
      new WebAssembly.Module(engine.prepare(bytes).bytes);
      return false;
    } catch (thrown) {
      if (engine.refuses(thrown)) return true;
      throw thrown;
    }
  }

  function load(source: ModuleSource): Loaded {
    const bytes = source.form === "binary" ? source.bytes : parseOrUnread(source.source);
    const candidate = engine.prepare(bytes);
    const module = new WebAssembly.Module(candidate.bytes);
    const imports: WebAssembly.Imports = {};
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
      // A name that nobody registered must end in a link error, so its module is there and empty.
      imports[from] ??= {};
      const value = registry.get(from)?.[name];
      if (value !== undefined) imports[from][name] = value as WebAssembly.ImportValue;
    }
    const instance = new WebAssembly.Instance(module, imports);
    const loaded = { candidate, instance, types: readInterface(bytes), functions: new Map() };
    instances.push(loaded);
    return loaded;
  }

  function parseOrUnread(source: Uint8Array): Uint8Array {
    try {
      return parse(source);
    } catch (cause) {
      throw new Unread((cause as Error).message, { cause });
    }
  }

  function find(name: string | undefined): Loaded {
    const loaded = name === undefined ? current : named.get(name);
    if (loaded === undefined) throw new Mismatch(`there is no instance ${name ?? ""}`);
    return loaded;
  }

  function act(action: Action): Value[] {
    const loaded = find(action.module);
    const subject = loaded.instance.exports[action.field];
    if (subject === undefined) throw new Mismatch(`${action.field} is not exported`);
    if (action.does === "get") return [exactGlobal(subject, loaded.types.globals.get(action.field)!)];
    let call = loaded.functions.get(action.field);
    if (call === undefined) {
      call = exactFunction(subject, loaded.types.functions.get(action.field)!);
      loaded.functions.set(action.field, call);
    }
    return call(action.args.map(argument));
  }

  function argument(pattern: ValuePattern): Value {
    if ("lanes" in pattern) return { type: pattern.type, bits: constantBits(pattern.lanes) };
    return {
      type: pattern.type,
      reference: typeof pattern.reference === "number" ? hostReference(pattern.reference) : null,
    };
  }

  function hostReference(index: number): object {
    let reference = hostReferences.get(index);
    if (reference === undefined) hostReferences.set(index, (reference = { index }));
    return reference;
  }

  function endingOfRun(action: () => unknown): Ending {
    try {
      action();
    } catch (thrown) {
      if (thrown instanceof Unread || thrown instanceof Mismatch) throw thrown;
      const overflowed = instances.filter(({ candidate, instance }) => candidate.overflowed(instance));
      return overflowed.length > 0 ? { how: "exhaustion" } : endingOf(thrown);
    }
    return { how: "broken", says: "it returned" };
  }
}

const describe = (thrown: unknown): string =>
  thrown instanceof Mismatch || thrown instanceof Unread ? thrown.message : showEnding(endingOf(thrown));
