// Tries to use an instruction that does not exist, in code that is never reached.
import { type Attack, body, contract, write } from "../attack.ts";

export const attack: Attack = { bytes: write(contract([body([0x00, 0xff, 0x01])])), expect: "refused" };
