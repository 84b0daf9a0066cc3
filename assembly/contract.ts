/**
 * The contract as the SDK sees it. The transform puts a generated module in the place of this one: it exports the entry
 * points `deploy` and `call`, and these two functions with the fields of the contract in them.
 */

/** Stores every field that changed. */
export function flush(): void {}

/** Forgets every field that was loaded, so that it is read from storage again. */
export function forget(): void {}
