/** The last of many, by name: what a verifier remembers of a log must not grow with the log. */

/** Keeps the newest `most`; whatever is added beyond that pushes the oldest out. */
export class Recent<K, V> {
  readonly #most: number;
  readonly #kept = new Map<K, V>();

  constructor(most: number) {
    this.#most = most;
  }

  get(key: K): V | undefined {
    return this.#kept.get(key);
  }

  has(key: K): boolean {
    return this.#kept.has(key);
  }

  set(key: K, value: V): void {
    this.#kept.set(key, value);
    if (this.#kept.size <= this.#most) return;
    for (const oldest of this.#kept.keys()) {
      this.#kept.delete(oldest);
      break;
    }
  }

  delete(key: K): boolean {
    return this.#kept.delete(key);
  }

  clear(): void {
    this.#kept.clear();
  }
}
