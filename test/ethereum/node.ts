/**
 * A real Ethereum node on loopback: anvil, started with accounts, chain and time of its own, and connected to nobody.
 * @module
 */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const cpu = { x64: "amd64", arm64: "arm64" }[process.arch as string];
const program = resolve(`test/ethereum/node_modules/@foundry-rs/anvil-${process.platform}-${cpu}/bin/anvil`);

/** Should it want anything of the internet, it gets nowhere: nobody listens there. */
const nowhere = "http://127.0.0.1:1";

/** Whether there is one: `npm install --ignore-scripts` in test/ethereum. */
export const installed: boolean = existsSync(program);

/** A node. */
export interface EthereumNode {
  readonly url: string;
  /** Calls it as a client does. */
  call(method: string, ...parameters: unknown[]): Promise<unknown>;
  end(): Promise<void>;
}

/** Starts a node of a chain with this number. */
export async function startNode(chain: number): Promise<EthereumNode> {
  const home = mkdtempSync(join(tmpdir(), "phatvm-ethereum-"));
  const flags = ["--host", "127.0.0.1", "--port", "0", "--chain-id", String(chain)];
  const child: ChildProcess = spawn(program, flags, {
    cwd: home,
    env: { HOME: home, NO_COLOR: "1", HTTP_PROXY: nowhere, HTTPS_PROXY: nowhere, ALL_PROXY: nowhere },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((done) => child.once("close", () => done()));
  const url = await new Promise<string>((started, failed) => {
    let said = "";
    child.stdout?.on("data", (data) => {
      said += String(data);
      const port = /Listening on 127\.0\.0\.1:(\d+)/.exec(said)?.[1];
      if (port !== undefined) started(`http://127.0.0.1:${port}/`);
    });
    child.once("error", failed);
    child.once("close", () => failed(new TypeError(`anvil ended: ${said}`)));
  });
  return {
    url,
    call: async (method, ...params) => {
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
      const answer = await fetch(url, { method: "POST", body, headers: { "content-type": "application/json" } });
      const { result, error } = (await answer.json()) as { result?: unknown; error?: { message: string } };
      if (error !== undefined) throw new TypeError(error.message);
      return result;
    },
    end: async () => {
      child.kill("SIGTERM");
      await ended;
      rmSync(home, { recursive: true, force: true });
    },
  };
}
