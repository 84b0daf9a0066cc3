/**
 * The compiler plug-in: `asc contract.ts --transform phatvm/transform`.
 *
 * Its type says nothing of the compiler's own: those declarations pass no strict check, and would fail whoever's program
 * reaches them.
 * @module
 */

import { PhatTransform as Plugin } from "./plugin.ts";

/** The plug-in at work on one program. */
export interface PhatTransform {
  /** Turns the decorated class into a Phat contract; the compiler calls it, with its parser, once all is parsed. */
  afterParse(parser: never): void;
}

/** The plug-in, as the compiler makes it: by default under this name, too. */
export const PhatTransform: new () => PhatTransform = Plugin;

export default PhatTransform;
