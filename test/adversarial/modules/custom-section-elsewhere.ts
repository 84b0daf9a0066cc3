// Tries to slow down whoever copies it: twenty megabytes of nothing where no contract rule forbids it.
import { type Attack, contract, custom, followedBy, write } from "../attack.ts";

export const attack: Attack = {
  bytes: followedBy(write(contract()), custom("padding", new Uint8Array(20 * 1024 * 1024))),
  profile: "wasm2",
  expect: "returned",
};
