/**
 * A process that is meant to be killed: opens a folder with the enclave of another bundle, which takes the secrets over.
 *
 * Called with: folder, path of the bundle.
 */
import { writeSync } from "node:fs";
import { join } from "node:path";
import { EmbeddedNode } from "../../dist/host/embedded.js";
import { lmdbStore } from "../../dist/host/store/lmdb.js";

const [dir, code] = process.argv.slice(2);
const store = await lmdbStore(join(dir, "chain.mdb"), dir, false);
writeSync(1, "opening\n");
const node = await EmbeddedNode.start(
  {
    store,
    checkpointFolder: join(dir, "checkpoints"),
    platformFolder: join(dir, "platform"),
    enclaveFolder: join(dir, "enclaves"),
    code,
    release: async () => undefined,
  },
  {},
);
writeSync(1, "open\n");
await node.close();
