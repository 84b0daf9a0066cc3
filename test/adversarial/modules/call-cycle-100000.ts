// Tries to overflow the stack of whoever looks for cycles: one cycle of a hundred thousand calls.
import { type Attack, body, contract, unsigned, write } from "../attack.ts";

const LENGTH = 100_000;

export const attack: Attack = {
  bytes: write(contract(Array.from({ length: LENGTH }, (_, i) => body([0x10, unsigned(i + 1 < LENGTH ? i + 2 : 1)])))),
  expect: "stackOverflow",
  gas: 1e12,
};
