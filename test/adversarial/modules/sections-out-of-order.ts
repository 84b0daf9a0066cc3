// Tries to be accepted with its exports before its imports.
import { type Attack, contract, moduleOf, section } from "../attack.ts";

const parts = [...contract()].map(([id, content]) => section(id, content));

export const attack: Attack = { bytes: moduleOf(parts.toReversed()), expect: "refused" };
