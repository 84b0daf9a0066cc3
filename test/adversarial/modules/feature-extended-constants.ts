// Tries to compute in a constant expression, as newer engines allow.
import { type Attack, contract, vector, write } from "../attack.ts";

const sections = contract();
sections.set(6, vector([[0x7f, 0, 0x41, 1, 0x41, 2, 0x6a, 0x0b]]));

export const attack: Attack = { bytes: write(sections), profile: "wasm2", expect: "refused" };
