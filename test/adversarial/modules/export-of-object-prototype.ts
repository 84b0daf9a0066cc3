// Tries to be found under the names that every JavaScript object inherits.
import { type Attack, body, contract, name, vector, write } from "../attack.ts";

const sections = contract([body([0x00])]);
sections.set(
  7,
  vector([
    [name("__proto__"), 0, 0],
    [name("constructor"), 0, 0],
    [name("call"), 0, 1],
  ]),
);

export const attack: Attack = { bytes: write(sections), profile: "wasm2", expect: "trapped unreachable" };
