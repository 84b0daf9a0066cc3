/**
 * Names near a misspelt one, for the error that says so.
 * @module
 */

/** How many letters must change to make one text of the other (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const change = (row[j] as number) + (letter === b[j] ? 0 : 1);
      next.push(Math.min(change, (row[j + 1] as number) + 1, (next[j] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

/** Up to three names that may have been meant; where none is near and there are few, all of them. */
export function near(name: string, names: readonly string[]): readonly string[] {
  const short = name.slice(0, 64).toLowerCase();
  const scored = names
    .map((candidate) => ({ candidate, far: distance(short, candidate.slice(0, 64).toLowerCase()) }))
    .filter(({ candidate, far }) => far <= Math.max(2, Math.floor(candidate.length / 3)))
    .sort((a, b) => a.far - b.far)
    .slice(0, 3)
    .map(({ candidate }) => candidate);
  return scored.length === 0 && names.length <= 12 ? names : scored;
}
