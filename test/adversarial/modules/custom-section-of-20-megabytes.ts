// Tries to be uploaded with twenty megabytes of nothing.
import { type Attack, contract, custom, followedBy, write } from "../attack.ts";

export const attack: Attack = {
  bytes: followedBy(write(contract()), custom("padding", new Uint8Array(20 * 1024 * 1024))),
  expect: "refused byte",
};
