/**
 * A command's network: the folder's live owner where there is one, else the folder itself, and always closed.
 * @module
 */

import { existsSync } from "node:fs";
import type { Account, Network } from "../index.ts";
import type { Invocation } from "./command.ts";
import { badUsage } from "./parse.ts";

/** The folder that a call names. */
export function folderOf(call: Invocation): string {
  return call.text("dir") ?? ".phat";
}

/**
 * Opens the call's network, does the work, closes it.
 * @param make whether a folder that is not there is made; asking an empty network is more likely a misspelt folder.
 */
export async function withNetwork<T>(call: Invocation, make: boolean, work: (net: Network) => Promise<T>): Promise<T> {
  const dir = folderOf(call);
  if (!make && !existsSync(dir)) {
    throw badUsage(
      `There is no network in ${dir}: \`phatvm deploy\` and \`phatvm serve\` make one, --dir names another`,
    );
  }
  const { open } = await import("../index.ts");
  const net = await call.terminal.step(`opening ${dir}`, open({ dir, join: true }));
  try {
    return await work(net);
  } finally {
    await net.close();
  }
}

/** The account that signs a call. */
export function signerOf(call: Invocation, net: Network): Account {
  const scheme = call.text("scheme") ?? "sr25519";
  if (scheme !== "sr25519" && scheme !== "ed25519") throw badUsage(`--scheme is sr25519 or ed25519, not "${scheme}"`);
  return net.account(call.text("signer") ?? "//Alice", { scheme });
}

/** Limits and payment that were given. */
export function paymentOf(call: Invocation): { readonly value?: bigint; readonly gas?: bigint } {
  const value = call.amount("value");
  const gas = call.amount("gas");
  return { ...(value === undefined ? {} : { value }), ...(gas === undefined ? {} : { gas }) };
}
