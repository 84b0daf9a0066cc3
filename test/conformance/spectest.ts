/**
 * The host module `spectest` that the scripts of the core suite import.
 * @module
 * @see https://github.com/WebAssembly/spec/tree/main/interpreter#spectest-host-module
 */

/** A fresh `spectest`: what it prints goes nowhere, its memory and table belong to one script. */
export function spectest(): WebAssembly.Exports {
  const print = (): void => {};
  return {
    print,
    print_i32: print,
    print_i64: print,
    print_f32: print,
    print_f64: print,
    print_i32_f32: print,
    print_f64_f64: print,
    global_i32: new WebAssembly.Global({ value: "i32" }, 666),
    global_i64: new WebAssembly.Global({ value: "i64" }, 666n),
    global_f32: new WebAssembly.Global({ value: "f32" }, 666.6),
    global_f64: new WebAssembly.Global({ value: "f64" }, 666.6),
    table: new WebAssembly.Table({ element: "anyfunc", initial: 10, maximum: 20 }),
    memory: new WebAssembly.Memory({ initial: 1, maximum: 2 }),
  };
}
