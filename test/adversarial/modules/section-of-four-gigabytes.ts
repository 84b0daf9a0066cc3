// Tries to make the reader allocate what a section says and does not have.
import { type Attack, moduleOf, unsigned } from "../attack.ts";

export const attack: Attack = { bytes: moduleOf([1, unsigned(0xffff_ffff), 0]), expect: "refused" };
