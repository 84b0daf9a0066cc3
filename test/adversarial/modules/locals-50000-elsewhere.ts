// Tries to enter a function of nearly fifty thousand locals where no contract rule forbids it.
import { type Attack, body, contract, unsigned, vector, write } from "../attack.ts";

export const attack: Attack = {
  bytes: write(contract([body([0x10, 1], vector([[unsigned(49_000), 0x7e]]))])),
  profile: "wasm2",
  // One frame alone is larger than the whole stack.
  expect: "stackOverflow",
};
