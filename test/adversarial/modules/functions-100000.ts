// Tries to be uploaded with a hundred thousand functions.
import { type Attack, body, contract, write } from "../attack.ts";

export const attack: Attack = {
  bytes: write(contract(Array.from({ length: 100_000 }, () => body([0x01])))),
  expect: "returned",
};
