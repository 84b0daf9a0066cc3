// Tries to load with an alignment that no machine has.
import { type Attack, body, contract, write } from "../attack.ts";

export const attack: Attack = { bytes: write(contract([body([0x41, 0, 0x28, 31, 0, 0x1a])])), expect: "refused" };
