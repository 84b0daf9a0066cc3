// Tries to let control fall out of a function into the next one.
import { type Attack, body, contract, sized, write } from "../attack.ts";

export const attack: Attack = { bytes: write(contract([sized([0, 0x01]), body([])])), expect: "refused" };
