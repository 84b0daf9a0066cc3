import { beforeAll, describe, expect, test } from "vitest";
import { account, type Contract, load } from "./host.ts";

describe("names behind other files", () => {
  let contract: Contract;
  beforeAll(async () => {
    contract = await load("fixtures/types/names.ts");
    contract.deploy("new");
  });

  test("a class with a type parameter, filled with an enum under another name", () => {
    expect(contract.call("put", [1, { items: ["Good", "Bad", "Good"], next: 7 }])).toBe(3);
    expect(contract.call("get", [1])).toEqual({ items: ["Good", "Bad", "Good"], next: 7 });
    expect(contract.call("get", [2])).toBeUndefined();
    const bytes = contract.face.encodeInput(contract.face.message("put"), [1, { items: ["Good"], next: 7 }]);
    bytes[9] = 2;
    expect(contract.run("call", bytes)).toEqual({ outcome: "reverted", data: Uint8Array.of(1, 1) });
  });

  test("types through a namespace and through aliases", () => {
    expect(contract.call("grade", ["Good"])).toEqual({ ok: "Good" });
    expect(contract.call("grade", ["Bad"])).toEqual({ err: "TooBad" });
    expect(contract.call("texts")).toEqual({ items: ["a"], next: 1 });
    expect(contract.call("all")).toEqual(["Good", "Bad"]);
  });

  test("errors that are texts, and results that are put into a variable first", () => {
    expect(contract.call("rename", [[]])).toEqual({ err: "nobody" });
    const marks = [[account(1), "Good"]];
    expect(contract.call("rename", [marks])).toEqual({ ok: 1 });
  });
});
