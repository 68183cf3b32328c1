/** A private operation log with visits in it that got as far as a test wants, and a recorder that writes into it as the station does. */
import { openForReading } from '../../../agent/log/database.ts';
import type { LogEvent } from '../../../agent/log/events.ts';
import { openIntents, type OpenIntent, reconcileOps } from '../../../agent/log/reconcile.ts';
import { readRows } from '../../../agent/log/schema.ts';
import type { LogStore } from '../../../agent/log/store.ts';
import { verify, type Verification } from '../../../agent/log/verify.ts';
import { Enrolments } from '../../../agent/people/enrolment.ts';
import { Recorder } from '../../../agent/signing/recorder.ts';
import { makeStationLog, signing, type StationLog } from '../log/station-log.ts';

export class VisitLog {
  readonly folder: StationLog;
  readonly store: LogStore;
  readonly enrolments = new Enrolments();
  readonly recorder: Recorder;

  private constructor(folder: StationLog, store: LogStore) {
    this.folder = folder;
    this.store = store;
    this.recorder = new Recorder(store, this.enrolments);
  }

  static async make(): Promise<VisitLog> {
    const folder = await makeStationLog();
    return new VisitLog(folder, await folder.open());
  }

  /** Records consent and intent, and the finger if it matched. Gives the number of the intent. */
  async begin(operation: string, fingerMatched: boolean): Promise<number> {
    const intent = this.store.size + 1;
    const [consent, begun, finger] = signing(operation, 'a', intent);
    await this.store.appendAll([consent, begun, ...(fingerMatched ? [finger] : [])].filter((event) => event !== undefined));
    return intent;
  }

  /** Records `sign.done` for an output with this digest, of a document with that one. */
  async done(operation: string, intent: number, digest: string, document?: string): Promise<void> {
    const done = signing(operation, 'a', intent)[3];
    if (done?.op !== 'sign.done') throw new Error('the visit does not end with sign.done');
    await this.store.append({ ...done, output_sha256: digest, document_sha256: document ?? done.document_sha256 });
  }

  async openIntents(): Promise<readonly OpenIntent[]> {
    return openIntents(await this.store.entries({ op: reconcileOps }));
  }

  /** Events from an entry on. */
  async since(seq: number): Promise<readonly LogEvent[]> {
    return (await this.store.entries({ from: seq })).map(({ event }) => event);
  }

  /** What the second implementation says of the whole log. */
  async verification(): Promise<Verification> {
    const database = await openForReading(this.folder.file);
    try {
      return await verify(readRows(database, this.folder.file));
    } finally {
      await database.close();
    }
  }

  async remove(): Promise<void> {
    await this.store.close();
    await this.folder.remove();
  }
}
