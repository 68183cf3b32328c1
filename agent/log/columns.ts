/** Columns of a row as what they must be. */
import type { Row } from './database.ts';
import { LogRefusal } from './errors.ts';

/** Each throws LogRefusal `unreadable` when the column holds something else. */
export function number(row: Row, column: string): number {
  const value = row[column];
  if (typeof value === 'number') return value;
  throw otherThan(column);
}

export function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value === 'string') return value;
  throw otherThan(column);
}

export function bytes(row: Row, column: string): Uint8Array {
  const value = row[column];
  if (value instanceof Uint8Array) return value;
  throw otherThan(column);
}

/** What is thrown for a column that holds something else than it may. */
export function otherThan(column: string): LogRefusal {
  return new LogRefusal('unreadable', `the column ${column} of sealed fields holds something else`);
}
