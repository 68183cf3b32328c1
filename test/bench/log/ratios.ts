/** What was measured beside its yardstick, as a table, and whether a run has failed: pure, so that the judging itself is tested. */

/** One line of the table. `ratio` is what the aim is held against; the two figures are for the reader. */
export interface Ratio {
  readonly what: string;
  /** With its unit. */
  readonly measured: string;
  /** With its unit, and what it is. */
  readonly yardstick: string;
  readonly ratio: number;
  readonly aim: { readonly atMost: number } | { readonly atLeast: number };
  /** Something that is counted, not timed: missed by one is missed. */
  readonly counted?: true;
}

export type Judgement = 'ok' | 'MISSED' | 'MISSED BY FAR';

/** How far a time may miss its aim before the run fails: machines are shared, and the second run is rarely as bad. */
const tolerance = 0.25;

/** `MISSED BY FAR`: by more than 25 %, or at all where something is counted. A ratio that is no number is missed by far. */
export function judge({ ratio, aim, counted }: Pick<Ratio, 'ratio' | 'aim' | 'counted'>): Judgement {
  const slack = counted === true ? 0 : tolerance;
  const [met, near] =
    'atMost' in aim ? [ratio <= aim.atMost, ratio <= aim.atMost * (1 + slack)] : [ratio >= aim.atLeast, ratio >= aim.atLeast * (1 - slack)];
  if (met) return 'ok';
  return near ? 'MISSED' : 'MISSED BY FAR';
}

/** 1 when a line was missed by far, or when there is none: a run that measured nothing has proven nothing. */
export function exitCode(ratios: readonly Ratio[]): 0 | 1 {
  return ratios.length === 0 || ratios.some((one) => judge(one) === 'MISSED BY FAR') ? 1 : 0;
}

/** The table as lines, the columns as wide as what stands in them. */
export function table(ratios: readonly Ratio[]): readonly string[] {
  const rows = [
    ['what', 'measured', 'yardstick', 'ratio', 'aim', ''],
    ...ratios.map((one) => [one.what, one.measured, one.yardstick, figure(one.ratio), aimText(one.aim), judge(one)]),
  ];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function aimText(aim: Ratio['aim']): string {
  return 'atMost' in aim ? `<= ${figure(aim.atMost)}` : `>= ${figure(aim.atLeast)}`;
}

function figure(ratio: number): string {
  return ratio.toFixed(ratio < 10 ? 2 : 1);
}
