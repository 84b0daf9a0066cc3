/**
 * Where in an argument a value stands, so that a complaint about it can name the place.
 * @module
 */

import { ContractFault } from "../../errors.ts";

/** A chain of steps from an argument down to a value; made as the encoder descends, spelt out only when it fails. */
export interface Place {
  readonly above: Place | undefined;
  /** A field's or argument's name, or the position in a list. */
  readonly step: string | number;
}

function spell(place: Place): string {
  const { above, step } = place;
  if (above === undefined) return String(step);
  return typeof step === "number" ? `${spell(above)}[${step}]` : `${spell(above)}.${step}`;
}

/** A value as an error shows it: short, with its kind visible. */
export function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object") return `an object with ${Object.keys(value).slice(0, 8).join(", ") || "no fields"}`;
  return `a ${typeof value}`;
}

/** The error for a value that does not fit its type. */
export function mismatch(place: Place, expected: string, value: unknown): ContractFault {
  return new ContractFault("BadArguments", { where: spell(place), expected, got: show(value) });
}
