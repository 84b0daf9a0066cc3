// Tries to have a local of a typed reference.
import { type Attack, body, contract, vector, write } from "../attack.ts";

export const attack: Attack = {
  bytes: write(contract([body([], vector([[1, 0x63, 0x00]]))])),
  profile: "wasm2",
  expect: "refused",
};
