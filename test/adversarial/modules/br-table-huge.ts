// Tries to be uploaded with a branch table of 65,000 targets in a loop.
import { type Attack, body, contract, unsigned, write } from "../attack.ts";

const TARGETS = 65_000;

export const attack: Attack = {
  // loop, i32.const 7, br_table to the loop's head from everywhere
  bytes: write(contract([body([0x03, 0x40, 0x41, 7, 0x0e, unsigned(TARGETS), new Uint8Array(TARGETS + 1), 0x0b])])),
  expect: "outOfGas",
};
