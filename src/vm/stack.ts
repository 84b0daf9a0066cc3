/**
 * How large a stack V8 needs, so that a contract's own limit always comes first.
 *
 * A module's stack counter stops a guest after `maxStack` bytes by the formula of `wasm/stack.md`, which is never below
 * what V8 uses. Nested runs add up, and between two of them stand the frames of the machine and of host functions.
 * @module
 */

/** What the host's own frames take for each nested run: host functions, the machine, V8's entry and exit stubs. */
const hostBytesPerFrame = 64 * 1024;
/** What stands below the first run, and what a host function may use above the last. */
const hostBytes = 256 * 1024;
/** What Node keeps back of a worker's stack. */
const reservedByNode = 192 * 1024;
/** The default of `PrepareOptions.maxStack`. */
const defaultMaxStack = 524_288;

/**
 * The bytes of stack that a thread needs for a machine.
 *
 * A worker gets them by `resourceLimits: { stackSizeMb: Math.ceil(bytes / 2 ** 20) }`. Without them V8's stack may end
 * first, which `Machine.run` throws as the `EngineError` `StackExhausted`.
 *
 * @param frames The deepest nesting, `MachineOptions.frames`.
 * @param maxStack Bytes for one frame, `PrepareOptions.maxStack`.
 */
export function requiredStackBytes(frames = 6, maxStack = defaultMaxStack): number {
  return frames * (maxStack + hostBytesPerFrame) + hostBytes + reservedByNode;
}
