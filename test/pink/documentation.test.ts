/**
 * The page about the Pink extension is made from its table.
 *
 * `npx vitest run test/pink/documentation.test.ts --update` writes it anew; it is reviewed as code.
 * @module
 */

import { expect, test } from "vitest";
import { pinkEventRules } from "../../src/enclave/contract/pink/events.ts";
import { extensionFunctions } from "../../src/enclave/contract/pink/extension.ts";

function page(): string {
  const grouped = (n: number): string => n.toLocaleString("en-US").replaceAll(",", " ");
  const lines = [
    "# The Pink extension",
    "",
    "What a Phat contract has beyond the contract interface: functions of `call_chain_extension` with extension 0. This",
    "page is made from `src/enclave/contract/pink/extension.ts`. Arguments and results are SCALE; an estimate behaves as",
    "a transaction.",
    "",
    "Two things differ from upstream on purpose. Calls cost gas, by the table below, where upstream charges nothing. And",
    "the head of the event chain is that of the chain of blocks that the worker signs with their receipts, events",
    "included; there is no second chain of events.",
    "",
    "| id | function | in a transaction | gas | gas a byte of input |",
    "|---:|---|---|---:|---:|",
    ...extensionFunctions.map(
      ({ id, name, signature, inTransaction, cost, costPerByte }) =>
        `| ${id} | \`${name}${signature}\` | ${inTransaction || "the same"} | ${grouped(cost)} | ${grouped(costPerByte)} |`,
    ),
    "",
    "Errors end the call as `DispatchError::Module` of pallet 5: 0 an unknown extension, 1 an unknown function, 2 an",
    "answer that does not fit the guest's buffer, 3 no cluster key, 5 no system contract; as `DecodingFailed` when the",
    "input is not the arguments and nothing else; and as `Other` when a key, a signature or a request cannot be one.",
    "`cache_set` answers status 1 when the quota has no room; `batch_http_request` the number of its error.",
    "`import_latest_system_code` also pays for checking the code, as an upload does, when it is not stored yet.",
    "",
    "## Events",
    "",
    'A contract event whose only topic is SCALE of "phala.pink.event", padded to 32 bytes, asks the worker for something.',
    "Who may ask is judged when the call is over; what is refused is logged. Private events appear in no receipt. The",
    "side programs of upstream do not exist here: events about them are read and passed over.",
    "",
    "| index | event | from | from a query | private |",
    "|---:|---|---|---|---|",
    ...Object.entries(pinkEventRules).map(
      ([name, { index, from, inQuery, isPrivate }]) =>
        `| ${index} | ${name} | ${from === "system" ? "the system contract" : "any contract"} | ${inQuery ? "kept" : "dropped"} | ${isPrivate ? "yes" : "no"} |`,
    ),
    "",
  ];
  return lines.join("\n");
}

test("docs/pink-extension.md says what the table says", async () => {
  await expect(page()).toMatchFileSnapshot("../../docs/pink-extension.md");
});
