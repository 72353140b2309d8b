/** Runs with globals that only a browser has, and takes them away again. */
export async function withGlobals<T>(globals: Readonly<Record<string, unknown>>, use: () => T): Promise<Awaited<T>> {
  const before = new Map(Object.keys(globals).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]));
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  try {
    return await use();
  } finally {
    for (const [name, descriptor] of before) {
      if (descriptor === undefined) Reflect.deleteProperty(globalThis, name);
      else Object.defineProperty(globalThis, name, descriptor);
    }
  }
}

/** What a page keeps, or what refuses to keep anything. */
export class FakeStorage {
  readonly values = new Map<string, string>();
  isForbidden = false;

  getItem(name: string): string | null {
    this.#refuse();
    return this.values.get(name) ?? null;
  }

  setItem(name: string, value: string): void {
    this.#refuse();
    this.values.set(name, value);
  }

  removeItem(name: string): void {
    this.#refuse();
    this.values.delete(name);
  }

  #refuse(): void {
    if (this.isForbidden) throw new Error('storage is forbidden');
  }
}
