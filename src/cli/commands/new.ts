/**
 * `phatvm new`: makes a contract project.
 * @module
 */

import type { Command } from "../command.ts";
import { loadCompiler } from "../compiler.ts";

export const newCommand: Command = {
  usage: "<name>",
  about: "Makes a folder with a contract, a test that deploys it in memory, and the scripts to build both.",
  options: {
    folder: { type: "string", value: "<folder>", help: "where it goes (default: a folder of that name)" },
  },
  examples: ["phatvm new greeter"],
  positionals: { least: 1, most: 1 },
  ownsNothing: true,
  async run(call) {
    const [name = ""] = call.positionals;
    const folder = call.text("folder");
    const { newProject } = await loadCompiler();
    const made = await newProject({ name, ...(folder && { folder }) });
    call.terminal.result(made, () =>
      [
        `made ${made.folder}:`,
        ...made.files.map((file) => `  ${file}`),
        "next: npm install && npm test in that folder",
      ].join("\n"),
    );
  },
};
