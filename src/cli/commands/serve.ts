/**
 * `phatvm serve`: owns a folder and answers other commands.
 * @module
 */

import { type Command, dirOption } from "../command.ts";
import { shortId } from "../format.ts";
import { badUsage } from "../parse.ts";
import { folderOf } from "../session.ts";

export const serve: Command = {
  usage: "",
  about: [
    "Opens the network in the folder, made when it is not there, and listens on a socket in it: while it runs, the",
    "other commands go through it instead of opening the folder themselves. Prints each block. Ctrl-C ends it.",
  ].join("\n"),
  options: {
    ...dirOption,
    every: {
      type: "string",
      value: "<ms>",
      help: "make a block every so often (default: as soon as a transaction waits)",
    },
    "accept-rollback": {
      type: "boolean",
      help: "go on from an older chain than the enclave has executed: what came after is lost for good",
    },
    isolate: {
      type: "string",
      value: "<kind>",
      help: "where the enclave runs: thread, or process, whose crash is not this one's (default thread)",
    },
    name: { type: "string", value: "<text>", help: "the network's name, when the folder is made" },
  },
  examples: ["phatvm serve", "phatvm serve --dir /tmp/net --every 1000"],
  positionals: { least: 0, most: 0 },
  async run(call) {
    const { terminal, signal } = call;
    const dir = folderOf(call);
    const every = call.amount("every");
    const name = call.text("name");
    const isolate = call.text("isolate");
    if (isolate !== undefined && isolate !== "thread" && isolate !== "process") {
      throw badUsage(`--isolate is thread or process, not "${isolate}"`, "serve");
    }
    const { open } = await import("../../index.ts");
    const opening = open({
      dir,
      listen: true,
      ...(every === undefined ? {} : { blocks: { everyMs: Number(every) } }),
      ...(name === undefined ? {} : { name }),
      ...(isolate === undefined ? {} : { isolate }),
      acceptRollback: call.flag("accept-rollback"),
      onWarning: (warning) => terminal.note(`warning: ${warning}`),
    });
    const net = await terminal.step(`opening ${dir}`, opening);
    try {
      net.on("block", (block) => {
        const { number, extrinsics, stateRoot } = block;
        const count = `${extrinsics} ${extrinsics === 1 ? "transaction" : "transactions"}`;
        terminal.result({ block }, () => `block ${String(number).padStart(6)}  ${count}  state ${shortId(stateRoot)}`);
      });
      terminal.result({ serving: dir, name: net.name }, () => `${net.name} in ${dir}: ready, Ctrl-C ends it`);
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      terminal.note("closing");
    } finally {
      await terminal.step("closing", net.close());
    }
    return 0;
  },
};
