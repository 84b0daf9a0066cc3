// Tries to catch what ends a run, with the exceptions that V8 would take.
import { type Attack, body, contract, write } from "../attack.ts";

export const attack: Attack = {
  // try, a call of itself, catch_all, end
  bytes: write(contract([body([0x06, 0x40, 0x10, 1, 0x19, 0x0b])])),
  expect: "refused",
};
