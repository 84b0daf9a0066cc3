// Tries to overflow the stack of whoever walks the call graph: a chain of a hundred thousand calls.
import { type Attack, body, contract, unsigned, write } from "../attack.ts";

const LENGTH = 100_000;

export const attack: Attack = {
  // Function 1 is `call`, and each calls the next one; the last calls nothing.
  bytes: write(contract(Array.from({ length: LENGTH }, (_, i) => body(i + 1 < LENGTH ? [0x10, unsigned(i + 2)] : [])))),
  expect: "stackOverflow",
  gas: 1e12,
};
