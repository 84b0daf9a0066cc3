// Tries to hide bytes behind the end that a section claims.
import { type Attack, contract, flat, moduleOf, section, unsigned } from "../attack.ts";

const parts = [...contract()].map(([id, content]) => {
  if (id !== 3) return section(id, content);
  const bytes = flat(content);
  return [id, unsigned(bytes.length - 1), bytes];
});

export const attack: Attack = { bytes: moduleOf(parts), expect: "refused" };
