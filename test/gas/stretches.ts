/**
 * Finds the stretches of a function body and what each is charged, by the text of `src/wasm/gas.md`.
 *
 * Plain loops over instructions and as close to the words of that text as code can be; the numbers in comments are its
 * rules. Shares nothing with `src/`.
 * @module
 */

import { type Instruction, OPCODE } from "./instructions.ts";
import { ENDS_SEQUENCE } from "./reached.ts";

/** The weights of `gas.md`, version 1. */
export const WEIGHTS = {
  plain: 8_000,
  division: 40_000,
  call: 24_000,
  callIndirect: 40_000,
  local: 1_000,
  bulkByte: 1_000,
  tableElement: 320_000,
  memoryPage: 8_192_000,
  slack: 256_000,
};

export type Weights = Readonly<typeof WEIGHTS>;

/** A stretch that is charged: its cost, and where in the body's bytes it is entered. */
export interface Charge {
  readonly at: number;
  readonly cost: number;
}

interface Stretch {
  readonly rule: 1 | 2 | 3 | 4 | 5 | 6;
  readonly parent: Stretch | undefined;
  readonly at: number;
  cost: number;
  /** What it has absorbed so far. */
  slack: number;
  absorbed: boolean;
}

/** A sequence of instructions: the body of the function, of a block or loop, an arm of an `if`. */
interface Sequence {
  readonly kind: "function" | "block" | "loop" | "if";
  /** Whether the construct that the sequence belongs to is reached. */
  readonly reached: boolean;
  /** The stretch current at the construct's opening instruction. */
  readonly before: Stretch;
  /** Stretches opened directly in this sequence, in order. */
  opened: Stretch[];
  /** Whether the walk stands behind an instruction after which the sequence is not reached. */
  over: boolean;
  /** The stretch in which an `unreachable` that stands directly here ended the reached part. */
  endedByUnreachable: Stretch | undefined;
  leftEarly: boolean;
}

const DIVISIONS = new Set([
  ...[0x6d, 0x6e, 0x6f, 0x70, 0x7f, 0x80, 0x81, 0x82], // i32, i64: div_s div_u rem_s rem_u
  ...[0x91, 0x95, 0x9f, 0xa3], // f32, f64: sqrt div
  ...[0xfde3, 0xfde7, 0xfdef, 0xfdf3], // f32x4, f64x2: sqrt div
]);
const FREE: ReadonlySet<number> = new Set([OPCODE.block, OPCODE.loop, OPCODE.else, OPCODE.end]);
const LEAVES_ALL: ReadonlySet<number> = new Set([OPCODE.return, OPCODE.returnCall, OPCODE.returnCallIndirect]);
const BRANCHES: ReadonlySet<number> = new Set([OPCODE.br, OPCODE.brIf, OPCODE.brTable]);

function weightOf(opcode: number, weights: Weights): number {
  if (FREE.has(opcode)) return 0;
  if (DIVISIONS.has(opcode)) return weights.division;
  if (opcode === OPCODE.call || opcode === OPCODE.returnCall) return weights.call;
  if (opcode === OPCODE.callIndirect || opcode === OPCODE.returnCallIndirect) return weights.callIndirect;
  return weights.plain;
}

/** The stretches that are charged, in the order of their places. `locals` are the declared ones, not the parameters. */
export function findCharges(instructions: readonly Instruction[], locals: number, weights: Weights): Charge[] {
  const all: Stretch[] = [];
  const open = (rule: Stretch["rule"], parent: Stretch | undefined, at: number, sequence?: Sequence): Stretch => {
    const stretch: Stretch = { rule, parent, at, cost: 0, slack: 0, absorbed: false };
    all.push(stretch);
    sequence?.opened.push(stretch);
    return stretch;
  };

  let current = open(1, undefined, instructions[0]!.start); // rule 1
  current.cost = locals * weights.local;
  const sequences: Sequence[] = [enter("function", true, current)];
  sequences[0]!.opened.push(current);

  for (const { opcode, end, indices } of instructions) {
    const sequence = sequences.at(-1)!;

    if (opcode === OPCODE.else) {
      absorb(sequence, weights);
      const second = enter("if", sequence.reached, sequence.before);
      second.leftEarly = sequence.leftEarly;
      sequences[sequences.length - 1] = second;
      if (second.reached) current = open(4, second.before, end, second); // rule 4
      continue;
    }
    if (opcode === OPCODE.end) {
      absorb(sequence, weights);
      sequences.pop();
      const outer = sequences.at(-1);
      if (outer === undefined || !sequence.reached) continue;
      current = sequence.leftEarly ? open(6, sequence.before, end, outer) : sequence.before; // rule 6, or resumed
      continue;
    }

    const reached = sequence.reached && !sequence.over;
    if (reached) current.cost += weightOf(opcode, weights);

    if (opcode === OPCODE.block) {
      sequences.push(enter("block", reached, current));
    } else if (opcode === OPCODE.loop) {
      const body = enter("loop", reached, current);
      sequences.push(body);
      if (reached) current = open(2, undefined, end, body); // rule 2
    } else if (opcode === OPCODE.if) {
      const arm = enter("if", reached, current);
      sequences.push(arm);
      if (reached) current = open(3, arm.before, end, arm); // rule 3
    }
    if (!reached) continue;

    if (LEAVES_ALL.has(opcode)) for (const construct of sequences) construct.leftEarly = true;
    if (BRANCHES.has(opcode)) {
      for (const label of indices) {
        // Label 0 is the innermost construct, which the branch ends or repeats; those further in than it are left.
        const inside = sequences.slice(Math.max(0, sequences.length - label));
        for (const construct of inside) construct.leftEarly = true;
      }
    }
    if (opcode === OPCODE.brIf) current = open(5, current, end, sequence); // rule 5
    if (ENDS_SEQUENCE.has(opcode)) {
      sequence.over = true;
      if (opcode === OPCODE.unreachable) sequence.endedByUnreachable = current;
    }
  }
  return all.filter((stretch) => !stretch.absorbed).map(({ at, cost }) => ({ at, cost }));
}

function enter(kind: Sequence["kind"], reached: boolean, before: Stretch): Sequence {
  return { kind, reached, before, opened: [], over: false, endedByUnreachable: undefined, leftEarly: false };
}

/** "Small stretches are absorbed", at the end of a sequence: those opened directly in it, last opened first. */
function absorb(sequence: Sequence, weights: Weights): void {
  for (const s of sequence.opened.toReversed()) {
    const p = s.parent;
    if (s.rule < 3 || p === undefined) continue;
    if (s === sequence.endedByUnreachable) continue;
    if (s.cost + p.slack > weights.slack) continue;
    p.cost += s.cost;
    p.slack += s.cost;
    s.absorbed = true;
  }
}
