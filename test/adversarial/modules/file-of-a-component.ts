// Tries to be taken for a module and be a component.
import type { Attack } from "../attack.ts";

export const attack: Attack = { bytes: Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0), expect: "refused" };
