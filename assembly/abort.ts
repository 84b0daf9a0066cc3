/**
 * What becomes of a failed assertion when its words are kept: they go to the debug log, then the contract traps.
 */
import { debugMessage } from "./env/imports";

/** Writes "message (file:line:column)" to the debug log and traps. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  const text = (message === null ? "aborted" : message) + " (" + (file === null ? "" : file) + ":" + line.toString() + ":" + column.toString() + ")";
  const utf8 = String.UTF8.encode(text);
  debugMessage(changetype<usize>(utf8), utf8.byteLength);
  unreachable();
}
