// Tries to hide code behind the end of a function.
import { type Attack, body, contract, write } from "../attack.ts";

export const attack: Attack = { bytes: write(contract([body([0x0b, 0x00])])), expect: "refused" };
