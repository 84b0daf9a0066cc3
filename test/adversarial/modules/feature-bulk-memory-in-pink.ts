// Tries to use bulk memory where the profile has only the first version's instructions.
import { type Attack, body, contract, write } from "../attack.ts";

export const attack: Attack = {
  bytes: write(contract([body([0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 11, 0])])),
  profile: "pink",
  expect: "refused",
};
