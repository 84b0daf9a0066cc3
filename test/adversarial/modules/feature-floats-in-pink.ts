// Tries to compute with floats where the profile forbids them.
import { type Attack, body, contract, write } from "../attack.ts";

export const attack: Attack = {
  bytes: write(contract([body([0x43, 0, 0, 0, 0, 0x1a])])),
  profile: "pink",
  expect: "refused float",
};
