/**
 * What an enclave finds where it is started, and all that it finds: its platform, a folder for its files, a way for
 * frames, and the modules of Node that it was given.
 * @module
 */

import type { Files } from "./files.ts";
import type { Platform } from "./platform.ts";

/** Handed to the enclave's code by whoever loads it, under the name `surroundings`. */
export interface Surroundings {
  /**
   * Opens the platform, which has measured the code.
   * @param folder where it keeps itself; undefined = nowhere, it is gone with the process.
   * @param configuration what else belongs to the measurement.
   */
  openPlatform(folder: string | undefined, configuration: Uint8Array): Platform;
  /** Opens the folder that the host names for what is sealed. */
  openFiles(folder: string): Files;
  /** Sends a frame to the host; its buffer is handed over. */
  send(frame: Uint8Array<ArrayBuffer>): void;
  /** Takes what the host sends from now on: whatever it is. */
  receive(take: (frame: unknown) => void): void;
}
