// Tries to make the search for a free name long: exports under thousands of the names it would try.
import { type Attack, body, contract, name, vector, write } from "../attack.ts";

const sections = contract([body([0x03, 0x40, 0x0c, 0, 0x0b])]);
sections.set(
  7,
  vector([
    [name("call"), 0, 1],
    ...Array.from({ length: 4_000 }, (_, i) => [name(`phatvm${"_".repeat(i)}:gas`), 0, 0]),
  ]),
);

export const attack: Attack = { bytes: write(sections), profile: "wasm2", expect: "outOfGas" };
