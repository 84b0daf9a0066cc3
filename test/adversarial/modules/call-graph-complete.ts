// Tries to make the analysis of the call graph cost more than the module: everybody calls everybody.
import { type Attack, body, contract, unsigned, write } from "../attack.ts";

const FUNCTIONS = 700;
const calls = Array.from({ length: FUNCTIONS }, (_, i) => [0x10, ...unsigned(i + 1)]).flat();

export const attack: Attack = {
  bytes: write(contract(Array.from({ length: FUNCTIONS }, () => body(calls)))),
  expect: "stackOverflow",
  gas: 1e13,
};
