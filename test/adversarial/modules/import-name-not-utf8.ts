// Tries to be bound to a host function by a name that is no text.
import { type Attack, contract, name, sized, vector, write } from "../attack.ts";

const sections = contract();
sections.set(
  2,
  vector([
    [sized([0xed, 0xa0, 0x80]), sized([0xff]), 0, 0],
    [name("env"), name("memory"), 2, 1, 1, 4],
  ]),
);

export const attack: Attack = { bytes: write(sections), profile: "wasm2", expect: "refused" };
