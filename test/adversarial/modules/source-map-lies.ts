// Tries to break backtraces by a source map that is no address, or is everybody's.
import { type Attack, body, contract, custom, followedBy, name, unsigned, write } from "../attack.ts";

export const attack: Attack = {
  bytes: followedBy(
    write(contract([body([0x00])])),
    custom("sourceMappingURL", name("file:///etc/passwd")),
    custom("sourceMappingURL", [unsigned(0xffff_ffff), 1, 2, 3]),
  ),
  expect: "trapped unreachable",
};
