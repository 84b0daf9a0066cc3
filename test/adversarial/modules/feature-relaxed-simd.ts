// Tries to use vector instructions whose results machines choose.
import { type Attack, body, contract, unsigned, write } from "../attack.ts";

const zero = [0xfd, 12, ...new Uint8Array(16)];

export const attack: Attack = {
  bytes: write(contract([body([zero, zero, 0xfd, unsigned(0x100), 0x1a])])),
  expect: "refused",
};
