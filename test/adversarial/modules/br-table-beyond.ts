// Tries to be uploaded with a branch table larger than engines take.
import { type Attack, body, contract, unsigned, write } from "../attack.ts";

const TARGETS = 70_000;

export const attack: Attack = {
  bytes: write(contract([body([0x41, 0, 0x0e, unsigned(TARGETS), new Uint8Array(TARGETS + 1)])])),
  profile: "wasm2",
  expect: "refused br_table",
};
