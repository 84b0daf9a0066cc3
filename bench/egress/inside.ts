/**
 * The enclave's code with `beside.ts` before it.
 * @module
 */

import "./beside.ts";
import "../../src/enclave/main.ts";
