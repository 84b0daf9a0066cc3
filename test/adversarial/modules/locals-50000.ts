// Tries to be uploaded with a function of fifty thousand locals.
import { type Attack, body, contract, unsigned, vector, write } from "../attack.ts";

export const attack: Attack = {
  bytes: write(contract([body([], vector([[unsigned(50_000), 0x7e]]))])),
  expect: "refused local",
};
