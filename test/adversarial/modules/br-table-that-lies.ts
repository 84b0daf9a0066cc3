// Tries to promise four thousand million branch targets and to give one.
import { type Attack, body, contract, unsigned, write } from "../attack.ts";

export const attack: Attack = {
  bytes: write(contract([body([0x41, 0, 0x0e, unsigned(0xffff_ffff), 0, 0])])),
  profile: "wasm2",
  expect: "refused",
};
