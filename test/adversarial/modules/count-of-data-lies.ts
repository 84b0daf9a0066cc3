// Tries to make the reader allocate for four thousand million data.
import { type Attack, contract, unsigned, write } from "../attack.ts";

const sections = contract();
sections.set(11, [unsigned(0xffff_ffff), 0x60, 0, 0]);

export const attack: Attack = { bytes: write(sections), profile: "wasm2", expect: "refused" };
