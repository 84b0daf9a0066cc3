/**
 * What of an enclave's settings belongs to its measurement.
 *
 * Most settings only decide what a worker does for its owner: limits, time, which addresses it may reach. Two decide whom
 * its contracts can rely on, so an enclave that was set otherwise is another enclave, with other seal keys and a
 * measurement of its own: whether logs of queries leave in the clear, and which certificates TLS is checked against.
 * @module
 */

import type { EnclaveSettings } from "../wire/egress.ts";
import { encode } from "../wire/scale.ts";

/** The measured part of the settings, in one canonical form. */
export function measuredConfiguration({ egress, queries }: EnclaveSettings): Uint8Array {
  return encode(undefined, (w) => {
    w.u16(1).bool(queries.clearLogs === true);
    w.option(egress.roots, (o, roots) => o.vec(roots, (v, root) => v.str(root)));
  });
}
