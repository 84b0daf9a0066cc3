import type { Digests, Printed } from "./property-float-program.ts";

/** A way in which V8 compiles: flags for Node, arguments for the program. */
export interface Tier {
  readonly name: string;
  readonly flags: readonly string[];
  readonly args: readonly string[];
}

export const tiers: readonly Tier[];
export function bundleFloatProgram(outfile: string): Promise<void>;
export function runTier(node: string, program: string, tier: Tier): Promise<Printed>;
export function differing(one: Digests, other: Digests): string[];
