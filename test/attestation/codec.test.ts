/**
 * What attestation puts on the wire: every value comes back, in one form only, and bytes that are none give a typed error.
 */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PhatError } from "../../src/errors.ts";
import {
  type Attestation,
  type Quote,
  type Registration,
  readAttestation,
  writeAttestation,
} from "../../src/wire/attestation.ts";
import { accountId, blockHash } from "../../src/wire/bytes.ts";
import {
  readHandoverAnswer,
  readHandoverChallenge,
  readHandoverRequest,
  writeHandoverAnswer,
  writeHandoverChallenge,
  writeHandoverRequest,
} from "../../src/wire/handover.ts";
import {
  type RegistryCall,
  type RegistryEvent,
  readRegistryCall,
  readRegistryEvent,
  writeRegistryCall,
  writeRegistryEvent,
} from "../../src/wire/registry.ts";
import { decode, encode, type Reader, type Writer } from "../../src/wire/scale.ts";

const exactly = (n: number) => fc.uint8Array({ minLength: n, maxLength: n });
const u32 = fc.nat({ max: 0xffff_ffff });
const u64 = fc.bigInt(0n, 2n ** 64n - 1n);
const platform = fc.stringMatching(/^[\x21-\x7e]{1,64}$/);
const block = fc.record({ number: u32, hash: exactly(32).map(blockHash) });
const quote: fc.Arbitrary<Quote> = fc.record({
  platform,
  measurement: exactly(32),
  data: fc.uint8Array({ maxLength: 64 }),
  signer: exactly(32),
  signature: exactly(64),
});
const registration: fc.Arbitrary<Registration> = fc.record({
  version: u32,
  worker: exactly(32),
  genesisHash: exactly(32).map(blockHash),
  block,
  features: fc.array(u32, { maxLength: 16 }),
  operator: fc.option(exactly(32).map(accountId), { nil: undefined }),
});
const attestation: fc.Arbitrary<Attestation> = fc.record({ registration, quote });
const governed: fc.Arbitrary<Exclude<RegistryCall, { kind: "registerWorker" }>> = fc.oneof(
  fc.record({
    kind: fc.constantFrom("addMeasurement" as const, "removeMeasurement" as const),
    measurement: exactly(32),
  }),
  fc.record({ kind: fc.constantFrom("addSigner" as const, "removeSigner" as const), platform, signer: exactly(32) }),
);
const call: fc.Arbitrary<RegistryCall> = fc.oneof(
  governed,
  fc.record({ kind: fc.constant("registerWorker" as const), attestation }),
);
const event: fc.Arbitrary<RegistryEvent> = fc.oneof(
  governed,
  fc.record({ kind: fc.constant("workerRegistered" as const), attestation, attestedAt: u64, expires: u64 }),
  fc.record({ kind: fc.constant("refused" as const), reason: fc.string({ unit: "grapheme" }) }),
);
const challenge = fc.record({ genesisHash: exactly(32).map(blockHash), block, nonce: exactly(32) });
const request = fc.record({ challenge, key: exactly(32), quote });
const answer = fc.record({ key: exactly(32), sealed: fc.uint8Array({ maxLength: 100 }), quote });

interface Form<T> {
  readonly values: fc.Arbitrary<T>;
  readonly write: (w: Writer, value: T) => unknown;
  readonly read: (r: Reader) => T;
}
const form = <T>(values: fc.Arbitrary<T>, write: Form<T>["write"], read: Form<T>["read"]): Form<unknown> =>
  ({ values, write, read }) as Form<unknown>;

describe.each<[string, Form<unknown>]>([
  ["an attestation", form(attestation, writeAttestation, readAttestation)],
  ["a registry call", form(call, writeRegistryCall, readRegistryCall)],
  ["a registry event", form(event, writeRegistryEvent, readRegistryEvent)],
  ["a handover's challenge", form(challenge, writeHandoverChallenge, readHandoverChallenge)],
  ["a handover's request", form(request, writeHandoverRequest, readHandoverRequest)],
  ["a handover's answer", form(answer, writeHandoverAnswer, readHandoverAnswer)],
])("%s", (_, { values, write, read }) => {
  const written = (value: unknown): Uint8Array => encode(value, (w, v) => void write(w, v));

  it("comes back as it was", () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decode(written(value), "value", read)).toEqual(value);
      }),
    );
  });

  it("that was cut, lengthened or changed is another one in the one form it has, or a typed error", () => {
    const change = fc.tuple(values, u32, fc.integer({ min: 1, max: 255 }), fc.constantFrom("cut", "add", "flip"));
    fc.assert(
      fc.property(change, ([value, at, bits, how]) => {
        const bytes = written(value);
        const place = at % bytes.length;
        const changed =
          how === "cut"
            ? bytes.subarray(0, place)
            : how === "add"
              ? Uint8Array.of(...bytes, bits)
              : bytes.map((byte, i) => (i === place ? byte ^ bits : byte));
        let found: unknown;
        try {
          found = decode(changed, "value", read);
        } catch (error) {
          expect(error).toBeInstanceOf(PhatError);
          expect((error as PhatError).code).toBe("Undecodable");
          return;
        }
        expect(how).toBe("flip");
        expect(written(found)).toEqual(changed);
      }),
    );
  });
});
