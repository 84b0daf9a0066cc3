import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Isolate, StartIsolate } from "../../src/host/isolate/isolate.ts";
import { startProcess } from "../../src/host/isolate/process.ts";
import { startThread } from "../../src/host/isolate/thread.ts";
import { readFrame } from "../../src/wire/frame.ts";

type Outcomes = Record<string, string>;
interface Told {
  readonly compiling: Outcomes;
  readonly reaching: Outcomes;
  readonly changing: Outcomes;
  readonly working: Outcomes;
  readonly polluted: unknown;
}

let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "phatvm-realm-"));
  await build({
    entryPoints: [join(import.meta.dirname, "inside.ts")],
    outfile: join(dir, "inside.js"),
    bundle: true,
    platform: "node",
    format: "iife",
    target: "node20",
    logLevel: "error",
    // The package says that its modules do nothing when they are loaded; this one does.
    ignoreAnnotations: true,
  });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Runs the attempts in an isolate, and gives what came of them. */
async function attempts(start: StartIsolate): Promise<Told> {
  let isolate: Isolate | undefined;
  try {
    return await new Promise<Told>((resolve, reject) => {
      const events = {
        frame: (frame: unknown) => {
          const [message] = readFrame(frame as Uint8Array);
          resolve(JSON.parse(new TextDecoder().decode(message?.body)) as Told);
        },
        ended: (reason: string) => reject(new TypeError(reason)),
      };
      isolate = start({ heapMegabytes: 256 }, events, join(dir, "inside.js"));
    });
  } finally {
    await isolate?.terminate();
  }
}

it("closes also where the host's flags have put more into it", async () => {
  setFlagsFromString("--expose-gc");
  try {
    const { working, reaching } = await attempts(startThread);
    expect(working["what globals there are"]).not.toMatch(/\bgc\b/);
    expect(reaching.gc).toMatch(/^threw/);
  } finally {
    setFlagsFromString("--no-expose-gc");
  }
});

describe.each([
  ["thread", startThread],
  ["process", startProcess],
] as const)("from inside an isolate that is a %s", (_, start) => {
  let told: Told;
  beforeAll(async () => {
    told = await attempts(start);
  });
  const threw = (outcomes: Outcomes) => Object.entries(outcomes).filter(([, outcome]) => !outcome.startsWith("threw "));

  it("text never becomes code, by whichever constructor, timer, module or context", () => {
    expect(Object.keys(told.compiling).length).toBeGreaterThan(40);
    expect(threw(told.compiling)).toEqual([]);
    // Refused as such, and not because the attempt is mistaken.
    for (const [name, outcome] of Object.entries(told.compiling)) {
      expect(outcome, name).toMatch(
        /makes no code of text|Code generation from strings|callback function|dynamic import callback|must be of type function|is not a function|is not a constructor/,
      );
    }
  });

  it("nothing of Node is in reach but what the enclave was given", () => {
    expect(Object.keys(told.reaching).length).toBeGreaterThan(50);
    expect(threw(told.reaching)).toEqual([]);
  });

  it("what everybody uses takes nothing more, and globals and namespaces no change", () => {
    expect(Object.keys(told.changing).length).toBeGreaterThan(30);
    expect(threw(told.changing)).toEqual([]);
    expect(told.polluted).toBeUndefined();
  });

  it("WebAssembly, bounded runs and ordinary code go on as ever", () => {
    expect(told.working).toMatchInlineSnapshot(`
      {
        "JSON with a key __proto__": "gave {"__proto__":1}",
        "WebAssembly from bytes": "gave function",
        "a run that is not": "gave false",
        "a run that is over in time": "gave [object Object]",
        "an error's name and message, assigned": "gave Mine: y",
        "functions' names and calls": "gave 6",
        "instanceof Function": "gave true",
        "the environment": "gave {}",
        "toString, assigned to an object": "gave own toString [object Object]",
        "what globals there are": "gave clearImmediate,clearInterval,clearTimeout,decodeURI,decodeURIComponent,encodeURI,encodeURIComponent,escape,eval,isFinite,isNaN,parseFloat,parseInt,queueMicrotask,setImmediate,setInterval,setTimeout,structuredClone,unescape",
      }
    `);
  });
});
