// Tries to use a memory of 64-bit addresses.
import { type Attack, contract, name, vector, write } from "../attack.ts";

const sections = contract();
sections.set(2, vector([[name("env"), name("memory"), 2, 5, 1, 4]]));

export const attack: Attack = { bytes: write(sections), expect: "refused" };
