/**
 * A node's calls over a socket: one row for each method of `NodeApi`, with its number and its codecs both ways.
 *
 * Requests and answers are messages of frames. A call that the caller gives up is named by `cancel`; events come with
 * request 0 and the event's number, to whoever asked for them with `listen`.
 * @module
 */

import { clusterId } from "./bytes.ts";
import type { EgressRules } from "./egress.ts";
import { readEgressRules, writeEgressRules } from "./egress-rules.ts";
import type {
  BlockProof,
  Inclusion,
  LogRecord,
  NetworkFacts,
  NodeEvents,
  Registrations,
  WorkerRecord,
} from "./node.ts";
import type { Reader, Writer } from "./scale.ts";
import {
  type BlockStateProof,
  readBlockStateProof,
  readStateQuestion,
  type StateQuestion,
  writeBlockStateProof,
  writeStateQuestion,
} from "./state-proof.ts";

/** How values of one type are written and read. */
export interface Codec<T> {
  readonly write: (w: Writer, value: T) => unknown;
  readonly read: (r: Reader) => T;
}

/** One method: its number, what it takes and what it gives. */
interface Method<A, R> {
  readonly number: number;
  readonly takes: Codec<A>;
  readonly gives: Codec<R>;
}

const codec = <T>(write: (w: Writer, value: T) => unknown, read: (r: Reader) => T): Codec<T> => ({ write, read });
const method = <A, R>(number: number, takes: Codec<A>, gives: Codec<R>): Method<A, R> => ({ number, takes, gives });

const nothing = codec<void>(
  () => undefined,
  () => undefined,
);
const bytes = codec<Uint8Array>(
  (w, value) => w.bytes(value),
  (r) => r.bytes(),
);
const account = codec<Uint8Array>(
  (w, value) => w.raw(value),
  (r) => r.raw(32),
);
const bool = codec<boolean>(
  (w, value) => w.bool(value),
  (r) => r.bool(),
);
const u32 = codec<number>(
  (w, value) => w.u32(value),
  (r) => r.u32(),
);
const str = codec<string>(
  (w, value) => w.str(value),
  (r) => r.str(),
);
const maybe = <T>(inner: Codec<T>): Codec<T | undefined> =>
  codec(
    (w, value) => w.option(value, inner.write),
    (r) => r.option(inner.read),
  );

const facts = codec<NetworkFacts>(
  (w, f) => w.str(f.name).raw(f.genesisHash).raw(f.cluster).raw(f.measurement).str(f.platform).raw(f.worker),
  (r) => ({
    name: r.str(),
    genesisHash: r.raw(32),
    cluster: clusterId(r.raw(32)),
    measurement: r.raw(32),
    platform: r.str(),
    worker: r.raw(32),
  }),
);
const inclusion = codec<Inclusion>(
  (w, i) => w.u32(i.block).u32(i.index).bytes(i.receipt),
  (r) => ({ block: r.u32(), index: r.u32(), receipt: r.bytes() }),
);
const worker = codec<WorkerRecord>(
  (w, { attestation, header, active }) =>
    w
      .bytes(attestation)
      .option(header, (o, one) => o.bytes(one))
      .bool(active),
  (r) => ({ attestation: r.bytes(), header: r.option((o) => o.bytes()), active: r.bool() }),
);
const log = codec<LogRecord>(
  (w, l) => w.u64(l.sequence).u32(l.block).raw(l.contract).u8(l.level).str(l.text).bool(l.query),
  (r) => ({
    sequence: Number(r.u64()),
    block: r.u32(),
    contract: r.raw(32),
    level: r.u8(),
    text: r.str(),
    query: r.bool(),
  }),
);

/** The methods. Numbers are never given another meaning. */
export const methods = {
  facts: method(1, nothing, facts),
  nextNonce: method(2, account, u32),
  submit: method(3, bytes, inclusion),
  query: method(4, bytes, bytes),
  codeExists: method(5, account, bool),
  contractCode: method(6, account, maybe(account)),
  balance: method(
    7,
    account,
    codec<{ readonly total: bigint; readonly free: bigint }>(
      (w, b) => w.u128(b.total).u128(b.free),
      (r) => ({ total: r.u128(), free: r.u128() }),
    ),
  ),
  putMetadata: method(
    8,
    codec<{ readonly hash: Uint8Array; readonly metadata: string }>(
      (w, m) => w.raw(m.hash).str(m.metadata),
      (r) => ({ hash: r.raw(32), metadata: r.str() }),
    ),
    nothing,
  ),
  metadata: method(9, account, maybe(str)),
  logs: method(
    10,
    codec<{ readonly from: number; readonly limit: number }>(
      (w, q) => w.u64(q.from).u32(q.limit),
      (r) => ({ from: r.u64Saturated(), limit: r.u32() }),
    ),
    codec<readonly LogRecord[]>(
      (w, list) => w.vec(list, log.write),
      (r) => r.vec(log.read, 47),
    ),
  ),
  inclusion: method(11, account, maybe(inclusion)),
  /** Asks for events of a kind, by the event's number. */
  listen: method(12, u32, nothing),
  unlisten: method(13, u32, nothing),
  /** Gives up an earlier call, by its request number. */
  cancel: method(14, u32, nothing),
  metrics: method(15, nothing, bytes),
  // 16 to 18 are events.
  inclusionOf: method(
    19,
    codec<{ readonly account: Uint8Array; readonly nonce: number }>(
      (w, q) => w.raw(q.account).u32(q.nonce),
      (r) => ({ account: r.raw(32), nonce: r.u32() }),
    ),
    maybe(inclusion),
  ),
  proof: method(
    20,
    u32,
    maybe(
      codec<BlockProof>(
        (w, p) => w.bytes(p.seal).bytes(p.hashes),
        (r) => ({ seal: r.bytes(), hashes: r.bytes() }),
      ),
    ),
  ),
  prove: method(
    23,
    codec<StateQuestion>(writeStateQuestion, readStateQuestion),
    codec<BlockStateProof>(writeBlockStateProof, readBlockStateProof),
  ),
  egressRules: method(21, account, maybe(codec<EgressRules>(writeEgressRules, readEgressRules))),
  workers: method(
    22,
    nothing,
    codec<Registrations>(
      (w, { genesis, workers, measurements, signers }) => {
        w.bytes(genesis).vec(workers, worker.write);
        w.vec(measurements, (o, one) => o.raw(one.measurement).u32(one.addedAt));
        w.vec(signers, (o, one) => o.str(one.platform).raw(one.signer));
      },
      (r) => ({
        genesis: r.bytes(),
        workers: r.vec(worker.read, 3),
        measurements: r.vec((o) => ({ measurement: o.raw(32), addedAt: o.u32() }), 36),
        signers: r.vec((o) => ({ platform: o.str(), signer: o.raw(32) }), 33),
      }),
    ),
  ),
} as const;

/** The name of a method. */
export type MethodName = keyof typeof methods;
/** What a method takes. */
export type Takes<M extends MethodName> = (typeof methods)[M]["takes"] extends Codec<infer A> ? A : never;
/** What a method gives. */
export type Gives<M extends MethodName> = (typeof methods)[M]["gives"] extends Codec<infer R> ? R : never;

/** The events, by number; their numbers are above those of answers. */
export const events: {
  readonly [E in keyof NodeEvents]: { readonly number: number; readonly codec: Codec<NodeEvents[E]> };
} = {
  block: {
    number: 16,
    codec: codec(
      (w, b) => w.u32(b.number).raw(b.hash).u32(b.extrinsics).raw(b.stateRoot),
      (r) => ({ number: r.u32(), hash: r.raw(32), extrinsics: r.u32(), stateRoot: r.raw(32) }),
    ),
  },
  receipt: {
    number: 17,
    codec: codec(
      (w, e) => w.bytes(e.receipt),
      (r) => ({ receipt: r.bytes() }),
    ),
  },
  log: { number: 18, codec: log },
};

/** The most bytes of one message over a socket: an extrinsic with the largest code, with room. */
export const largestMessage = 16 * 1024 * 1024;
