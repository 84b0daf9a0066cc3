/**
 * The decorators of a contract, for editors: the transform reads them, the compiled code has no trace of them.
 *
 * Name this file in the `files` of a contract's tsconfig.json.
 */

/** What a message may say about itself. */
interface MessageOptions {
  /** Whether it may change storage: true unless said otherwise. */
  mutates?: boolean;
  /** Whether value may come along with a call. */
  payable?: boolean;
  /** The four bytes that name it on the wire, as in 0x633aa551, instead of those made of its name; "_": any unknown. */
  selector?: number | "_";
  /** The name that the host sees, instead of the method's. */
  name?: string;
  /** The trait that it belongs to: its full name becomes `Trait::name`. */
  trait?: string;
  /** Whether tools should offer it first. */
  default?: boolean;
}

/** What a constructor may say about itself. */
interface ConstructorOptions {
  /** Whether value may come along with the deployment. */
  payable?: boolean;
  /** The four bytes that name it on the wire, instead of those made of its name; "_": any unknown. */
  selector?: number | "_";
  /** The name that the host sees, instead of the method's. */
  name?: string;
  /** Whether tools should offer it first. */
  default?: boolean;
}

/** What an event may say about itself. */
interface EventOptions {
  /** The fields by which the event can be found. */
  topics?: string[];
  /** Leaves out the topic that names the event. */
  anonymous?: boolean;
}

type OnClass = (target: Function) => void;
type OnMember = (target: object, key: string, descriptor?: any) => void;

/** Makes a class a contract. */
declare function contract(target: Function): void;
/** Makes a method one that deploys the contract. */
declare function constructor(target: object, key: string, descriptor: any): void;
declare function constructor(options: ConstructorOptions): OnMember;
/** Makes a method one that the host can call. */
declare function message(target: object, key: string, descriptor: any): void;
declare function message(options: MessageOptions): OnMember;
/** Keeps a field in storage: loaded when first read, stored at the end when it changed. */
declare function storage(target: object, key: string): void;
/** Makes a class an event. */
declare function event(target: Function): void;
declare function event(options: EventOptions): OnClass;
/** Makes a field of an event one by which it can be found. */
declare function topic(target: object, key: string): void;
/** Puts the messages of a class under its name: `Trait::name`. */
declare function trait(target: Function): void;
declare function trait(options: { name?: string; namespace?: string }): OnClass;
/** Describes another contract by abstract methods; `contracts.at` calls them. */
declare function remote(target: Function): void;
declare function remote(options: { trait?: string }): OnClass;
/** Makes an abstract class a value that is one of several cases: the classes in its file that extend it, in order. */
declare function variant(target: Function): void;
/** Gives a class that extends `FixedArray` its length. */
declare function fixed(length: number): OnClass;
