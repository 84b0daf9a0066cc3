// Tries to make the reader read on behind the last byte.
import { type Attack, contract, write } from "../attack.ts";

export const attack: Attack = { bytes: write(contract()).slice(0, -3), expect: "refused" };
