// Tries to be read as a version of the format that does not exist yet.
import { type Attack, contract, write } from "../attack.ts";

const bytes = write(contract());
bytes[4] = 2;

export const attack: Attack = { bytes, expect: "refused" };
