/**
 * The limits of the contract interface: contract-abi.md, section 0, as the Pink runtime sets them.
 * @module
 */

/** Bytes of one contract code. */
export const maxCodeLength = 2 * 1024 * 1024;
/** Bytes that parsed code may take by upstream's estimate: 16 for each instruction and the constant data. */
export const maxDecompressedCode = 4 * maxCodeLength;
/** Bytes of a storage key. */
export const maxStorageKeyLength = 128;
/** Bytes of a stored value and of an event's data. */
export const maxPayloadLength = 1024 * 1024;
/** Pages of 64 KiB that a contract's memory may have. */
export const memoryPages = 64;
/** Topics of one event. */
export const maxTopics = 4;
/** Bytes of the subject of `random`. */
export const maxSubjectLength = 32;
/** Bytes of debug text of one execution. */
export const maxDebugLength = 131_072;
/** Frames on the call stack, the root's included. */
export const maxDepth = 6;
/**
 * Bytes of stack of one frame's guest, by the formula of `wasm/stack.md`, in an isolate: part of what replicas agree on.
 *
 * Upstream's interpreter counts 1,024 nested calls and a mebibyte of values. An interpreter that runs as a contract has
 * functions whose compiled frames take tens of kilobytes, and recurses through them with what it interprets.
 */
export const maxContractStack = 8 * 1024 * 1024;
/** Codes that a contract may lock for its delegate calls. */
export const maxDelegateDependencies = 32;
/** What an account must keep to exist. */
export const existentialDeposit = 1n;

/**
 * What one execution may make the enclave hold, in bytes; upstream has no such limits. Gas alone would let one transaction
 * hold gigabytes. What was undone counts, since it was held; beyond a limit the frame ends with `Exhausted`.
 */
export const maxEventBytes = 16 * 1024 * 1024;
/** Bytes of values written to storage by one execution. */
export const maxWrittenBytes = 128 * 1024 * 1024;
/** Bytes that an event or a value counts beyond its own. */
export const heldOverhead = 256;
/** Characters of log lines of one execution; what comes after is not logged. */
export const maxLogLength = 1024 * 1024;
