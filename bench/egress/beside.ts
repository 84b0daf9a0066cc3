/**
 * Inside an isolate, beside the enclave's own code: sends requests by its client, on its connections, without queries
 * around them. For `isolate.ts`, which bundles this with the enclave.
 * @module
 */

import { Client } from "../../src/enclave/egress/client.ts";
import { prepare } from "../../src/enclave/egress/request.ts";
import type { Surroundings } from "../../src/platform/surroundings.ts";
import { Answer, FrameWriter, readFrame } from "../../src/wire/frame.ts";
import { decode, encode } from "../../src/wire/scale.ts";

declare const surroundings: Surroundings;

/** The entry that sends: u32 how many, str where to; answered when all are answered. */
const bare = 250;
const { send } = Client.prototype;
let client: Client | undefined;
Client.prototype.send = function (this: Client, ...parameters: Parameters<typeof send>) {
  client = this;
  Client.prototype.send = send;
  return send.apply(this, parameters);
};

const { receive } = surroundings;
surroundings.receive = (take) =>
  receive((frame) => {
    const [message] = readFrame(frame as Uint8Array);
    if (message?.kind !== bare) {
      take(frame);
      return;
    }
    const { request } = message;
    const { count, url } = decode(message.body, "requests", (r) => ({ count: r.u32(), url: r.str() }));
    const outgoing = prepare({ url, method: "GET", headers: [], body: new Uint8Array() });
    if (typeof outgoing === "string" || client === undefined) throw new TypeError(`${outgoing}`);
    let left = count;
    const ended = (): void => {
      if (--left > 0) return;
      const frame = new FrameWriter()
        .add(
          Answer.ok,
          request,
          encode(0, (w) => w.u8(0)),
        )
        .take();
      surroundings.send(frame);
    };
    for (let i = 0; i < count; i++) {
      client.send(outgoing, { timeoutMs: 60_000, maxBody: 1 << 21, receive: () => undefined, ended });
    }
  });
