/**
 * Values, receipts and events as lines for people.
 * @module
 */

import colour from "picocolors";
import type { EventRecord, TransactionReceipt } from "../index.ts";

/** A number with its thousands apart. */
export function grouped(value: bigint | number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A decoded value on one line. */
export function valueText(value: unknown): string {
  if (value === undefined) return "()";
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString("hex")}`;
  if (Array.isArray(value)) return `[${value.map(valueText).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).map(([key, item]) => `${key}: ${valueText(item)}`);
    return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
  }
  return JSON.stringify(value);
}

/** Enough of an id to tell it from others. */
export function shortId(id: string): string {
  return id.length > 18 ? `${id.slice(0, 10)}…${id.slice(-4)}` : id;
}

/** An event on one line. */
export function eventText(event: EventRecord): string {
  if (event.name === undefined) return `${shortId(event.contract)} ${valueText(event.data)}`;
  return `${event.name} ${valueText(event.args).replace(/"(0x[0-9a-f]{64})"/g, (_, id: string) => shortId(id))}`;
}

/** A receipt, a line a fact. */
export function receiptText(receipt: TransactionReceipt): string {
  const { block, index, outcome, gasUsed, storageDeposit, events, debug } = receipt;
  const mark = outcome === "ok" ? colour.green("✓ ok") : colour.red(`✗ ${outcome}`);
  const lines = [`${mark}  block ${block}, transaction ${index}`, `  gas      ${grouped(gasUsed)}`];
  if (storageDeposit !== 0n) lines.push(`  deposit  ${grouped(storageDeposit)}`);
  if (receipt.outcome === "ok") {
    if (receipt.output !== undefined) lines.push(`  returned ${valueText(receipt.output)}`);
  } else {
    for (const line of receipt.error.message.split("\n")) lines.push(`  ${line}`);
    const { diagnosis } = receipt.error.facts;
    if (typeof diagnosis === "string") for (const line of diagnosis.split("\n")) lines.push(colour.dim(`  ${line}`));
  }
  for (const event of events) lines.push(`  event    ${eventText(event)}`);
  for (const line of debug.trimEnd().split("\n")) if (line !== "") lines.push(colour.dim(`  debug    ${line}`));
  return lines.join("\n");
}
