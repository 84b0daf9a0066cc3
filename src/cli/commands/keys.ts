/**
 * `phatvm keys`: the public side of the network's keys: its workers and what their attestations say.
 * @module
 */

import type { WorkerInfo } from "../../index.ts";
import { type Command, dirOption } from "../command.ts";
import { withNetwork } from "../session.ts";

function platformText({ platform, signer }: WorkerInfo): string {
  const worth = platform === "simulated" ? "simulated: it proves nothing to anybody; " : `${platform}; `;
  return `${worth}its key is ${signer}`;
}

function workerText(worker: WorkerInfo): string {
  const { publicKey, measurement, attestedAt, expires, active } = worker;
  return [
    `worker      ${publicKey}`,
    `  measures  ${measurement}`,
    `  platform  ${platformText(worker)}`,
    `  attested  ${attestedAt.toISOString()}`,
    `  expires   ${expires.toISOString()}`,
    `  active    ${active ? "yes" : "no: do not rely on what it signs"}`,
  ].join("\n");
}

export const keys: Command = {
  usage: "",
  about: [
    "Prints the workers of the network: the key that signs receipts, what the enclave measures, the platform that says so,",
    "and until when that counts; then the measurements that the network allows, with the block that added each.",
  ].join("\n"),
  options: { ...dirOption },
  examples: ["phatvm keys", "phatvm keys --json"],
  positionals: { least: 0, most: 0 },
  run: (call) =>
    withNetwork(call, false, async (net) => {
      const [workers, trusted] = [await net.workers(), await net.trusted()];
      call.terminal.result({ workers, ...trusted }, () => {
        const allowed = trusted.measurements.map((one) => `allowed     ${one.measurement} since block ${one.addedAt}`);
        return [...workers.map(workerText), ...allowed].join("\n");
      });
    }),
};
