// Tries to overflow the stack of whoever reads blocks by recursion: 40,000 in one another.
import { type Attack, body, contract, write } from "../attack.ts";

const DEPTH = 40_000;

export const attack: Attack = {
  bytes: write(contract([body([Array.from({ length: DEPTH }, () => [0x02, 0x40]), new Uint8Array(DEPTH).fill(0x0b)])])),
  expect: "returned",
};
