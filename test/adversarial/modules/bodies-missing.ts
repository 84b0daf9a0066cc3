// Tries to declare functions and to bring no code.
import { type Attack, contract, write } from "../attack.ts";

const sections = contract();
sections.delete(10);

export const attack: Attack = { bytes: write(sections), expect: "refused" };
