// Tries to grow past what engines take once it is metered: a body of little stretches near the largest size.
import { type Attack, body, contract, write } from "../attack.ts";

// loop, br 0, end: the smallest stretch that is always charged
const one = [0x03, 0x40, 0x0c, 0x00, 0x0b];
const COUNT = 700_000;
const code = new Uint8Array(one.length * COUNT);
for (let at = 0; at < code.length; at += one.length) code.set(one, at);

export const attack: Attack = { bytes: write(contract([body(code)])), profile: "wasm2", expect: "refused large" };
