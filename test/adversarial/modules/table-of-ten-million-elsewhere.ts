// Tries to begin with a table of ten million entries where no contract rule forbids it.
import { type Attack, contract, unsigned, vector, write } from "../attack.ts";

const sections = contract();
sections.set(4, vector([[0x70, 0, unsigned(10_000_000)]]));

export const attack: Attack = { bytes: write(sections), profile: "wasm2", expect: "returned" };
