/**
 * The embedded node: opens a folder or memory, starts the enclave, and answers as `NodeApi`.
 * @module
 */

import type { NodeApi } from "../wire/node.ts";
import type { NodeOptions } from "./options.ts";

export type { BlockOptions, ClusterTerms, NodeOptions } from "./options.ts";

/**
 * Opens a node of one's own: becomes the owner of the folder, recovers what is in it, starts the enclave.
 * @throws {EngineError} `FolderInUse`, `FolderVersion`, `FolderDamaged`, `FolderForeign`.
 */
export declare function openNode(options?: NodeOptions): Promise<NodeApi>;

/**
 * Connects to the live owner of a folder.
 * @returns The owner's node; undefined when nobody owns the folder (then `openNode` can).
 * @throws {EngineError} `FolderInUse` when the owner does not listen.
 */
export declare function connectNode(dir: string): Promise<NodeApi | undefined>;
