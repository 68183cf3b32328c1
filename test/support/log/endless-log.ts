/**
 * A log without an end, made while it is read, of one start of the agent, with as much in it as may be forgotten late or never: consents that nobody
 * acts on, diagnostic signatures that never end, checkpoints and seals.
 */
import { createHash } from 'node:crypto';
import { signCheckpoint } from '../../../agent/log/checkpoint.ts';
import type { LogEvent } from '../../../agent/log/events.ts';
import { consentHash, leafHash, makeBody, noPrev } from '../../../agent/log/record.ts';
import { appendLeaves, emptyFrontier, rootOf } from '../../../agent/log/tree.ts';
import type { Row } from '../../../agent/log/verify.ts';
import { station } from './log-keys.ts';
import { holder, numbered, options, origin, statement } from './station-log.ts';

const actor = { id: 'station', role: 'station' } as const;
const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

export class EndlessLog {
  #frontier = emptyFrontier;
  #prev = noPrev;
  #round = 0;
  #rows: Row[] = [];
  #notes: { readonly size: number; readonly note: Uint8Array }[] = [];

  /** The first `count` rows. */
  async *rows(count: number): AsyncGenerator<Row> {
    for (let seq = 0; seq < count; seq += 1) {
      if (this.#rows.length === 0) this.#make();
      const row = this.#rows.shift();
      if (row !== undefined) yield await Promise.resolve(row);
    }
  }

  /** The checkpoints, made ahead of the rows where they are asked for first. */
  async *checkpoints() {
    for (;;) {
      if (this.#notes.length === 0) this.#make();
      const note = this.#notes.shift();
      if (note !== undefined) yield await Promise.resolve(note);
    }
  }

  /** What is left open in one visit; every tenth time the log is sealed. */
  #make(): void {
    const round = this.#round;
    if (round === 0) {
      this.#append({ op: 'genesis', actor, station_name: 'x', demo: true }, 'b');
      const public_key = Buffer.from(station.verifier.publicKey).toString('hex');
      this.#append({ op: 'key', actor, purpose: 'log', action: 'made', public_key, wrapping: 'none' }, 'b');
    }
    this.#round += 1;
    const boot = 'b';
    this.#append(
      {
        op: 'token-test',
        actor,
        module: 'm',
        token_serial: '1',
        certificate_sha256: digest('c'),
        text_sha256: digest('t'),
        scheme: 'ecdsa',
        hash: 'sha256',
      },
      boot,
    );
    const stated = { ...statement(`op-${round}`, 'a'), nonce: digest(`nonce ${round}`) };
    this.#append({ op: 'consent', operation: `op-${round}`, actor: holder, statement: stated, consent_sha256: consentHash(stated) }, boot);
    this.#append(numbered(round), boot);
    if (round % 10 !== 0) return;
    const head = { origin, size: this.#frontier.size, root: rootOf(this.#frontier) };
    const { size, note } = signCheckpoint(head, station, 'none');
    this.#notes.push({ size, note });
    const root = Buffer.from(head.root).toString('hex');
    this.#append({ op: 'seal', actor, size, root, checkpoint_sha256: createHash('sha256').update(note).digest('hex') }, boot);
  }

  #append(event: LogEvent, boot: string): void {
    const seq = this.#frontier.size;
    const at = { time: '2026-01-01T00:00:00.000Z', boot, mono: 0 };
    const made = { software: options.software, config: options.configDigest };
    const body = makeBody({ origin, seq, prev: this.#prev, at, station: made }, event);
    const leaf = leafHash(body);
    this.#rows.push({ seq, body, leaf, prev: Buffer.from(this.#prev, 'hex') });
    this.#prev = Buffer.from(leaf).toString('hex');
    this.#frontier = appendLeaves(this.#frontier, [leaf]).frontier;
  }
}
