// Tries to declare more functions than it brings bodies.
import { type Attack, body, contract, vector, write } from "../attack.ts";

const sections = contract();
sections.set(10, vector([body([])]));

export const attack: Attack = { bytes: write(sections), expect: "refused" };
