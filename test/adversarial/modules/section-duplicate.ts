// Tries to be judged by one type section and to run by another.
import { type Attack, contract, moduleOf, section } from "../attack.ts";

const parts = [...contract()].map(([id, content]) => section(id, content));

export const attack: Attack = { bytes: moduleOf(parts[0]!, parts), expect: "refused" };
