/**
 * A process that owns a network whose isolate is a process, and is meant to be killed.
 *
 * Called with: folder, bundle of the stress contract, and "busy" to have the isolate compute without end.
 */
import { writeSync } from "node:fs";
import { open } from "../../dist/index.js";

const [dir, bundle, busy] = process.argv.slice(2);
const net = await open({ dir, isolate: "process", queries: { passMs: 60_000, timeoutMs: 60_000 } });
const stress = await net.deploy({ bundle, constructor: "new", args: [], signer: net.account("//Alice") });
if (busy === "busy") {
  for (let i = 0; i < 100; i++) {
    stress.query.spin({ args: [4_000_000_000], gas: 2n ** 64n - 1n }).catch((error) => writeSync(1, `${error}\n`));
  }
}
setTimeout(() => writeSync(1, "ready\n"), 300);
setInterval(() => undefined, 1000);
