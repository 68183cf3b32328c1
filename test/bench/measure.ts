/** Times and their middle. Machines are shared and noisy: what counts is one number beside its yardstick, both from the same run. */

/** Milliseconds that `act` took, `rounds` times, after `warmUp` rounds that do not count. `before` runs untimed ahead of each. */
export async function timesOf(
  rounds: number,
  act: () => unknown,
  { warmUp = 3, before = () => undefined }: { readonly warmUp?: number; readonly before?: () => unknown } = {},
): Promise<readonly number[]> {
  const times: number[] = [];
  for (let round = -warmUp; round < rounds; round++) {
    await before();
    const start = performance.now();
    await act();
    const took = performance.now() - start;
    if (round >= 0) times.push(took);
  }
  return times;
}

/** The time that `share` of all stay under. */
export function quantile(times: readonly number[], share: number): number {
  const sorted = [...times].sort((one, other) => one - other);
  const found = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  if (found === undefined) throw new Error('nothing was measured');
  return found;
}

export function median(times: readonly number[]): number {
  return quantile(times, 0.5);
}

/** One line of a report: what, how much, and beside what. */
export function line(what: string, figure: string, beside = ''): void {
  process.stdout.write(`${what.padEnd(58)} ${figure.padStart(12)}  ${beside}\n`);
}

export function ms(time: number): string {
  return `${time.toFixed(time < 10 ? 2 : 0)} ms`;
}
