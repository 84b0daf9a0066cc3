// Tries to carry a section that no reader knows.
import { type Attack, contract, followedBy, section, write } from "../attack.ts";

export const attack: Attack = { bytes: followedBy(write(contract()), section(77, [0])), expect: "refused" };
