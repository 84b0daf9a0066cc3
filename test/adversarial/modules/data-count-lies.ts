// Tries to name a data segment that its data count promises and its data section lacks.
import { type Attack, body, contract, unsigned, vector, write } from "../attack.ts";

const sections = contract([body([0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 8, 1, 0])]);
sections.set(12, unsigned(2));
sections.set(11, vector([[1, 1, 0x61]]));

export const attack: Attack = { bytes: write(sections), expect: "refused" };
