/** What a process that appends is told to do, as its one argument in JSON. */
export interface Order {
  /** The folder of the log. */
  readonly directory: string;
  /** It counts from here; each entry carries its number. */
  readonly from: number;
  /** How many entries; without it, until it is ended or the log fails. */
  readonly count?: number;
  /** How many appends wait at one time. */
  readonly appenders: number;
  /** When a number is acknowledged. All but the first are wrong, and are the controls of the tests. */
  readonly acknowledges: 'after-commit' | 'before-commit' | 'whatever-happens';
  /** Every entry has sealed fields, about one of a few persons; the log has tiers. */
  readonly sealed?: boolean;
  /** Makes the log first. */
  readonly makes?: boolean;
  /** After how many pages in its WAL SQLite writes them into the database; it does so after a thousand unless told. */
  readonly checkpointPages?: number;
  /** Takes `synchronous=FULL` back on the open handle, behind the log's back: a control. */
  readonly unsynced?: boolean;
}
