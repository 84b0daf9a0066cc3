/**
 * What a node may answer: anything. A client gives a typed error, or a value of the promised type, and never more.
 * @module
 */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Network } from "../../src/client/network.ts";
import { PhatError } from "../../src/errors.ts";
import { clusterNumber } from "../../src/wire/bytes.ts";
import type { NodeApi } from "../../src/wire/node.ts";
import { writeAnswer } from "../../src/wire/query.ts";
import { encode } from "../../src/wire/scale.ts";
import { tokenDocument } from "./documents.ts";

const id = `0x${"42".repeat(32)}`;

/** A node that says what it is told to say, to everything. */
function liar(says: Partial<NodeApi>): Network {
  const facts = {
    name: "liar",
    genesisHash: new Uint8Array(32),
    cluster: clusterNumber(1),
    measurement: new Uint8Array(32),
    platform: "none",
    worker: new Uint8Array(32),
  };
  const { source, ...document } = tokenDocument("4");
  const node: Partial<NodeApi> = {
    facts: async () => facts,
    nextNonce: async () => 0,
    inclusion: async () => undefined,
    inclusionOf: async () => undefined,
    proof: async () => undefined,
    submit: async () => ({ block: 1, index: 0, receipt: new Uint8Array() }),
    query: async () => new Uint8Array(),
    metrics: async () => new Uint8Array(),
    codeExists: async () => true,
    contractCode: async () => new Uint8Array(32),
    balance: async () => ({ total: 0n, free: 0n }),
    egressRules: async () => undefined,
    putMetadata: async () => undefined,
    metadata: async () =>
      JSON.stringify({ ...document, source: { language: (source as { language: string }).language } }),
    logs: async () => [],
    on: () => () => undefined,
    close: async () => undefined,
    ...says,
  };
  return new Network(node as NodeApi, facts);
}

async function outcome(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    (value) => ({ value }),
    (error: unknown) => (error instanceof PhatError ? error.code : error),
  );
}

async function ask(net: Network): Promise<unknown> {
  const token = await net.attach(id);
  return await token.query.balance_of?.({ args: [id] });
}

describe("a node that lies", () => {
  it("with any bytes for an answer is told apart from one that answers", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 120 }), async (bytes) => {
        expect(await outcome(ask(liar({ query: async () => bytes })))).toBe("Undecodable");
      }),
      { numRuns: 200 },
    );
  });

  it("with any output in a well-formed answer gives a value of the promised type, or a mismatch", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 24 }), fc.nat({ max: 3 }), async (data, flags) => {
        const answer = encode(
          {
            block: 1,
            gasUsed: 1n,
            gasRequired: 1n,
            storageDeposit: 0n,
            debug: Uint8Array.of(0xff),
            result: { ok: true, flags, data, contract: undefined },
            diagnosis: "",
          } as const,
          writeAnswer,
        );
        const got = await outcome(ask(liar({ query: async () => answer })));
        if (typeof got === "string") expect(["AbiMismatch", "ContractReverted"]).toContain(got);
        else expect(got).toEqual({ value: expect.any(BigInt) });
      }),
      { numRuns: 200 },
    );
  });

  it("with any bytes for a receipt gives a typed error", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (receipt) => {
        const net = liar({ submit: async () => ({ block: 1, index: 0, receipt }) });
        const token = await net.attach(id);
        const signer = { ...net.account("//Alice"), sign: () => new Uint8Array(64) };
        expect(await outcome(token.tx.transfer?.({ args: [id, 1n], signer }) as Promise<unknown>)).toBe("Undecodable");
      }),
      { numRuns: 50 },
    );
  });

  it.each(["", "{", "null", "[]", '{"version":"4"}', '{"version":"4","spec":{},"types":[{}]}'])(
    "with %j for metadata gives a typed error",
    async (json) => {
      expect(await outcome(liar({ metadata: async () => json }).attach(id))).toBe("MetadataInvalid");
    },
  );

  it("without metadata asks for a bundle", async () => {
    expect(await outcome(liar({ metadata: async () => undefined }).attach(id))).toBe("MetadataMissing");
  });

  it("that calls every nonce used is given up after a few tries", async () => {
    let tries = 0;
    const net = liar({
      submit: async () => {
        tries++;
        const { EngineError } = await import("../../src/errors.ts");
        throw new EngineError("BadNonce", { nonce: 0, account: id, reason: "it was used" });
      },
    });
    const token = await net.attach(id);
    const signer = net.account("//Alice");
    expect(await outcome(token.tx.transfer?.({ args: [id, 1n], signer }) as Promise<unknown>)).toBe("BadNonce");
    expect(tries).toBeLessThan(10);
  });
});
