/**
 * Which interface belongs to which contract: what handles were given, else what the node keeps by code hash.
 * @module
 */

import { toHex } from "../wire/bytes.ts";
import type { NodeApi } from "../wire/node.ts";
import { readKept } from "./bundle.ts";
import { ContractInterface } from "./metadata/interface.ts";

/** The interfaces that one client has met. */
export class Faces {
  private readonly node: NodeApi;
  private readonly byContract = new Map<string, ContractInterface>();

  constructor(node: NodeApi) {
    this.node = node;
  }

  /** Remembers the interface that a handle was made with. */
  set(contract: Uint8Array, face: ContractInterface): void {
    this.byContract.set(toHex(contract), face);
  }

  /** What is known without asking. */
  readonly get = (contract: Uint8Array): ContractInterface | undefined => this.byContract.get(toHex(contract));

  /** Makes the interfaces of these contracts known, where the node has them. */
  async load(contracts: Iterable<Uint8Array>): Promise<void> {
    for (const contract of contracts) {
      const key = toHex(contract);
      if (this.byContract.has(key)) continue;
      const code = await this.node.contractCode(contract);
      // Damaged metadata leaves events without names; `attach` is where it is complained of.
      const face = code && (await this.ofCode(code).catch(() => undefined));
      if (face !== undefined) this.byContract.set(key, face);
    }
  }

  /** The interface that the node keeps for a code. */
  async ofCode(codeHash: Uint8Array): Promise<ContractInterface | undefined> {
    const json = await this.node.metadata(codeHash);
    const metadata = json === undefined ? undefined : readKept(json).metadata;
    return metadata && new ContractInterface(metadata);
  }
}
