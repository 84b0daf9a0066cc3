import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BuildError, buildContract } from "../../assembly/transform/build.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "phatvm-mistakes-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** What a contract's author is told, as "line:column message" lines. */
async function mistakes(source: string): Promise<string[]> {
  const entry = path.join(folder, "contract.ts");
  await writeFile(entry, source);
  try {
    await buildContract({ entry });
    return [];
  } catch (error) {
    if (!(error instanceof BuildError) || error.code !== "ContractDoesNotCompile") throw error;
    return error.diagnostics
      .filter((d) => d.severity === "error")
      .map((d) => `${d.file}:${d.line}:${d.column} ${d.message}`);
  }
}

/** A contract around some members. */
const contract = (members: string, before = ""): string =>
  `${before}@contract\nclass C {\n  @constructor new(): void {}\n  @message get(): u32 { return 1; }\n${members}\n}\n`;

describe("a mistake is reported at its place", () => {
  test.each([
    ["a float", contract("  @message f(a: f64): void {}"), "contract.ts:5:17 unsupported type: floats"],
    ["a function", contract("  @message f(a: () => void): void {}"), "contract.ts:5:17 unsupported type: functions"],
    [
      "an unknown type",
      contract("  @message f(a: Nope): void {}"),
      "contract.ts:5:17 unsupported type: Nope is not known",
    ],
    [
      "a size that depends",
      contract("  @message f(): usize { return 0; }"),
      "contract.ts:5:17 unsupported type: write the size",
    ],
    [
      "a null number",
      contract("  @message f(a: u32 | null): void {}"),
      "contract.ts:5:17 unsupported type: u32 cannot be null: use Option<u32>",
    ],
    [
      "a mapping as an argument",
      contract("  @message f(a: Mapping<u32, u32>): void {}", 'import { Mapping } from "phatvm/assembly";\n'),
      "contract.ts:6:17 unsupported type: Mapping lives in storage",
    ],
    [
      "two messages with one selector",
      contract("  @message({ selector: 0x2f865bd9 }) other(): void {}"),
      "contract.ts:5:38 other and get have the same selector 0x2f865bd9",
    ],
    [
      "a message outside a contract",
      `class D {\n  @message f(): void {}\n}\n${contract("")}`,
      "contract.ts:2:3 @message belongs into a class with @contract, and D is none",
    ],
    [
      "a decorator on a function",
      `@message function f(): void {}\n${contract("")}`,
      "contract.ts:1:1 @message belongs to a class",
    ],
    [
      "a private message",
      contract("  @message private f(): void {}"),
      "contract.ts:5:20 @message f can be called from outside",
    ],
    ["a static message", contract("  @message static f(): void {}"), "contract.ts:5:19 @message f cannot be static"],
    [
      "an optional argument",
      contract("  @message f(a: u32 = 1): void {}"),
      "contract.ts:5:14 every argument of @message f must be given",
    ],
    ["a field without a decorator", contract("  a: u32 = 0;"), "contract.ts:5:3 a would be forgotten after the call"],
    [
      "a field without a first value",
      contract("  @storage a: P;", "class P { x: u8 = 0; }\n"),
      "contract.ts:6:3 a needs an initial value",
    ],
    [
      "a class that contains itself",
      contract("  @message f(a: P): void {}", "class P { next: P | null = null; }\n"),
      "contract.ts:1:17 unsupported type: P contains itself",
    ],
    [
      "a class without fields",
      contract("  @message f(a: P): void {}", "class P {}\n"),
      "contract.ts:6:17 unsupported type: P has no fields",
    ],
    [
      "an enum that does not fit a byte",
      contract("  @message f(a: E): void {}", "enum E { A = 256 }\n"),
      "contract.ts:1:10 an enum that travels needs values from 0 to 255",
    ],
    [
      "an unknown option",
      contract("  @message({ pays: true }) f(): void {}"),
      'contract.ts:5:14 @message knows no "pays"',
    ],
    [
      "an event with a topic it has no field for",
      `@event({ topics: ["b"] })\nclass E { a: u32 = 0; }\n${contract("")}`,
      'contract.ts:1:1 E has no field "b"',
    ],
    [
      "an event with too many topics",
      `@event({ topics: ["a", "b", "c", "d"] })\nclass E { a: u8 = 0; b: u8 = 0; c: u8 = 0; d: u8 = 0; }\n${contract("")}`,
      "contract.ts:1:1 E has 5 topics with its name, and at most 4",
    ],
    [
      "no constructor",
      "@contract\nclass C {\n  @message get(): u32 { return 1; }\n}\n",
      "contract.ts:2:7 C cannot be deployed",
    ],
    ["no message", "@contract\nclass C {\n  @constructor new(): void {}\n}\n", "contract.ts:2:7 C cannot be called"],
    ["no contract", "class C {}\n", "contract.ts:1:1 there is no contract here"],
    [
      "two contracts",
      `${contract("")}@contract\nclass D {\n  @constructor new(): void {}\n  @message get(): void {}\n}\n`,
      "contract.ts:8:7 a file is one contract, and C is one already",
    ],
    [
      "a constructor that returns something",
      contract("  @constructor make(): u32 { return 1; }"),
      "contract.ts:5:24 a constructor returns void",
    ],
    [
      "a class's own constructor",
      contract("  @constructor constructor() {}"),
      "contract.ts:5:16 a constructor of a contract is a method",
    ],
    [
      "a query that writes",
      contract("  @storage n: u32;\n  @message({ mutates: false }) f(): void { this.n = 1; }"),
      "contract.ts:6:44 f is declared with mutates: false, and changes n",
    ],
    [
      "a query that writes a mapping",
      contract(
        "  @storage m: Mapping<u8, u8>;\n  @message({ mutates: false }) f(): void { if (true) this.m.set(1, 1); }",
        'import { Mapping } from "phatvm/assembly";\n',
      ),
      "contract.ts:7:54 f is declared with mutates: false, and changes m",
    ],
    [
      "two messages for whatever is not known",
      contract('  @message({ selector: "_" }) f(): void {}\n  @message({ selector: "_" }) g(): void {}'),
      "contract.ts:6:31 g and f both take whatever is not known",
    ],
    [
      "a selector that is none",
      contract('  @message({ selector: "?" }) f(): void {}'),
      "contract.ts:5:3 a selector is four bytes",
    ],
    [
      "a case for the whole",
      contract("  @message f(a: A): void {}", "@variant abstract class V {}\nclass A extends V { x: u8 = 0; }\n"),
      "contract.ts:7:17 unsupported type: A is a case of V: write V",
    ],
    [
      "a variant without cases",
      contract("  @message f(a: V): void {}", "@variant abstract class V {}\n"),
      "contract.ts:6:17 unsupported type: V has no cases",
    ],
    [
      "a variant that could be made",
      contract("  @message f(a: V): void {}", "@variant class V {}\nclass A extends V {}\n"),
      "contract.ts:1:16 @variant abstract class V {} is the form",
    ],
    [
      "a variant that contains itself",
      contract("  @message f(a: V): void {}", "@variant abstract class V {}\nclass A extends V { of: V[] = []; }\n"),
      "contract.ts:2:25 unsupported type: V contains itself",
    ],
    [
      "the name of an enum's value, where the enum travels",
      contract("  @message f(a: E): string { return E[a]; }", "enum E { A }\n"),
      "contract.ts:6:37 E travels as a number",
    ],
    [
      "what the language itself refuses",
      contract("  @message f(): u32 { return nothing; }"),
      "contract.ts:5:30 Cannot find name 'nothing'.",
    ],
    ["what does not even parse", contract("  @message f(: u32 {}"), "contract.ts:5:13 Identifier expected"],
    [
      "an event that is none",
      contract(
        "  @message f(): void { emit(new P()); }",
        'import { emit } from "phatvm/assembly";\nclass P { x: u8 = 0; }\n',
      ),
      "only a class with @event can be emitted",
    ],
    [
      "a default that is not there",
      contract(
        "  @storage m: Mapping<u8, P>;\n  @message f(): void { this.m.get(1); }",
        'import { Mapping } from "phatvm/assembly";\nclass P { x: u8 = 0; }\n',
      ),
      "this type has no zero value",
    ],
  ])("%s", async (_, source, message) => {
    expect((await mistakes(source)).join("\n")).toContain(message);
  });

  test("several at once", async () => {
    const found = await mistakes(contract("  @message f(a: f32): void {}\n  @message g(a: f32): void {}"));
    expect(found).toEqual([
      expect.stringContaining("contract.ts:5:17 unsupported type: floats"),
      expect.stringContaining("contract.ts:6:17 unsupported type: floats"),
    ]);
  });
});

describe("what cannot be built at all", () => {
  test("names the file that is not there", async () => {
    await expect(buildContract({ entry: path.join(folder, "none.ts") })).rejects.toMatchObject({
      code: "EntryNotFound",
      advice: expect.stringContaining("phatvm build"),
    });
  });
});

describe("a layout that was written down", () => {
  const version = (fields: string): string =>
    contract(fields, 'import { Mapping, u128 } from "phatvm/assembly";\nclass P { x: u8 = 0; y: u16 = 0; }\n');
  const first = "  @storage n: u32;\n  @storage m: Mapping<u32, P>;";
  let entry: string;
  const build = async (fields: string, layout: "check" | "write" = "check"): Promise<string> => {
    await writeFile(entry, version(fields));
    try {
      await buildContract({ entry, layout });
      return "";
    } catch (error) {
      if (!(error instanceof BuildError) || error.code !== "LayoutChanged") throw error;
      return error.diagnostics.map((d) => `${d.line}:${d.column} ${d.message}`).join("\n");
    }
  };

  beforeAll(async () => {
    entry = path.join(folder, "kept.ts");
    expect(await build(first, "write")).toBe("");
  });

  test("lets fields be added and moved", async () => {
    expect(await build(`  @storage extra: u128;\n  @storage m: Mapping<u32, P>;\n  @storage n: u32;`)).toBe("");
  });

  test("lets an enum have more cases, and none other", async () => {
    const roles = (cases: string): string =>
      contract("  @storage r: R[];\n  @storage n: u32;", `enum R { ${cases} }\n`);
    const file = path.join(folder, "roles.ts");
    const built = async (cases: string, layout: "check" | "write" = "check"): Promise<string> => {
      await writeFile(file, roles(cases));
      return await buildContract({ entry: file, layout }).then(
        () => "fits",
        (error: BuildError) => error.code,
      );
    };
    expect(await built("A, B", "write")).toBe("fits");
    expect(await built("A, B, C, D")).toBe("fits");
    expect(await built("B, A")).toBe("LayoutChanged");
    expect(await built("A")).toBe("LayoutChanged");
    expect(await built("A, X, B")).toBe("LayoutChanged");
    expect(await built("A, B = 10")).toBe("LayoutChanged");
  });

  test("lets a variant have more cases, and none other, with the fields that it had", async () => {
    const file = path.join(folder, "variants.ts");
    const built = async (cases: string, layout: "check" | "write" = "check"): Promise<string> => {
      const source = `import { Option } from "phatvm/assembly";\n@variant abstract class V {}\n${cases}\n`;
      await writeFile(file, source + contract("  @storage v: Option<V>[];\n  @storage n: u32;"));
      return await buildContract({ entry: file, layout }).then(
        () => "fits",
        (error: BuildError) => error.code,
      );
    };
    const [a, b] = ["class A extends V { x: u8 = 0; }", "class B extends V {}"];
    expect(await built(`${a} ${b}`, "write")).toBe("fits");
    expect(await built(`${a} ${b} class D extends V { y: u16 = 0; }`)).toBe("fits");
    expect(await built(`${b} ${a}`)).toBe("LayoutChanged");
    expect(await built(`${a.replace("u8", "u16")} ${b}`)).toBe("LayoutChanged");
    expect(await built(`${a.replace("x: u8 = 0;", "x: u8 = 0; y: u8 = 0;")} ${b}`)).toBe("LayoutChanged");
    expect(await built(`${a} ${b.replace("{}", "{ y: u8 = 0; }")}`)).toBe("LayoutChanged");
  });

  test("refuses a field that is gone, another type, another way of keeping", async () => {
    expect(await build("  @storage m: Mapping<u32, P>;")).toContain("C::n was there and is gone");
    expect(await build(first.replace("n: u32", "n: u64"))).toBe(
      "7:12 C::n was u32 and is u64 now: what is stored could not be read",
    );
    expect(await build(first.replace("<u32, P>", "<u32, u8>"))).toContain(
      "8:12 C::m was Mapping<u32, { x: u8, y: u16 }> and is Mapping<u32, u8> now",
    );
    expect(await build(first.replace("Mapping<u32, P>", "u8[]"))).toContain("and is [u8] now");
  });
});
