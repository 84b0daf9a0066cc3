// Tries to read a lane that a vector does not have.
import { type Attack, body, contract, write } from "../attack.ts";

export const attack: Attack = {
  bytes: write(contract([body([0xfd, 12, new Uint8Array(16), 0xfd, 27, 4, 0x1a])])),
  expect: "refused",
};
