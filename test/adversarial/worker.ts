/**
 * Runs attacks on one machine, in a thread of its own that has the stack a machine needs.
 *
 * After each attack the same machine runs a good contract: an attack that leaves something behind is seen at once.
 * @module
 */

import { parentPort } from "node:worker_threads";
import { ContractFault } from "../../src/errors.ts";
import { type Code, type Host, Machine, type Outcome } from "../../src/vm/index.ts";
import { body, contract, name, vector, write } from "./attack.ts";

/** What the tests send. */
export interface Request {
  readonly bytes: Uint8Array;
  readonly profile: "deterministic" | "wasm2" | "pink";
  readonly gas: number;
}

/** How an attack ended, and whether the machine is well. */
export interface Verdict {
  /** The outcome's type, `refused`, or `escaped` for an exception that is no refusal. */
  readonly ended: Outcome["type"] | "refused" | "escaped";
  /** The reason of a refusal, the kind of a trap, what escaped. */
  readonly detail: string;
  readonly gasUsed: number;
  readonly notes: readonly number[];
  /** What the good contract's run came to afterwards. */
  readonly afterwards: string;
}

interface Frame {
  readonly depth: number;
  readonly gas: number;
  readonly code: Code;
  readonly notes: number[];
}

const FRAMES = 6;
const machine = new Machine({ frames: FRAMES });

const host: Host<Frame> = {
  bind(module, name, slot) {
    if (module !== "host") return undefined;
    switch (name) {
      case "note":
        return (value: number) => void slot.frame.notes.push(value | 0);
      case "size":
        return () => void slot.frame.notes.push(slot.bytes.length);
      case "return":
        return () => slot.return(new Uint8Array(0));
      case "pay":
        return (gas: number) => slot.charge(gas);
      case "fault":
        return () => slot.trap(new ContractFault("CodeRejected", { reason: "the host says so" }));
      case "nest":
        return () => {
          const { depth, code, gas, notes } = slot.frame;
          if (depth === FRAMES) notes.push(depth);
          else if (run(code, { depth: depth + 1, code, gas, notes }).type !== "stackOverflow") notes.push(-depth);
        };
    }
    return undefined;
  },
};

const run = (code: Code, frame: Frame): Outcome => machine.run(code, { host, frame, entry: "call", gas: frame.gas });

function attack({ bytes, profile, gas }: Request): Omit<Verdict, "afterwards"> {
  const notes: number[] = [];
  try {
    const code = machine.load(bytes, { prepare: { profile } });
    const outcome = run(code, { depth: 1, code, gas, notes });
    let detail = "";
    if (outcome.type === "trapped") {
      detail = outcome.kind;
      if (outcome.backtrace.frames().length === 0 && outcome.kind !== "host") detail += " without a backtrace";
      if (outcome.backtrace.toString().length > 100_000) detail += " with an endless backtrace";
    }
    return { ended: outcome.type, detail, gasUsed: outcome.gasUsed, notes };
  } catch (thrown) {
    if (thrown instanceof ContractFault && thrown.code === "CodeRejected")
      return { ended: "refused", detail: String(thrown.facts.reason), gasUsed: 0, notes };
    return {
      ended: "escaped",
      detail: thrown instanceof Error ? (thrown.stack ?? "") : String(thrown),
      gasUsed: 0,
      notes,
    };
  }
}

/** A contract that notes what it finds in fresh memory and a fresh global, and soils both. */
const good = contract([
  body([
    [0x41, 0, 0x28, 2, 0, 0x10, 0], // note(memory[0])
    [0x23, 0, 0x10, 0], // note(global)
    [0x41, 0, 0x41, 1, 0x36, 2, 0, 0x41, 1, 0x24, 0],
  ]),
]);
good.set(
  1,
  vector([
    [0x60, 0, 0],
    [0x60, 1, 0x7f, 0],
  ]),
);
good.set(
  2,
  vector([
    [name("host"), name("note"), 0, 1],
    [name("env"), name("memory"), 2, 1, 1, 4],
  ]),
);
good.set(6, vector([[0x7f, 1, 0x41, 0, 0x0b]]));
good.set(
  7,
  vector([
    [name("deploy"), 0, 1],
    [name("call"), 0, 2],
  ]),
);
const goodBytes = write(good);

/** What the good contract's run comes to when all is well: 10 plain instructions, two of them calls. */
export const WELL = "returned 0,0 after 112000";

function afterwards(): string {
  const notes: number[] = [];
  try {
    const code = machine.load(goodBytes);
    const outcome = run(code, { depth: 1, code, gas: 1_000_000, notes });
    return `${outcome.type} ${notes} after ${outcome.gasUsed}`;
  } catch (thrown) {
    return String(thrown);
  }
}

parentPort?.on("message", (request: Request) => {
  const verdict: Verdict = { ...attack(request), afterwards: afterwards() };
  parentPort?.postMessage(verdict);
});
