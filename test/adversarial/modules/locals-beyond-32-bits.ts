// Tries to declare more locals than 32 bits can count, in groups that each are allowed.
import { type Attack, body, contract, unsigned, vector, write } from "../attack.ts";

export const attack: Attack = {
  bytes: write(
    contract([
      body(
        [],
        vector([
          [unsigned(0xffff_ffff), 0x7f],
          [unsigned(1), 0x7f],
        ]),
      ),
    ]),
  ),
  profile: "wasm2",
  expect: "refused local",
};
