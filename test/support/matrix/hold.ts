/** Holds a call of a real part in the middle, so that a test can do something meanwhile. The part itself stays what it is. */

export interface Held {
  /** Resolves when the call has come. */
  readonly reached: Promise<void>;
  /** Lets it go on, or lets it pass if it has not come yet. */
  release(): void;
}

type Arguments<T> = T extends (...args: infer A) => Promise<unknown> ? A : never;

/** Holds the next call of a method that is wanted; all others, and all after it, pass. */
export function hold<T extends object, K extends keyof T>(
  part: T,
  method: K,
  wanted: (...args: Arguments<T[K]>) => boolean = () => true,
): Held {
  const real = part[method] as (...args: unknown[]) => Promise<unknown>;
  let come = (): void => undefined;
  let go = (): void => undefined;
  const reached = new Promise<void>((resolve) => (come = resolve));
  const free = new Promise<void>((resolve) => (go = resolve));
  const pass = (): void => void Reflect.deleteProperty(part, method);
  const value = async (...args: Arguments<T[K]>): Promise<unknown> => {
    if (!wanted(...args)) return real.apply(part, args);
    pass();
    come();
    await free;
    return real.apply(part, args);
  };
  Object.defineProperty(part, method, { value, configurable: true });
  return {
    reached,
    release: () => {
      pass();
      go();
    },
  };
}
