// Tries to bring a struct type.
import { type Attack, contract, vector, write } from "../attack.ts";

const sections = contract();
sections.set(
  1,
  vector([
    [0x60, 0, 0],
    [0x5f, 1, 0x7f, 1],
  ]),
);

export const attack: Attack = { bytes: write(sections), profile: "wasm2", expect: "refused" };
