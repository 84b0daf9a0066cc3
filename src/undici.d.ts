/**
 * Two modules of undici by themselves: the whole of it would more than double the enclave's bundle.
 * @module
 */

declare module "undici/lib/dispatcher/agent.js" {
  import { Agent } from "undici";
  // biome-ignore lint/style/noDefaultExport: undici's module is what it is.
  export default Agent;
}

declare module "undici/lib/core/connect.js" {
  import { buildConnector } from "undici";
  // biome-ignore lint/style/noDefaultExport: undici's module is what it is.
  export default buildConnector;
}
