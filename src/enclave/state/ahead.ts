/**
 * Looks at what is about to be hashed, a few dozen nodes together: most of a large state is far off in memory, and nodes
 * that are waited for side by side cost little more than one.
 *
 * It changes nothing and says nothing.
 * @module
 */

import { Branch, type Node } from "./nodes.ts";
import { Page } from "./page.ts";

/** The most nodes of a level that are looked at: they must be near still when they are hashed. */
const most = 256;

const branches: Branch[] = [];
const below: Branch[] = [];
const pages: Page[] = [];
/** What was seen: nobody asks, but what is not kept is not looked at. */
const sight = new Int32Array(1);

/** Takes the changed children of a branch. */
function gather(branch: Branch): void {
  for (let rest = branch.stale; rest !== 0; rest &= rest - 1) {
    const child = branch.child(31 - Math.clz32(rest & -rest));
    if (child instanceof Page) {
      if (pages.length < most) pages.push(child);
    } else if (child instanceof Branch && below.length < most) below.push(child);
  }
}

/** Has the changed nodes from these on near, as many as fit. */
export function lookAhead(nodes: readonly (Node | undefined)[]): void {
  let seen = 0;
  for (const node of nodes) if (node instanceof Branch) branches.push(node);
  while (branches.length > 0) {
    // Loops of their own, so that no wait is for the one before.
    for (const branch of branches) seen ^= branch.changed;
    for (const branch of branches) seen ^= branch.lookAt();
    for (const branch of branches) gather(branch);
    branches.length = 0;
    branches.push(...below);
    below.length = 0;
  }
  for (const page of pages) seen ^= page.count;
  for (const page of pages) seen ^= page[0]! ^ page[127]!;
  pages.length = 0;
  sight[0] = seen;
}
