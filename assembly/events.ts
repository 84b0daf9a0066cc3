/**
 * Events: what a contract tells the world outside, found again by topic.
 */

/** Emits an event: `emit<Transfer>({ from, to, value })`, or `emit(new Transfer(from, to, value))`. */
export function emit<T>(event: T): void {
  if (isDefined(event.__emit)) event.__emit();
  else ERROR("only a class with @event can be emitted");
}
