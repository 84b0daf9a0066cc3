// Tries to have a start function that takes a parameter.
import { type Attack, contract, vector, write } from "../attack.ts";

const sections = contract();
sections.set(
  1,
  vector([
    [0x60, 0, 0],
    [0x60, 1, 0x7f, 0],
  ]),
);
sections.set(3, vector([[0], [0], [1]]));
sections.set(
  10,
  vector([
    [2, 0, 0x0b],
    [2, 0, 0x0b],
    [2, 0, 0x0b],
  ]),
);
sections.set(8, [2]);

export const attack: Attack = { bytes: write(sections), profile: "wasm2", expect: "refused" };
