/**
 * Other processes, as Linux tells of them.
 * @module
 */

import { readdirSync, readFileSync, readlinkSync } from "node:fs";

interface Seen {
  readonly pid: number;
  readonly parent: number;
  /** One letter; Z is a process that is dead and not yet taken note of. */
  readonly state: string;
}

function seen(pid: number): Seen | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { pid, parent: Number(parent), state: state as string };
  } catch {
    return undefined;
  }
}

/** Whether a process is there and not dead. */
export function isAlive(pid: number): boolean {
  const one = seen(pid);
  return one !== undefined && one.state !== "Z" && one.state !== "X";
}

/** The words that a process was called with. */
export function commandOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
  } catch {
    return [];
  }
}

/** The isolates' processes that a process has started and that are alive. */
export function isolatesOf(parent: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => seen(Number(name)))
    .filter((one) => one?.parent === parent && one.state !== "Z")
    .map((one) => (one as Seen).pid)
    .filter((pid) => commandOf(pid).some((word) => word.endsWith("isolate/child.js")));
}

/** How many sockets a process has open. */
export function socketsOf(pid: number): number {
  const leads = (fd: string): string => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return "";
    }
  };
  return readdirSync(`/proc/${pid}/fd`).filter((fd) => leads(fd).startsWith("socket:")).length;
}

/** Milliseconds of the processor's time that a process has had. */
export function computed(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // In hundredths of a second.
  return 10 * Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[11]);
}

/** Waits until something holds, and fails when it does not in time. */
export async function until(holds: () => boolean, what: string, milliseconds = 120_000): Promise<void> {
  for (const start = performance.now(); !holds(); ) {
    if (performance.now() - start > milliseconds) throw new TypeError(`it never came about that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
