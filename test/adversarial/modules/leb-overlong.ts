// Tries to be accepted with an integer of more bytes than its type has.
import { type Attack, contract, write } from "../attack.ts";

const sections = contract();
sections.set(3, [0x82, 0x80, 0x80, 0x80, 0x80, 0x00, 0x00, 0x00]);

export const attack: Attack = { bytes: write(sections), expect: "refused" };
