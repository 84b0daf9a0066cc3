// Tries to be uploaded as no bytes at all.
import type { Attack } from "../attack.ts";

export const attack: Attack = { bytes: new Uint8Array(0), expect: "refused" };
