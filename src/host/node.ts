/**
 * Opening a node: one's own in a folder or in memory, or the one that owns a folder already.
 * @module
 */

import { resolve } from "node:path";
import { EngineError } from "../errors.ts";
import type { NodeApi } from "../wire/node.ts";
import { EmbeddedNode, type Places } from "./embedded.ts";
import { openFolder } from "./folder.ts";
import type { NodeOptions } from "./options.ts";
import { ownerPatience, reachOwner } from "./owner.ts";
import { RemoteNode } from "./remote.ts";
import { serveClient } from "./serve.ts";
import { memoryStore } from "./store/memory.ts";

/**
 * Opens a node of one's own: becomes the owner of the folder, recovers what is in it, starts the enclave.
 * @throws {EngineError} `FolderInUse`, `FolderVersion`, `FolderForeign`, `FolderDamaged`, `RollbackDetected`,
 *   `StorageFailed`, `EnclaveGone`; then nothing is left open.
 */
export async function openNode(options: NodeOptions = {}): Promise<NodeApi> {
  if (options.dir === undefined) {
    const store = memoryStore();
    const release = async (): Promise<void> => undefined;
    const places: Places = { store, checkpointFolder: undefined, platformFolder: undefined, release };
    return EmbeddedNode.start(places, options);
  }
  const folder = await openFolder(options.dir, options.listen === true);
  try {
    const node = await EmbeddedNode.start(
      {
        store: folder.store,
        begun: !folder.fresh,
        checkpointFolder: folder.checkpoints,
        platformFolder: folder.platform,
        enclaveFolder: folder.enclaves,
        release: () => folder.ownership.release(),
      },
      // A folder whose making was cut short may have a counter, but nobody was told of anything in it.
      { ...options, dir: folder.dir, acceptRollback: options.acceptRollback === true || folder.fresh },
    );
    if (folder.fresh) await folder.born();
    if (options.listen === true) folder.ownership.serve((socket) => serveClient(node, socket));
    return node;
  } catch (error) {
    await folder.store.close().catch(() => undefined);
    await folder.ownership.release();
    throw error;
  }
}

/**
 * Connects to the live owner of a folder.
 * @returns The owner's node; `close` ends the connection, not the node. Undefined when nobody owns the folder: then
 *   `openNode` can.
 * @throws {EngineError} `FolderInUse` when the owner does not listen.
 */
export async function connectNode(dir: string): Promise<NodeApi | undefined> {
  const path = resolve(dir);
  const owner = await reachOwner(path, ownerPatience);
  if (owner === undefined) return undefined;
  if (owner.hello?.serving !== true) {
    owner.socket.destroy();
    throw new EngineError("FolderInUse", { dir: path, ...owner.hello });
  }
  return new RemoteNode(path, owner.socket);
}
