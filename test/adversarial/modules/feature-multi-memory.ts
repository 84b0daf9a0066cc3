// Tries to have a second memory behind the one that is imported.
import { type Attack, contract, vector, write } from "../attack.ts";

const sections = contract();
sections.set(5, vector([[0, 1]]));

export const attack: Attack = { bytes: write(sections), profile: "wasm2", expect: "refused" };
