// Tries to be uploaded as a module with nothing in it.
import { type Attack, moduleOf } from "../attack.ts";

export const attack: Attack = { bytes: moduleOf(), expect: "refused" };
