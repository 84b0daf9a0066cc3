/**
 * `phatvm tour`: two contracts deployed, called, asked, and found again after closing.
 *
 * Everything it shows comes from the network it opens; a step that does not give what it must ends the tour with an
 * error, so that it can stand in for a smoke test.
 * @module
 */

import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import colour from "picocolors";
import { EngineError } from "../../errors.ts";
import type { Contract, Network, TransactionReceipt } from "../../index.ts";
import { type Command, dirOption, type Invocation } from "../command.ts";
import { eventText, grouped, shortId, valueText } from "../format.ts";
import { badUsage } from "../parse.ts";

/** Where `npm run build` puts the contracts of fixtures/, and the package its copy of them. */
const bundles = fileURLToPath(new URL("../../../build/", import.meta.url));

/** How many transactions are sent at once, to share blocks. */
const many = 200;

export const tour: Command = {
  usage: "",
  about: [
    "Opens a network in a folder, deploys flipper and counter (AssemblyScript, compiled beforehand), sends transactions,",
    "asks queries, closes, opens the same folder again, and shows that the state is still there.",
  ].join("\n"),
  options: {
    dir: { ...dirOption.dir, help: "a folder to keep (default: a temporary one, removed at the end)" },
  },
  examples: ["phatvm tour", "phatvm tour --dir my-network"],
  positionals: { least: 0, most: 0 },
  async run(call) {
    for (const name of ["flipper", "counter"]) {
      const path = join(bundles, `${name}.contract`);
      if (!existsSync(path)) throw badUsage(`${path} is not there: \`npm run build\` compiles it`, "tour");
    }
    const kept = call.text("dir");
    const dir = kept ?? (await mkdtemp(join(tmpdir(), "phatvm-tour-")));
    try {
      await new Tour(call, dir).run();
    } finally {
      if (kept === undefined) await rm(dir, { recursive: true, force: true });
    }
  },
};

/** The tour and its transcript. */
class Tour {
  private readonly call: Invocation;
  private readonly dir: string;
  private readonly receipts: TransactionReceipt[] = [];
  private steps = 0;

  constructor(call: Invocation, dir: string) {
    this.call = call;
    this.dir = dir;
  }

  async run(): Promise<void> {
    const { open } = await import("../../index.ts");
    const { signal } = this.call;
    const opening = () => this.call.terminal.step(`opening ${this.dir}`, open({ dir: this.dir }));

    this.title(`Open a network in ${this.dir}`);
    let net = await opening();
    const [worker] = await net.workers();
    this.say(`${net.name}: a chain, a worker and a cluster in this process`);
    this.say(`the worker's enclave measures ${shortId(worker?.measurement ?? "")} (platform: ${worker?.platform})`);

    let flipper: Contract;
    let counter: Contract;
    const alice = net.account("//Alice");
    const bob = net.account("//Bob");
    try {
      this.title("Deploy two contracts");
      this.head();
      const deploy = (name: string, args: readonly unknown[]) =>
        net.deploy({ bundle: join(bundles, `${name}.contract`), constructor: "new", args, signer: alice, signal });
      flipper = await this.call.terminal.step("deploying flipper", deploy("flipper", [false]));
      this.row(flipper.deployment, "flipper", "new(false)", `is ${shortId(flipper.id)}`);
      counter = await this.call.terminal.step("deploying counter", deploy("counter", [40]));
      this.row(counter.deployment, "counter", "new(40)", `is ${shortId(counter.id)}`);

      this.title("Send transactions");
      this.head();
      await this.send(flipper, "flip", [], { signer: alice });
      await this.send(counter, "increment", [2], { signer: bob });
      await this.send(counter, "decrement", [43], { signer: bob }, "reverted");
      await this.sendMany(counter, net);

      this.title("Ask");
      await this.ask(flipper, "get", true);
      await this.ask(counter, "get", 42 + many);
    } finally {
      await net.close();
    }

    this.title("Close, open the same folder again, ask again");
    net = await opening();
    try {
      await this.ask(await net.attach(flipper.id), "get", true);
      await this.ask(await net.attach(counter.id), "get", 42 + many);
    } finally {
      await net.close();
    }
    this.say(colour.green("everything is still there"));
    const { receipts } = this;
    const contracts = { flipper: flipper.id, counter: counter.id };
    if (this.call.terminal.json) this.call.terminal.object({ dir: this.dir, contracts, receipts });
  }

  private async send(
    contract: Contract,
    message: string,
    args: readonly unknown[],
    options: { readonly signer: ReturnType<Network["account"]> },
    expected = "ok",
  ): Promise<void> {
    const { signal } = this.call;
    const receipt = await this.call.terminal.step(
      `sending ${message}`,
      (contract.tx[message] as NonNullable<Contract["tx"][string]>)({ args, ...options, signal }),
    );
    const text = `${message}(${args.map(valueText).join(", ")})`;
    const result =
      receipt.outcome === "ok"
        ? receipt.output === undefined
          ? ""
          : `returned ${valueText(receipt.output)}`
        : `${receipt.outcome}: ${valueText(receipt.output)}`;
    this.row(receipt, contract.metadata.name, text, result);
    for (const event of receipt.events) this.say(colour.dim(`${" ".repeat(59)}event ${eventText(event)}`));
    this.receipts.push(receipt);
    if (receipt.outcome !== expected) throw this.surprise(text, expected, receipt.outcome);
  }

  /** Many transactions at once: they share blocks. */
  private async sendMany(counter: Contract, net: Network): Promise<void> {
    const { signal, terminal } = this.call;
    const signer = net.account("//Charlie");
    const sent = Array.from({ length: many }, async () => {
      return await (counter.tx.increment as NonNullable<Contract["tx"][string]>)({ args: [1], signer, signal });
    });
    const receipts = await terminal.step(`sending ${many} transactions`, Promise.all(sent));
    const blocks = new Set(receipts.map((receipt) => receipt.block));
    const failed = receipts.filter((receipt) => receipt.outcome !== "ok");
    if (failed.length > 0) throw this.surprise(`${many} increments`, "ok", String(failed[0]?.outcome));
    const gas = receipts.reduce((total, receipt) => total + receipt.gasUsed, 0n);
    const [first, last] = [Math.min(...blocks), Math.max(...blocks)];
    const where = first === last ? `${first}` : `${first}-${last}`;
    const times = `${many} × increment(1)`;
    this.line(where, "counter", times, gas, `${blocks.size} ${blocks.size === 1 ? "block" : "blocks"} for all`);
  }

  private async ask(contract: Contract, message: string, expected: unknown): Promise<void> {
    const { terminal, signal } = this.call;
    const asked = (contract.query[message] as NonNullable<Contract["query"][string]>)({ signal });
    const answer: unknown = await terminal.step(`asking ${message}`, asked);
    this.say(`${contract.metadata.name}.${message}() is ${colour.bold(valueText(answer))}`);
    if (answer !== expected) throw this.surprise(`${contract.metadata.name}.${message}()`, expected, answer);
  }

  private title(text: string): void {
    this.steps++;
    this.print(`\n${colour.bold(`${this.steps}  ${text}`)}`);
  }

  private say(text: string): void {
    this.print(`   ${text}`);
  }

  private print(line: string): void {
    if (!this.call.terminal.json) this.call.terminal.print(line);
  }

  private head(): void {
    const words = ["block".padEnd(8), "contract".padEnd(10), "message".padEnd(24), "gas".padStart(15), "  result"];
    this.say(colour.dim(words.join("")));
  }

  private row(receipt: TransactionReceipt | undefined, contract: string, message: string, result: string): void {
    if (receipt !== undefined) this.line(String(receipt.block), contract, message, receipt.gasUsed, result);
  }

  private line(block: string, contract: string, message: string, gas: bigint, result: string): void {
    const used = grouped(gas).padStart(15);
    this.say(`${block.padEnd(8)}${contract.padEnd(10)}${message.padEnd(24)}${used}  ${result}`);
  }

  private surprise(what: string, expected: unknown, found: unknown): EngineError {
    return new EngineError("Internal", { what: `${what} gave ${valueText(found)}, not ${valueText(expected)}` });
  }
}
