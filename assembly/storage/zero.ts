/**
 * What a value is before anyone has written it: zero, false, the empty string, the empty list, null.
 */

/** The zero value of a type; a compile-time error for a class that has none. */
export function zero<T>(): T {
  if (isBoolean<T>() || isInteger<T>()) {
    return <T>0;
  } else if (isNullable<T>()) {
    return changetype<T>(0);
  } else if (isString<T>()) {
    return changetype<T>("");
  } else if (isArray<T>()) {
    return instantiate<T>(0);
  } else if (isDefined(changetype<T>(0).__zero)) {
    return changetype<T>(changetype<T>(0).__zero());
  } else if (idof<T>() == idof<Uint8Array>()) {
    return changetype<T>(new Uint8Array(0));
  } else {
    ERROR("this type has no zero value: pass what `get` shall return when there is no entry, or use `find`");
  }
}
