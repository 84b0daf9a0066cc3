// Tries to import a memory that other threads could write.
import { type Attack, contract, name, vector, write } from "../attack.ts";

const sections = contract();
sections.set(2, vector([[name("env"), name("memory"), 2, 3, 1, 4]]));

export const attack: Attack = { bytes: write(sections), expect: "refused" };
