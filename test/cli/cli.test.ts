/**
 * The command line as a process: what it prints, what it ends with, and what it leaves behind.
 * @module
 */

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { commands } from "../../src/cli/commands.ts";
import { commandHelp } from "../../src/cli/help.ts";
import { until } from "../enclave/processes.ts";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const bundle = (name: string): string => fileURLToPath(new URL(`../../build/${name}.contract`, import.meta.url));
const manifest = fileURLToPath(new URL("../../package.json", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "phatvm-cli-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function phatvm(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const env = { ...process.env, NO_COLOR: "1" };
    execFile(process.execPath, [main, ...args], { cwd: work, env }, (error, out, err) => {
      // A slow machine sees progress; what it is about is not what is tested here.
      const said = err.replace(/^.* … \d+ s\n/gm, "");
      resolve({ code: error === null ? 0 : Number(error.code), out, err: said });
    });
  });
}

describe("on a folder of its own", () => {
  let token = "";
  beforeAll(async () => {
    const made = await phatvm("deploy", bundle("token"), "new", "1_000_000");
    expect(made.code).toBe(0);
    token = made.out.trim();
  });

  it("deploy prints the id alone on standard output", () => {
    expect(token).toMatch(/^0x[0-9a-f]{64}$/);
    expect(existsSync(join(work, ".phat"))).toBe(true);
  });

  it("tx prints the receipt and ends with 0, and query the answer", async () => {
    const moved = await phatvm("tx", token, "transfer", "//Bob", "300");
    expect(moved.code).toBe(0);
    expect(moved.out).toMatch(/✓ ok {2}block \d+, transaction 0/);
    expect(moved.out).toMatch(/event {4}Transfer \{ from: 0xd43593c7…a27d, to: 0x8eaf0415…6a48, value: 300 \}/);
    const asked = await phatvm("query", token, "balanceOf", "//Bob");
    expect(asked).toMatchObject({ code: 0, out: "300\n", err: "" });
  });

  it("a transaction that the contract reverts ends with 1, and says why", async () => {
    const failed = await phatvm("tx", token, "transfer", "//Bob", "5", "--signer", "//Dave");
    expect(failed.code).toBe(1);
    expect(failed.out).toContain("✗ reverted");
    expect(failed.out).toContain("InsufficientBalance");
  });

  it("a transaction that traps ends with 1, and names the line of the source", async () => {
    const made = await phatvm("deploy", bundle("stress"));
    const failed = await phatvm("tx", made.out.trim(), "fillAndFail", "1", "2");
    expect(failed.code).toBe(1);
    const lines = readFileSync(new URL("../../fixtures/stress.ts", import.meta.url), "utf8").split("\n");
    const line = lines.findIndex((one) => one.includes("unreachable();")) + 1;
    expect(failed.out).toMatch(new RegExp(`"fillAndFail" trapped: unreachable at stress\\.ts:${line}:\\d+\\.`));
    const asked = await phatvm("query", made.out.trim(), "fillAndFail", "1", "2");
    expect(asked.code).toBe(1);
    expect(asked.err).toContain(` at stress.ts:${line}:`);
  });

  it("--json gives one JSON value, amounts as text, errors too", async () => {
    const asked = await phatvm("query", token, "totalSupply", "--json");
    expect(JSON.parse(asked.out)).toEqual({ answer: "1000000" });
    const sent = await phatvm("tx", token, "transfer", "//Bob", "1", "--json");
    expect(JSON.parse(sent.out)).toMatchObject({
      outcome: "ok",
      output: { ok: null },
      events: [{ name: "Transfer" }],
    });
    const wrong = await phatvm("query", token, "totalSuply", "--json");
    expect(wrong.code).toBe(2);
    expect(JSON.parse(wrong.out)).toMatchObject({ error: { code: "UnknownMessage", facts: { near: "totalSupply" } } });
  });

  it("egress shows the owner's rules, says and takes them back, and lets nobody else", async () => {
    const bare = await phatvm("egress", token);
    expect(bare).toMatchObject({ code: 0, out: "no rules\n" });
    const rules = '{"allow":[{"host":"*.Example.org"}],"requestsPerMinute":60}';
    const refused = await phatvm("egress", token, "--rules", rules, "--signer", "//Bob");
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("may not set what contracts may reach")]);
    const said = await phatvm("egress", token, "--rules", rules, "--json");
    expect(JSON.parse(said.out)).toEqual({ allow: [{ host: "*.example.org" }], deny: [], requestsPerMinute: 60 });
    for (const wrong of ["{", '{"alow":[]}', '{"deny":[{"host":"a.*"}]}']) {
      expect((await phatvm("egress", token, "--rules", wrong)).code).not.toBe(0);
    }
    expect((await phatvm("egress", token, "--rules", "{}", "--clear")).code).toBe(2);
    expect((await phatvm("egress", token, "--clear")).out).toBe("no rules\n");
  });

  it("keys prints the workers and what their attestations say, and that the platform is simulated", async () => {
    const shown = await phatvm("keys");
    expect(shown).toMatchObject({ code: 0, err: "" });
    expect(shown.out).toMatch(
      /^worker {6}(0x[0-9a-f]{64})\n {2}measures {2}(0x[0-9a-f]{64})\n {2}platform {2}simulated: it proves nothing to anybody; /,
    );
    expect(shown.out).toMatch(/\n {2}active {4}yes\nallowed {5}0x[0-9a-f]{64} since block 1\n$/);
    const told = JSON.parse((await phatvm("keys", "--json")).out);
    const [, publicKey, measurement] = /worker +(\S+)\n +measures +(\S+)/.exec(shown.out) ?? [];
    expect(told).toMatchObject({
      workers: [{ publicKey, measurement, platform: "simulated", active: true, expires: expect.stringMatching(/Z$/) }],
      measurements: [{ measurement, addedAt: 1 }],
      signers: [{ platform: "simulated" }],
    });
  });

  it("upload prints the code hash, once stored and once found", async () => {
    const stored = await phatvm("upload", bundle("counter"));
    expect(stored.code).toBe(0);
    expect(stored.out).toMatch(/^0x[0-9a-f]{64}\n$/);
    const found = await phatvm("upload", bundle("counter"));
    expect(found.out).toBe(stored.out);
    expect(found.err).toContain("stored before");
  });

  it.each([
    [
      "a wrong argument",
      () => ["tx", token, "transfer", "//Bob", "many"],
      /argument 2 \(value\) of transfer: expected u128/,
    ],
    ["an argument too few", () => ["tx", token, "transfer", "//Bob"], /expected 2 arguments, got 1/],
    ["an unknown message", () => ["query", token, "balance"], /near it: balanceOf/],
    ["an unknown command", () => ["depoly"], /no command "depoly": did you mean deploy\?/],
    ["help with an unknown command", () => ["help", "biuld"], /no command "biuld": did you mean build\?/],
    ["an unknown option", () => ["query", token, "totalSupply", "--colour"], /Unknown option '--colour'\.\n/],
    ["a misspelt option", () => ["query", token, "totalSupply", "--jsom"], /'--jsom': did you mean --json\?/],
    ["a folder without a network", () => ["query", token, "totalSupply", "--dir", "nowhere"], /no network in nowhere/],
    ["a bundle that is not there", () => ["deploy", "nowhere.contract"], /there is no such file/],
    ["what is no contract", () => ["query", "flipper", "get"], /No account and no contract has the name "flipper"/],
    ["a bad secret", () => ["tx", token, "transfer", "//Bob", "1", "--signer", "no words at all"], /✗/],
    [
      "rules that are none",
      () => ["egress", token, "--rules", '{"alow":[]}'],
      /rules\.alow: .*\n.*in a contract's rules/,
    ],
    ["what is no number", () => ["logs", "--from", "x", "--dir", "nowhere"], /--from takes a whole number/],
    ["what is no metadata", () => ["deploy", manifest], /version 0\.1\.0, and 4 and 5 are known\./],
    ["a bad amount", () => ["tx", token, "transfer", "//Bob", "1", "--gas", "lots"], /--gas takes a whole number/],
  ])("%s ends with 2 and says what to do", async (_, args, message) => {
    const { code, out, err } = await phatvm(...args());
    expect(err).toMatch(message);
    expect(err).toMatch(/^✗ .*\n {2}\S/s);
    expect(err).not.toMatch(/\n\s+at /);
    expect(out).toBe("");
    expect(code).toBe(2);
    expect(existsSync(join(work, "nowhere"))).toBe(false);
  });

  it("a contract that is not there ends with 1", async () => {
    const { code, err } = await phatvm("query", `0x${"77".repeat(32)}`, "get");
    expect(code).toBe(1);
    expect(err).toContain("There is no contract 0x7777");
  });
});

describe("arguments", () => {
  it("are read by the types in the metadata", async () => {
    const dir = join(work, "types");
    const made = await phatvm("deploy", bundle("counter"), "new", "0x10", "--dir", dir);
    const counter = made.out.trim();
    expect((await phatvm("query", counter, "get", "--dir", dir)).out).toBe("16\n");
    expect((await phatvm("tx", counter, "increment", "-5", "--dir", dir)).err).toMatch(/expected u32 .*got -5n/);
    expect((await phatvm("tx", counter, "increment", "4_000_000_000", "--dir", dir)).code).toBe(0);
  });
});

describe("check", () => {
  it("accepts a contract, and says what it needs", async () => {
    const { code, out } = await phatvm("check", bundle("flipper"));
    expect(code).toBe(0);
    expect(out).toContain("✓ accepted by profile deterministic");
    expect(out).toContain("seal0.seal_return (i32, i32, i32) -> ()");
    expect(out).toMatch(/get\(\) -> bool/);
  });

  it("refuses what is no contract, with the reason", async () => {
    const empty = join(work, "empty.wasm");
    writeFileSync(empty, Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    const { code, out } = await phatvm("check", empty, "--json");
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ accepted: false, reason: "deploy function isn't exported" });
    const text = join(work, "text.wasm");
    writeFileSync(text, "hello");
    const judged = await phatvm("check", text);
    expect(judged).toMatchObject({ code: 1, err: "" });
    expect(judged.out).toContain("this is no WebAssembly module");
    expect(judged.out).not.toContain("phatvm check");
    expect(JSON.parse((await phatvm("check", text, "--json")).out)).toMatchObject({ accepted: false, bytes: 5 });
  });

  it("calls a file that holds no code and no interface a mistake of the call", async () => {
    const text = join(work, "notes.txt");
    writeFileSync(text, "hello");
    const { code, out } = await phatvm("check", text, "--json");
    expect(code).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ error: { code: "MetadataInvalid", facts: { source: text } } });
    expect((await phatvm("check", text)).err).not.toContain("phatvm check");
  });
});

describe("serve", () => {
  let served: ChildProcess | undefined;
  afterEach(() => {
    served?.kill("SIGKILL");
    served = undefined;
  });

  async function serve(dir: string): Promise<{ readonly process: ChildProcess; readonly output: () => string }> {
    const env = { ...process.env, NO_COLOR: "1" };
    const child = spawn(process.execPath, [main, "serve", "--dir", dir], { cwd: work, env });
    served = child;
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    while (!output.includes("ready")) {
      await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
      if (child.exitCode !== null) expect.fail(`serve ended: ${output}`);
    }
    return { process: child, output: () => output };
  }

  it("owns the folder and answers the other commands; Ctrl-C ends it cleanly", async () => {
    const dir = join(work, "served");
    const owner = await serve(dir);
    const flipper = (await phatvm("deploy", bundle("flipper"), "new", "true", "--dir", dir)).out.trim();
    expect((await phatvm("tx", flipper, "flip", "--dir", dir)).code).toBe(0);
    expect((await phatvm("query", flipper, "get", "--dir", dir)).out).toBe("false\n");
    const second = await phatvm("serve", "--dir", dir);
    expect(second.code).toBe(1);
    expect(second.err).toContain("owned by another process");
    expect(owner.output()).toMatch(/block +\d+ {2}1 transaction/);

    owner.process.kill("SIGINT");
    const [code] = await once(owner.process, "exit");
    expect(code).toBe(0);
    expect((await phatvm("query", flipper, "get", "--dir", dir)).out).toBe("false\n");
  });

  it("leaves a folder that opens again when it is killed", async () => {
    const dir = join(work, "killed");
    const owner = await serve(dir);
    const flipper = (await phatvm("deploy", bundle("flipper"), "new", "true", "--dir", dir)).out.trim();
    expect(await phatvm("tx", flipper, "flip", "--dir", dir)).toMatchObject({ code: 0, err: "" });
    owner.process.kill("SIGKILL");
    await once(owner.process, "exit");
    expect((await phatvm("query", flipper, "get", "--dir", dir)).out).toBe("false\n");
  });

  it("hands events and logs to those who follow", async () => {
    const dir = join(work, "followed");
    await serve(dir);
    const counter = (await phatvm("deploy", bundle("counter"), "new", "1", "--dir", dir)).out.trim();
    const follower = spawn(process.execPath, [main, "events", "--dir", dir, "--json"], { cwd: work });
    try {
      const heard = once(follower.stdout.setEncoding("utf8"), "data");
      // It says nothing when it is there: transactions are sent until it hears one.
      let event: string | undefined;
      heard.then(([text]) => (event = text as string));
      for (let i = 0; event === undefined && i < 20; i++) {
        expect(await phatvm("tx", counter, "increment", "1", "--dir", dir)).toMatchObject({ code: 0, err: "" });
      }
      expect(JSON.parse(event?.split("\n")[0] ?? "null")).toMatchObject({ name: "Moved", contract: counter });
      follower.kill("SIGINT");
      expect(await once(follower, "exit")).toEqual([0, null]);
    } finally {
      follower.kill("SIGKILL");
    }
  });
});

describe("help", () => {
  it.each(Object.keys(commands))(
    "of %s has a usage, a text, options and an example that begins with its name",
    async (name) => {
      const command = await commands[name]?.load();
      expect(command).toBeDefined();
      if (command === undefined) return;
      const text = commandHelp(name, command);
      expect(text).toMatch(new RegExp(`^usage: phatvm ${name}`));
      expect(command.examples.length).toBeGreaterThan(0);
      for (const example of command.examples) expect(example).toMatch(new RegExp(`^phatvm ${name}\\b`));
      expect(command.about.length).toBeGreaterThan(30);
    },
  );

  it("is told to machines as facts", async () => {
    for (const [code, ...asked] of [
      [0, "help", "--json"],
      [0, "--json", "help"],
      [2, "--json"],
    ] as const) {
      const all = await phatvm(...asked);
      const names = JSON.parse(all.out).commands.map(({ name }: { name: string }) => name);
      expect([all.code, names]).toEqual([code, Object.keys(commands)]);
    }
    for (const asked of [
      ["help", "build", "--json"],
      ["build", "--help", "--json"],
    ]) {
      const { code, out, err } = await phatvm(...asked);
      expect({ code, err }).toEqual({ code: 0, err: "" });
      const told = JSON.parse(out);
      expect(told).toMatchObject({ name: "build", usage: expect.stringMatching(/^phatvm build <entry/) });
      expect(told.options).toContainEqual(expect.objectContaining({ name: "json", type: "boolean" }));
      expect(told.options).toContainEqual(expect.objectContaining({ short: "o", value: "<folder>" }));
    }
    const wrong = await phatvm("help", "biuld", "--json");
    expect([wrong.code, JSON.parse(wrong.out)]).toEqual([2, { error: expect.objectContaining({ code: "BadUsage" }) }]);
  });

  it("is printed when it is asked for, and when nothing is", async () => {
    expect(await phatvm("help")).toMatchObject({ code: 0, err: "" });
    expect((await phatvm("tx", "--help")).out).toContain("usage: phatvm tx <contract> <message>");
    expect((await phatvm()).code).toBe(2);
    expect((await phatvm("--version")).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("new and build", () => {
  it("make a project, and its contract from it", async () => {
    const made = await phatvm("new", "hello");
    expect(made).toMatchObject({ code: 0, err: "" });
    const built = await phatvm("build", "hello/contracts/greeter.ts", "-o", "hello/build", "--json");
    expect(built.err).toBe("");
    const { files, codeHash } = JSON.parse(built.out) as { files: string[]; codeHash: string };
    expect(files.filter((file) => existsSync(join(work, file)))).toEqual(files);
    const stored = await phatvm("upload", "hello/build/greeter.contract", "--dir", "hello/net");
    expect(stored.out.trim()).toBe(codeHash);
    expect(await phatvm("new", "hello")).toMatchObject({ code: 2, out: "" });
  });

  it("show the places of mistakes", async () => {
    writeFileSync(join(work, "bad.ts"), "@contract\nexport class Bad {\n  @message get(): u32 { return true; }\n}\n");
    const { code, out, err } = await phatvm("build", "bad.ts");
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^✗ The contract does not compile\.\n {2}bad\.ts:\d+:\d+: /);
    const machine = await phatvm("build", "bad.ts", "--json");
    expect(machine).toMatchObject({ code: 2, err: "" });
    const { error } = JSON.parse(machine.out) as { error: { code: string; facts: { diagnostics: object[] } } };
    expect(error.code).toBe("ContractDoesNotCompile");
    expect(error.facts.diagnostics[0]).toMatchObject({ file: "bad.ts", line: 2, severity: "error" });
  });

  it("keep the layout when told to, and hold the contract to it, with the place", async () => {
    const source = (type: string): string =>
      `@contract\nexport class Kept {\n  @storage n: ${type};\n  @constructor new(): void {}\n  @message get(): ${type} { return this.n; }\n}\n`;
    mkdirSync(join(work, "kept"));
    writeFileSync(join(work, "kept/kept.ts"), source("u32"));
    const written = await phatvm("build", "kept/kept.ts", "-o", "kept", "--layout", "write", "--json");
    expect((JSON.parse(written.out) as { files: string[] }).files).toContain("kept/kept.layout.json");
    expect((await phatvm("build", "kept/kept.ts", "-o", "kept")).code).toBe(0);
    writeFileSync(join(work, "kept/kept.ts"), source("u64"));
    const { code, err } = await phatvm("build", "kept/kept.ts", "-o", "kept");
    expect(code).toBe(2);
    expect(err).toMatch(
      /in another way than kept\/kept\.layout\.json says\.\n {2}kept\/kept\.ts:3:12: Kept::n was u32/,
    );
    expect((await phatvm("build", "kept/kept.ts", "--layout", "forget")).err).toContain("--layout is check or write");
    expect((await phatvm("build", "kept/kept.ts", "--runtime", "none")).err).toContain("--runtime is stub or minimal");
    writeFileSync(join(work, "kept/kept.layout.json"), "[{}]");
    expect((await phatvm("build", "kept/kept.ts")).err).toContain("kept.layout.json cannot be read");
  });

  it("end at once when they are told to, and leave no half of a file", async () => {
    const building = spawn(process.execPath, [main, "build", "hello/contracts/greeter.ts", "-o", "ended"], {
      cwd: work,
    });
    setTimeout(() => building.kill("SIGTERM"), 300);
    expect(await once(building, "exit")).toEqual([null, "SIGTERM"]);
    const written = existsSync(join(work, "ended")) ? readdirSync(join(work, "ended")) : [];
    for (const file of written.filter((name) => name.endsWith(".contract"))) {
      expect(JSON.parse(readFileSync(join(work, "ended", file), "utf8"))).toHaveProperty("source.wasm");
    }
  });
});

describe("Ctrl-C", () => {
  it("ends a command that waits, and leaves the folder as it was", async () => {
    const dir = join(work, "interrupted");
    const flipper = (await phatvm("deploy", bundle("flipper"), "new", "true", "--dir", dir)).out.trim();
    // Whoever owns the folder has a socket there, under another number than its last owner's.
    const owners = () =>
      readdirSync(dir)
        .filter((name) => /^owner-\d+\.sock$/.test(name))
        .join();
    const before = owners();
    const waiting = spawn(process.execPath, [main, "events", "--dir", dir], { cwd: work, stdio: "ignore" });
    await until(() => owners() !== before, "it owned the folder");
    waiting.kill("SIGINT");
    expect([0, 130]).toContain((await once(waiting, "exit"))[0]);
    expect((await phatvm("query", flipper, "get", "--dir", dir)).out).toBe("true\n");
  });
});

describe("tour", () => {
  it("shows deployment, transactions, queries and reopening", async () => {
    const { code, out } = await phatvm("tour");
    expect(code).toBe(0);
    const told = JSON.parse((await phatvm("tour", "--json")).out) as { receipts: { outcome: string }[] };
    expect(told.receipts.map((receipt) => receipt.outcome)).toEqual(["ok", "ok", "reverted"]);
    for (const line of [/flipper +new\(false\)/, /counter +increment\(2\)/, /reverted/, /everything is still there/]) {
      expect(out).toMatch(line);
    }
  });
});
