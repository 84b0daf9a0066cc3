// Tries to shadow one export by another of the same name.
import { type Attack, body, contract, name, vector, write } from "../attack.ts";

const sections = contract([body([]), body([0x00])]);
sections.set(
  7,
  vector([
    [name("deploy"), 0, 0],
    [name("call"), 0, 1],
    [name("call"), 0, 2],
  ]),
);

export const attack: Attack = { bytes: write(sections), profile: "wasm2", expect: "refused" };
