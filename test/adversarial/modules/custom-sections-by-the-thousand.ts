// Tries to slow down whoever looks through sections again and again: two hundred thousand empty ones.
import { type Attack, contract, custom, flat, followedBy, write } from "../attack.ts";

const one = flat(custom("", []));
const all = new Uint8Array(one.length * 200_000);
for (let at = 0; at < all.length; at += one.length) all.set(one, at);

export const attack: Attack = { bytes: followedBy(write(contract()), all), expect: "returned" };
