// Tries to bring a section of exception tags.
import { type Attack, contract, vector, write } from "../attack.ts";

const sections = contract();
sections.set(13, vector([[0, 0]]));

export const attack: Attack = { bytes: write(sections), profile: "wasm2", expect: "refused" };
