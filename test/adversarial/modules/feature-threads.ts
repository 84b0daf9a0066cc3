// Tries to use atomic memory, which V8 would take.
import { type Attack, body, contract, write } from "../attack.ts";

export const attack: Attack = {
  bytes: write(contract([body([0x41, 0, 0x41, 1, 0xfe, 0x1e, 2, 0, 0x1a])])),
  expect: "refused",
};
