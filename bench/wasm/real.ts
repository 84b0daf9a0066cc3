/**
 * Real-world modules: what the packages this repository develops with bring along as WebAssembly.
 *
 * They are taken as their own JavaScript hands them to the engine, which also lets a bench run the package on a
 * prepared module instead of the original.
 * @module
 */

/** A module as a package hands it to the engine. */
export interface RealModule {
  readonly name: string;
  readonly bytes: Uint8Array;
}

type Instantiate = (bytes: ArrayBuffer | ArrayBufferView | WebAssembly.Module, imports?: WebAssembly.Imports) => Promise<unknown>;

/** Runs `load` while every module on its way to the engine passes through `change`. */
export async function intercepting<T>(change: (bytes: Uint8Array) => Uint8Array, load: () => Promise<T>): Promise<T> {
  const engine = WebAssembly as unknown as { instantiate: Instantiate };
  const original = engine.instantiate;
  engine.instantiate = (source, imports) => {
    if (source instanceof WebAssembly.Module) return original(source, imports);
    const bytes =
      source instanceof ArrayBuffer
        ? new Uint8Array(source)
        : new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
    return original(change(bytes) as Uint8Array<ArrayBuffer>, imports);
  };
  try {
    return await load();
  } finally {
    engine.instantiate = original;
  }
}

/** A fresh copy of wabt, 586 KiB of C++, on the module that `change` makes of its own. */
export async function wabtOn(change: (bytes: Uint8Array) => Uint8Array): Promise<typeof import("wabt")> {
  const { default: make } = await import("wabt");
  return (await intercepting(change, () => make())) as unknown as typeof import("wabt");
}

/** Collects the modules. */
export async function realModules(): Promise<RealModule[]> {
  const modules: RealModule[] = [];
  const keep =
    (name: string) =>
    (bytes: Uint8Array): Uint8Array => {
      modules.push({ name, bytes: bytes.slice() });
      return bytes;
    };
  await wabtOn(keep("wabt"));
  await intercepting(keep("hash-wasm argon2"), async () => {
    const { argon2id } = await import("hash-wasm");
    await argon2id({ password: "p", salt: "saltsalt", parallelism: 1, iterations: 1, memorySize: 64, hashLength: 16 });
  });
  return modules;
}
