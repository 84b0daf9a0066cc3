// Tries to make leaving early cost quadratic work: deep nesting, and a branch out of everything at each level.
import { type Attack, body, contract, unsigned, write } from "../attack.ts";

const DEPTH = 20_000;
const open = (_: unknown, i: number) => [0x02, 0x40, 0x41, 0, 0x0d, unsigned(i + 1)];

export const attack: Attack = {
  bytes: write(contract([body([Array.from({ length: DEPTH }, open), new Uint8Array(DEPTH).fill(0x0b)])])),
  expect: "returned",
};
