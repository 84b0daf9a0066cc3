// Tries to break backtraces by names of functions that do not exist, twice, in bytes that are no text.
import { type Attack, body, contract, custom, followedBy, sized, unsigned, vector, write } from "../attack.ts";

const functions = vector([
  [unsigned(0xffff_fff0), sized([0xff, 0xfe, 0x00])],
  [1, sized([0xc0, 0x80])],
  [1, sized([0xed, 0xa0, 0x80])],
]);

export const attack: Attack = {
  bytes: followedBy(
    write(contract([body([0x00])])),
    custom("name", [
      [1, sized(functions)],
      [1, unsigned(0xffff_ffff), 9],
    ]),
    custom("name", [2, unsigned(1000)]),
  ),
  expect: "trapped unreachable",
};
