/**
 * Puts a node and a client together: what `open` of the public face does.
 *
 * The node is loaded when a network is opened, not when the library is imported.
 * @module
 */

import { Network } from "./client/network.ts";
import { PhatError } from "./errors.ts";
import type { NodeOptions } from "./host/options.ts";
import type { NodeApi } from "./wire/node.ts";

/** How a network is opened. */
export interface OpenOptions extends NodeOptions {
  /**
   * Uses the live owner of the folder, if there is one that listens, instead of failing with `FolderInUse`; closing
   * then ends the connection and leaves the owner running. Default false.
   */
  readonly join?: boolean;
}

/**
 * Opens an embedded network: a chain, a gateway, a worker and one cluster, in this process.
 *
 * @param options `dir` is the folder it lives in; without it everything is in memory and gone after `close`.
 * @throws {EngineError} `FolderInUse`, `FolderVersion`, `FolderDamaged`, `FolderForeign`, `StorageFailed`,
 *   `RollbackDetected`
 */
export async function open(options: OpenOptions = {}): Promise<Network> {
  const { join = false, ...nodeOptions } = options;
  const node = await nodeFor(nodeOptions, join);
  try {
    return new Network(node, await node.facts());
  } catch (error) {
    await node.close();
    throw error;
  }
}

async function nodeFor(options: NodeOptions, join: boolean): Promise<NodeApi> {
  const { connectNode, openNode } = await import("./host/node.ts");
  const { dir } = options;
  if (!join || dir === undefined) return await openNode(options);
  const owner = await connectNode(dir);
  if (owner !== undefined) return owner;
  try {
    return await openNode(options);
  } catch (error) {
    // Another process may have become the owner between the two.
    if (!(error instanceof PhatError) || error.code !== "FolderInUse") throw error;
    const late = await connectNode(dir);
    if (late === undefined) throw error;
    return late;
  }
}
