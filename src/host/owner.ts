/**
 * Who owns a folder: the process whose socket in it is alive. No pid file, no lock that a crash leaves behind.
 *
 * ```text
 * owner-<n>.sock          sockets of owners, the newest has the highest number
 * owner-new-<random>.sock a socket that is not an owner's yet
 * ```
 * To own a folder, a process finds the highest number and connects: alive means owned. When it is dead (the kernel
 * refuses, whatever became of the process) it listens on a socket of its own, *then* links that under the next number,
 * which only one process can, and looks once more that its number is the highest. The highest number never sinks: an
 * owner removes lower ones and leaves its own behind when it goes. So two processes can never both be the highest while
 * alive: the second would have had to find the first one dead.
 *
 * A socket's path may have about a hundred bytes; a longer one is reached through a symbolic link made for the moment.
 * @module
 */

import { randomBytes } from "node:crypto";
import { chmodSync, linkSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, unlinkSync } from "node:fs";
import { createServer, connect as dial, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineError } from "../errors.ts";
import { FrameStream, FrameWriter } from "../wire/frame.ts";
import { decode, encode } from "../wire/scale.ts";

/** What an owner says to whoever connects. */
export interface Hello {
  /** Whether it answers requests. */
  readonly serving: boolean;
  readonly pid: number;
}

const PROTOCOL = 1;
const HELLO_BYTES = 64;
/** sun_path has 108 bytes on Linux and 104 on others, the ending zero included. */
const LONGEST_PATH = 103;

const owned = /^owner-(\d{1,15})\.sock$/;
const unborn = /^owner-new-[0-9a-f]+\.sock$/;

/** Whether a file in a folder belongs to the question of who owns it. */
export function isOwnerFile(name: string): boolean {
  return owned.test(name) || unborn.test(name);
}

function newest(dir: string): number {
  let highest = 0;
  for (const name of readdirSync(dir)) {
    const number = owned.exec(name)?.[1];
    if (number !== undefined) highest = Math.max(highest, Number(number));
  }
  return highest;
}

const ownerFile = (n: number): string => `owner-${n}.sock`;

/** Calls with a path to `name` in `dir` that is short enough for a socket. */
async function withShortPath<T>(dir: string, name: string, use: (path: string) => Promise<T>): Promise<T> {
  const path = join(dir, name);
  if (Buffer.byteLength(path) <= LONGEST_PATH) return use(path);
  const detour = mkdtempSync(join(tmpdir(), "phatvm-"));
  try {
    symlinkSync(dir, join(detour, "d"));
    return await use(join(detour, "d", name));
  } finally {
    rmSync(detour, { recursive: true, force: true });
  }
}

function unreadable(dir: string, error: unknown): EngineError {
  const reason = error instanceof Error ? error.message : String(error);
  return new EngineError("StorageFailed", { what: `Reaching the owner of ${dir}`, reason }, { cause: error });
}

/** Connects to a socket file; undefined when nobody listens on it, "hung up" when whoever did has just stopped. */
function connectTo(dir: string, name: string): Promise<Socket | "hung up" | undefined> {
  return withShortPath(
    dir,
    name,
    (path) =>
      new Promise((resolve, reject) => {
        const socket = dial(path);
        socket.once("connect", () => {
          socket.removeAllListeners("error");
          socket.on("error", () => undefined);
          resolve(socket);
        });
        socket.once("error", (error: NodeJS.ErrnoException) => {
          socket.destroy();
          if (error.code === "ECONNREFUSED" || error.code === "ENOENT") resolve(undefined);
          else if (error.code === "ECONNRESET") resolve("hung up");
          // The queue of those who wait to be accepted is full: somebody listens.
          else if (error.code === "EAGAIN") reject(new EngineError("FolderInUse", { dir }));
          else reject(unreadable(dir, error));
        });
      }),
  );
}

/** Waits for the owner's first words; undefined when the connection ends before, as it does when the owner dies. */
function helloOf(socket: Socket, milliseconds: number): Promise<Hello | "silent" | undefined> {
  return new Promise((resolve) => {
    const stream = new FrameStream(HELLO_BYTES);
    const end = (hello: Hello | "silent" | undefined): void => {
      clearTimeout(timer);
      socket.off("data", onData);
      socket.off("close", onClose);
      socket.pause();
      resolve(hello);
    };
    const timer = setTimeout(() => end("silent"), milliseconds);
    const onClose = (): void => end(undefined);
    const onData = (chunk: Uint8Array): void => {
      try {
        const [message] = stream.push(chunk);
        if (message === undefined) return;
        end(
          decode(message.body, "hello", (r) => {
            const protocol = r.u16();
            if (protocol !== PROTOCOL) throw r.fail(`protocol ${protocol}`);
            return { serving: r.bool(), pid: r.u32() };
          }),
        );
      } catch {
        end("silent");
      }
    };
    socket.on("data", onData);
    socket.once("close", onClose);
  });
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

/** Milliseconds that an owner may be too busy to say a word. */
export const ownerPatience = 10_000;

/** A connection to a live owner, with its first words. */
export interface OwnerConnection {
  readonly socket: Socket;
  readonly hello: Hello | undefined;
}

/** The live owner, or the highest number that was found dead. */
async function findOwner(dir: string, patience: number): Promise<OwnerConnection | number> {
  // An owner that ends, or is being killed, may accept and hang up, or not even accept: it is gone a moment later.
  for (let attempt = 0; ; ) {
    const highest = newest(dir);
    if (highest === 0) return 0;
    const socket = await connectTo(dir, ownerFile(highest));
    if (socket === undefined) {
      if (newest(dir) === highest) return highest;
      continue;
    }
    const hello = socket === "hung up" ? undefined : await helloOf(socket, patience);
    if (hello === undefined && ++attempt < 40) {
      if (socket !== "hung up") socket.destroy();
      await pause(25);
      continue;
    }
    if (socket === "hung up") throw new EngineError("FolderInUse", { dir });
    return { socket, hello: typeof hello === "object" ? hello : undefined };
  }
}

/**
 * Connects to the live owner of a folder.
 * @param patience milliseconds to wait for its first words.
 * @returns The connection; undefined when nobody owns the folder.
 */
export async function reachOwner(dir: string, patience: number): Promise<OwnerConnection | undefined> {
  try {
    const found = await findOwner(dir, patience);
    return typeof found === "number" ? undefined : found;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error instanceof EngineError ? error : unreadable(dir, error);
  }
}

/** A folder that this process owns. */
export interface Ownership {
  /** Hands connections to the node that serves; those that came before are handed over now. */
  serve(take: (socket: Socket) => void): void;
  /** Gives the folder up. */
  release(): Promise<void>;
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/**
 * Becomes the owner of a folder that exists.
 * @param serving whether connections will be served; otherwise they hear that they are not.
 * @throws {EngineError} `FolderInUse` when another process owns it.
 */
export async function ownFolder(dir: string, serving: boolean): Promise<Ownership> {
  const sockets = new Set<Socket>();
  const early: Socket[] = [];
  let take: ((socket: Socket) => void) | undefined;
  const hello = new FrameWriter()
    .add(
      0,
      0,
      encode({ serving, pid: process.pid }, (w, h) => w.u16(PROTOCOL).bool(h.serving).u32(h.pid)),
    )
    .take();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
    socket.write(hello);
    if (!serving) socket.end();
    else if (take !== undefined) take(socket);
    else if (early.length < 64) early.push(socket);
    else socket.destroy();
  });
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  };

  const name = `owner-new-${randomBytes(8).toString("hex")}.sock`;
  try {
    await withShortPath(dir, name, (path) => listen(server, path));
    // A server that nobody uses must not keep the process alive; the enclave's thread does while there is work.
    server.unref();
    chmodSync(join(dir, name), 0o600);
    for (;;) {
      const found = await findOwner(dir, ownerPatience);
      if (typeof found !== "number") {
        found.socket.destroy();
        throw new EngineError("FolderInUse", { dir, ...found.hello });
      }
      // One above the number that was found dead, and no other: that is what makes two owners impossible.
      const mine = found + 1;
      if (!linked(dir, name, mine)) continue;
      if (newest(dir) === mine) {
        unlinkSync(join(dir, name));
        tidy(dir, mine);
        break;
      }
      unlinkSync(join(dir, ownerFile(mine)));
    }
  } catch (error) {
    await close();
    rmSync(join(dir, name), { force: true });
    throw error instanceof EngineError ? error : unreadable(dir, error);
  }

  return {
    serve(taker) {
      take = taker;
      for (const socket of early.splice(0)) if (!socket.destroyed) taker(socket);
    },
    release: close,
  };
}

/** Gives a listening socket a number, unless another has it. */
function linked(dir: string, name: string, number: number): boolean {
  try {
    linkSync(join(dir, name), join(dir, ownerFile(number)));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Milliseconds after which a socket that never became an owner's is taken for one that was left behind. */
const LEFT_BEHIND = 60_000;

/** Removes the sockets of earlier owners, and of those who died before they were one. */
function tidy(dir: string, mine: number): void {
  for (const name of readdirSync(dir)) {
    const path = join(dir, name);
    const number = owned.exec(name)?.[1];
    const old =
      unborn.test(name) && Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > LEFT_BEHIND;
    if (old || (number !== undefined && Number(number) < mine)) rmSync(path, { force: true });
  }
}
