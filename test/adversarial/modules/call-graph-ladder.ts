// Tries to make the bound of the stack cost exponential work: two calls to the next function in each of many.
import { type Attack, body, contract, unsigned, write } from "../attack.ts";

const LENGTH = 1_000;

export const attack: Attack = {
  bytes: write(
    contract(
      Array.from({ length: LENGTH }, (_, i) =>
        body(i + 1 < LENGTH ? [0x10, unsigned(i + 2), 0x10, unsigned(i + 2)] : []),
      ),
    ),
  ),
  // 2^999 calls, at most a thousand deep.
  expect: "outOfGas",
};
