// Tries to make one frame larger than the stack: 40,000 operands at once.
import { type Attack, body, contract, write } from "../attack.ts";

const HEIGHT = 40_000;

export const attack: Attack = {
  bytes: write(
    contract([body([Array.from({ length: HEIGHT }, () => [0x41, 1]), new Uint8Array(HEIGHT - 1).fill(0x6a), 0x1a])]),
  ),
  expect: "stackOverflow",
};
