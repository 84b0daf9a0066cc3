// Tries to be judged by one code section and to run by another.
import { type Attack, contract, followedBy, section, write } from "../attack.ts";

const sections = contract();

export const attack: Attack = {
  bytes: followedBy(write(sections), section(10, sections.get(10)!)),
  expect: "refused",
};
