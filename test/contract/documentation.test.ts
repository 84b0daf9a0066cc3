/**
 * The page about the contract interface is made from its table.
 *
 * `npx vitest run test/contract/documentation.test.ts --update` writes it anew; it is reviewed as code.
 * @module
 */

import { expect, test } from "vitest";
import {
  codeCheck,
  codeCheckPerByte,
  codeLoadPerByte,
  costs,
  freeGlobals,
  freeTableElements,
  perByte,
  perGlobal,
  perTableElement,
  perTopic,
} from "../../src/enclave/contract/costs.ts";
import { type HostFunctionRow, hostFunctions } from "../../src/enclave/contract/imports.ts";
import * as limits from "../../src/enclave/contract/limits.ts";
import { signatureOf } from "../../src/enclave/contract/linkage.ts";
import { ReturnCode } from "../../src/enclave/contract/return-code.ts";
import { contractsErrors } from "../../src/wire/dispatch-error.ts";

const grouped = (n: number | bigint): string => n.toString().replace(/\B(?=(\d{3})+$)/g, " ");

function line(row: HostFunctionRow): string {
  const parameters = row.parameters.map(({ name, ignored }) => (ignored ? `(${name})` : name)).join(", ");
  const names = row.alias ? `\`${row.name}\`` : `\`${row.name}\` (only so)`;
  const stability = row.stability === "stable" ? "" : `, ${row.stability}`;
  return `| ${row.module} | ${names}${stability} | ${parameters} | \`${signatureOf(row)}\` | ${grouped(costs[row.cost])} | ${row.does} |`;
}

function page(): string {
  return [
    "# The contract interface",
    "",
    "Every function that contract code can import. This page is made from `src/enclave/contract/imports.ts`.",
    "",
    "A function can be imported under its name and under `seal_` and its name, from the module given, unless it says",
    "otherwise. Parameters in parentheses are in the signature only. `out` and `out_len` are a buffer and a cell: the cell",
    "holds the room there is and takes the length that was written. `2^32 - 1` as an output pointer of a call or an",
    "instantiation means that the output is not wanted. Deprecated and unstable functions are linked in clusters of",
    "profile `deterministic` alone; any other import is refused when the code is uploaded, by its name.",
    "",
    "Gas is ref_time, in picoseconds. What is charged is what is used: upstream charges the same prices, but charges a host",
    "function again at the next step of its interpreter, and storage for the largest value there can be before it gives the",
    "difference back.",
    "",
    "| module | function | parameters | signature | gas | does |",
    "|---|---|---|---|---:|---|",
    ...hostFunctions.map(line),
    "",
    "## Gas for each byte",
    "",
    "| of | gas |",
    "|---|---:|",
    `| code, at every call, delegate call, instantiation and change of code | ${grouped(codeLoadPerByte)} |`,
    ...Object.entries(perByte).map(([name, price]) => `| ${name} | ${grouped(price)} |`),
    `| each topic of an event | ${grouped(perTopic)} |`,
    "",
    "At every call, delegate call and instantiation a code also pays for what it declares, since a fresh instance has to",
    `be given it: ${grouped(perTableElement)} for each table element beyond ${grouped(freeTableElements)}, ${grouped(perGlobal)} for each mutable global`,
    `beyond ${grouped(freeGlobals)}. Upstream does not.`,
    "",
    "## Uploads",
    "",
    `An upload costs its sender ${grouped(codeCheck)} gas and ${grouped(codeCheckPerByte)} for each byte of the code, taken before the code is looked at:`,
    "a refused one too, whose receipt says so in `gasUsed`. Whoever cannot pay that is refused at once. Code that is stored",
    "already, and code that is larger than code may be, costs nothing. What sets a cluster up is checked for nothing.",
    "The storage deposit of code that is taken comes on top. Upstream has no such price: there, to have code refused",
    "again and again is free.",
    "",
    "## Return codes",
    "",
    Object.entries(ReturnCode)
      .map(([name, code]) => `${code} ${name}`)
      .join(" · "),
    "",
    "## Errors",
    "",
    "What ends a contract comes as SCALE `DispatchError::Module` of pallet 4:",
    "",
    contractsErrors.map((name, index) => `${index} ${name}`).join(" · "),
    "",
    "## Limits",
    "",
    "| limit | |",
    "|---|---:|",
    ...Object.entries(limits).map(([name, value]) => `| ${name} | ${grouped(value)} |`),
    "",
  ].join("\n");
}

test("docs/contract-interface.md says what the table of host functions says", async () => {
  await expect(page()).toMatchFileSnapshot("../../docs/contract-interface.md");
});
