// Tries to be read differently by two readers: integers padded to their longest form.
import { type Attack, contract, name, write } from "../attack.ts";

const sections = contract();
// One function of type 0, one export list; every number takes five bytes.
sections.set(3, [0x82, 0x80, 0x80, 0x80, 0x00, 0x80, 0x80, 0x80, 0x80, 0x00, 0x00]);
sections.set(7, [0x82, 0x80, 0x80, 0x80, 0x00, name("deploy"), 0, 0x80, 0x00, name("call"), 0, 0x81, 0x80, 0x00]);

export const attack: Attack = { bytes: write(sections), expect: "returned" };
