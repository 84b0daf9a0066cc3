/**
 * Calls to other contracts, their deployment, and running other code as one's own.
 *
 * A contract known by its messages is described once, with `@remote`, and then called like an object. What must decide
 * for itself when a call fails, or sends value along, prepares the call.
 */
import { flush, forget } from "../contract";
import * as host from "./imports";
import { read, write } from "../scale";
import { LENGTH, SCRATCH, SCRATCH_END, begin, copy, failed, open, position, reserve, written } from "../scratch";
import { Result, err, ok } from "../types/choice";
import { AccountId, Hash, at32 } from "../types/fixed";
import { u128 } from "../types/u128";

/** Why a call gave no answer. */
export namespace CallError {
  /** The called contract trapped, or ran out of gas. */
  export const Trapped: u8 = 1;
  /** It reverted, and what it said is not the answer that was expected. */
  export const Reverted: u8 = 2;
  /** This contract cannot spend the value that was to go along. */
  export const TransferFailed: u8 = 5;
  /** There is no such code. */
  export const CodeNotFound: u8 = 7;
  /** There is no contract at that address. */
  export const NotAContract: u8 = 8;
  /** It has no such message, or expects other arguments. */
  export const CouldNotReadInput: u8 = 100;
  /** It answered with something else than what was expected. */
  export const Undecodable: u8 = 101;
}

/** Flags of a call, as the host counts them. */
const FORWARD_INPUT: u32 = 1;
const CLONE_INPUT: u32 = 2;
const TAIL_CALL: u32 = 4;
const ALLOW_REENTRY: u32 = 8;

const noValue: usize = memory.data(16, 8);

/** Other contracts. */
export namespace contracts {
  /** A contract that was described with `@remote`. A call of it that fails traps. */
  // @ts-ignore: decorator
  @inline
  export function at<T>(id: AccountId): T {
    // Nothing but the id is needed to call it, so the id is what stands for it.
    return changetype<T>(id);
  }

  /** Begins a call of a message by its name in the metadata. */
  export function prepare(id: AccountId, message: string): Call {
    return new Call(id, new Input(selectorOf(message)));
  }

  /** Begins a call of a message by its selector as the metadata prints it. */
  export function prepareSelector(id: AccountId, selector: u32): Call {
    return new Call(id, new Input(bswap<u32>(selector)));
  }

  /**
   * Begins a call with the very input of this one, given away: afterwards `env.input` and another forwarded call trap.
   */
  export function forward(id: AccountId): Call {
    return new Call(id, null, FORWARD_INPUT);
  }

  /** As `forward`, with a copy of the input, at a price by the byte. */
  export function forwardCopy(id: AccountId): Call {
    return new Call(id, null, CLONE_INPUT);
  }

  /** The number of contracts made so far: another one for each deployment. */
  export function count(): u64 {
    return host.instantiationNonce();
  }

  /** Begins the deployment of code with a constructor by its name. */
  export function deploy(code: Hash, constructor_: string): Deployment {
    return new Deployment(code, selectorOf(constructor_));
  }
}

// The name under which the engine will offer it; a contract that uses it before that is refused at upload, by name.
// @ts-ignore: decorator
@external("phat0", "cluster_call")
declare function clusterCall(cluster: usize, id: usize, gas: u64, value: usize, input: usize, inputLen: u32, answerTo: u32): u64;

/** Contracts of other clusters: called by message, and answered by message, later. */
export namespace clusters {
  /** Begins a call of a contract in another cluster. */
  export function prepare(cluster: Hash, id: AccountId, message: string): ClusterCall {
    return new ClusterCall(cluster, id, selectorOf(message));
  }
}

/** Arguments, encoded one after the other in memory of their own. */
class Input {
  private bytes: StaticArray<u8> = new StaticArray<u8>(64);
  private size: usize = 4;

  constructor(selector: u32) {
    store<u32>(changetype<usize>(this.bytes), selector);
  }

  add<T>(value: T): void {
    begin();
    write<T>(value);
    const more = written();
    const size = this.size + more;
    if (size > <usize>this.bytes.length) {
      const grown = new StaticArray<u8>(<i32>(size * 2));
      copy(changetype<usize>(grown), changetype<usize>(this.bytes), this.size);
      this.bytes = grown;
    }
    copy(changetype<usize>(this.bytes) + this.size, SCRATCH, more);
    this.size = size;
  }

  get pointer(): usize {
    return changetype<usize>(this.bytes);
  }

  get length(): u32 {
    return <u32>this.size;
  }
}

/** A call that is being prepared. */
@final
export class Call {
  private amount: u128 | null = null;
  private limit: u64 = 0;

  constructor(
    private id: AccountId,
    // Without one, the call has the input of this frame.
    private input: Input | null,
    private flags: u32 = 0,
  ) {}

  /** Adds an argument; its type must be the one that the message expects. A forwarded call takes none: it traps. */
  arg<T>(value: T): this {
    const input = this.input;
    if (input) input.add<T>(value);
    else unreachable();
    return this;
  }

  /** Sends value along. */
  value(amount: u128): this {
    this.amount = amount;
    return this;
  }

  /** Gives it at most so much gas; otherwise it gets all that is left. */
  gas(limit: u64): this {
    this.limit = limit;
    return this;
  }

  /**
   * Lets the called contract call this one again before it answers. What this contract changed is stored first, and
   * read anew afterwards.
   */
  allowReentry(): this {
    this.flags |= ALLOW_REENTRY;
    return this;
  }

  /** Calls, and expects a `T`: where the message returns a `Result`, name the whole of it. */
  send<T>(): Result<T, u8> {
    const reentry = (this.flags & ALLOW_REENTRY) != 0;
    if (reentry) flush();
    const status = this.run(this.flags);
    if (reentry) forget();
    return answerOf<T>(status);
  }

  /** Calls, and lets the answer be this contract's own; comes back only when the call failed. Changes are stored. */
  tail(): void {
    flush();
    this.run(this.flags | TAIL_CALL);
  }

  /** As `send`, by running the code with a hash as this contract: on its storage, for its caller. */
  delegate<T>(code: Hash): Result<T, u8> {
    flush();
    const status = this.runCode(code, this.flags);
    forget();
    return answerOf<T>(status);
  }

  /** As `tail`, by running the code with a hash as this contract. */
  tailDelegate(code: Hash): void {
    flush();
    this.runCode(code, this.flags | TAIL_CALL);
    forget();
  }

  private run(flags: u32): u32 {
    const out = makeRoom();
    const id = changetype<usize>(this.id);
    const value = amountAt(this.amount);
    const status = host.call(flags, id, this.limit, value, inputAt(this.input), inputLength(this.input), out, LENGTH);
    openAnswer(status, out);
    return status;
  }

  private runCode(code: Hash, flags: u32): u32 {
    const out = makeRoom();
    const hash = changetype<usize>(code);
    const status = host.delegateCall(flags, hash, inputAt(this.input), inputLength(this.input), out, LENGTH);
    openAnswer(status, out);
    return status;
  }
}

function inputAt(input: Input | null): usize {
  return input === null ? 0 : input.pointer;
}

function inputLength(input: Input | null): u32 {
  return input === null ? 0 : input.length;
}

// The chained methods stand in each class anew: one that is inherited would give back the class it comes from, and the
// compiler does not come to an end with a class that gives itself to its base as a type.

/** A call into another cluster that is being prepared. */
export class ClusterCall {
  private input: Input;
  private amount: u128 | null = null;
  private limit: u64 = 0;
  private callback: u32 = 0;

  constructor(
    private cluster: Hash,
    private id: AccountId,
    selector: u32,
  ) {
    this.input = new Input(selector);
  }

  /** Adds an argument; its type must be the one that the message expects. */
  arg<T>(value: T): this {
    this.input.add<T>(value);
    return this;
  }

  /** Sends value along. */
  value(amount: u128): this {
    this.amount = amount;
    return this;
  }

  /** Gives it at most so much gas. */
  gas(limit: u64): this {
    this.limit = limit;
    return this;
  }

  /** Names the message of this contract that takes the answer. */
  answerTo(message: string): this {
    this.callback = selectorOf(message);
    return this;
  }

  /** Sends the call, and gives the number under which its answer will come. It is not undone by the other side. */
  send(): u64 {
    const input = this.input;
    const value = amountAt(this.amount);
    const cluster = changetype<usize>(this.cluster);
    return clusterCall(cluster, changetype<usize>(this.id), this.limit, value, input.pointer, input.length, this.callback);
  }
}

/** A deployment that is being prepared. */
export class Deployment {
  private input: Input;
  private amount: u128 | null = null;
  private limit: u64 = 0;
  private seed: Uint8Array = new Uint8Array(0);

  constructor(
    private code: Hash,
    selector: u32,
  ) {
    this.input = new Input(selector);
  }

  /** Adds an argument of the constructor. */
  arg<T>(value: T): this {
    this.input.add<T>(value);
    return this;
  }

  /** Gives the new contract value. */
  value(amount: u128): this {
    this.amount = amount;
    return this;
  }

  /** Gives it at most so much gas. */
  gas(limit: u64): this {
    this.limit = limit;
    return this;
  }

  /** What makes its address another one than that of the last contract with this code. */
  salt(bytes: Uint8Array): this {
    this.seed = bytes;
    return this;
  }

  /** Deploys. */
  send(): Result<AccountId, u8> {
    const address = memory.data(32, 8);
    const addressLength = memory.data(4, 4);
    store<u32>(addressLength, 32);
    const out = makeRoom();
    const input = this.input;
    const seed = this.seed;
    const status = host.instantiate(
      changetype<usize>(this.code),
      this.limit,
      amountAt(this.amount),
      input.pointer,
      input.length,
      address,
      addressLength,
      out,
      LENGTH,
      seed.dataStart,
      seed.length,
    );
    openAnswer(status, out);
    if (status == 0) return ok<AccountId, u8>(at32<AccountId>(address));
    if (status == CallError.Reverted && read<u8>() == 1) return err<AccountId, u8>(CallError.CouldNotReadInput);
    return err<AccountId, u8>(<u8>status);
  }
}

/** Starts a call of a described contract: the selector, then room for the arguments. */
export function beginRemote(selector: u32): void {
  begin();
  store<u32>(reserve(4), selector);
}

/** Calls a described contract with what was encoded; traps unless it answers. */
export function callRemote<T>(id: usize): T {
  const length = <u32>written();
  const out = makeRoom();
  const status = host.call(0, id, 0, noValue, SCRATCH, length, out, LENGTH);
  openAnswer(status, out);
  const answer = answerOf<T>(status);
  if (answer.isErr) unreachable();
  if (!isVoid<T>()) return answer.value;
}

function amountAt(amount: u128 | null): usize {
  return amount === null ? noValue : changetype<usize>(amount);
}

/** Prepares the rest of the scratch space for an answer, and gives its address. */
function makeRoom(): usize {
  const out = position();
  store<u32>(LENGTH, <u32>(SCRATCH_END - out));
  return out;
}

/** Opens the answer of a call that has one; of any other there is nothing to read. */
function openAnswer(status: u32, out: usize): void {
  const answered = status == 0 || status == CallError.Reverted;
  open(out, answered ? <usize>load<u32>(LENGTH) : 0);
}

/** What a call answered: ink! 4's `Result<T, LangError>`. */
function answerOf<T>(status: u32): Result<T, u8> {
  if (status != 0 && status != CallError.Reverted) return err<T, u8>(<u8>status);
  const refused = read<bool>();
  if (failed()) return err<T, u8>(status == 0 ? CallError.Undecodable : CallError.Reverted);
  if (refused) return err<T, u8>(CallError.CouldNotReadInput);
  if (isVoid<T>()) return new Result<T, u8>(false, 0);
  else {
    const value = read<T>();
    if (failed()) return err<T, u8>(status == 0 ? CallError.Undecodable : CallError.Reverted);
    return ok<T, u8>(value);
  }
}

/** The selector of a name, in the order of bytes of the wire. */
function selectorOf(name: string): u32 {
  begin();
  const size = String.UTF8.byteLength(name);
  String.UTF8.encodeUnsafe(changetype<usize>(name), name.length, reserve(size));
  host.hashBlake2256(SCRATCH, <u32>size, SCRATCH);
  return load<u32>(SCRATCH);
}
