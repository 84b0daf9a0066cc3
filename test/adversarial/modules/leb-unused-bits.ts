// Tries to be accepted with bits set beyond the 32 that an index has.
import { type Attack, body, contract, write } from "../attack.ts";

export const attack: Attack = {
  // i32.const with a fifth byte whose upper bits do not agree with the sign
  bytes: write(contract([body([0x41, 0x80, 0x80, 0x80, 0x80, 0x70 ^ 0x20, 0x1a])])),
  expect: "refused",
};
