// Tries to make instantiation slow: fifty thousand active segments of one byte.
import { type Attack, contract, vector, write } from "../attack.ts";

const sections = contract();
sections.set(11, vector(Array.from({ length: 50_000 }, () => [0, 0x41, 0, 0x0b, 1, 0xff])));

export const attack: Attack = { bytes: write(sections), expect: "returned" };
