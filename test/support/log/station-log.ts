/** A private operation log for one test, and events to put into it. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createStore } from '../../../agent/log/new-store.ts';
import { databaseFile, logFolder, openStore, type LogStore, type StoreOptions } from '../../../agent/log/store.ts';
import { consentHash } from '../../../agent/log/record.ts';
import type { AppendableEvent, EventOf } from '../../../agent/log/events.ts';

export const origin = 'branch-12.example.org/e1';
export const options: StoreOptions = { software: 'countersign 0.1.0', configDigest: 'c0'.repeat(32) };
export const holder = { id: 'h-1', role: 'holder' } as const;

/** A data folder with a log in it, made new; `close` removes it. */
export interface StationLog {
  readonly data: string;
  readonly directory: string;
  readonly file: string;
  open(more?: Partial<StoreOptions>): Promise<LogStore>;
  remove(): Promise<void>;
}

export async function makeStationLog(more: Partial<StoreOptions> = {}): Promise<StationLog> {
  const data = await mkdtemp(join(tmpdir(), 'countersign-log-'));
  const directory = logFolder(data);
  await createStore(directory, { ...options, ...more, origin, stationName: 'branch-12.example.org', demo: true });
  return {
    data,
    directory,
    file: databaseFile(directory),
    open: (changed = {}) => openStore(directory, { ...options, ...changed }),
    remove: () => rm(data, { recursive: true, force: true }),
  };
}

export const sha256 = (digit: string): string => digit.repeat(64);

/** A statement that stands for a consent to sign the documents that these digits are the digests of. */
export function statement(operation: string, ...digits: readonly string[]) {
  const documents = digits.map((digit) => ({ sha256: sha256(digit), size: 4711 }));
  // Another one for each: a random number is used once.
  const nonce = createHash('sha256')
    .update(`${operation} ${digits.join(' ')}`)
    .digest('hex');
  return { v: 2, station: origin, operation, documents, certificate_sha256: sha256('c'), nonce };
}

/** The events of one operation that ends with a signature, in order; `intent` is the number that `sign.intent` will get. */
export function signing(operation: string, digit: string, intent: number): readonly AppendableEvent[] {
  const { consent, intents, finger, dones } = signingSeveral(operation, [digit], intent - 1);
  return [consent, ...intents, finger, ...dones];
}

/** The events of one operation that signs several documents, in order; `consent` is the number that its consent will get. */
export function signingSeveral(operation: string, digits: readonly string[], consent: number) {
  const base = { operation, actor: holder } as const;
  const stated = statement(operation, ...digits);
  const consent_sha256 = consentHash(stated);
  const keys = (digit: string) => ({ document_sha256: sha256(digit), certificate_sha256: sha256('c') });
  return {
    consent: { ...base, op: 'consent', statement: stated, consent_sha256 } as const,
    intents: digits.map(
      (digit) => ({ ...base, op: 'sign.intent', ...keys(digit), consent_sha256, scheme: 'rsa-pss', hash: 'sha256' }) as const,
    ),
    finger: fingerMatched(operation, consent_sha256),
    dones: digits.map(
      (digit, index) =>
        ({
          ...base,
          op: 'sign.done',
          intent: consent + 1 + index,
          ...keys(digit),
          output_sha256: sha256('e'),
          output_size: 4711,
          signature_sha256: sha256('f'),
        }) as const,
    ),
  };
}

export function fingerMatched(operation: string, consent_sha256: string): EventOf<'finger-matched'> {
  return {
    op: 'finger-matched',
    operation,
    actor: holder,
    consent_sha256,
    credential_id: 'aa',
    authenticator_data: 'bb',
    client_data_hash: consent_sha256,
    signature: '30',
    sign_count: 1,
    assurance: 'signed-by-reader',
  };
}

/** An event that carries a number which a test can find again. */
export function numbered(size: number): EventOf<'document-in'> {
  return { op: 'document-in', operation: 'op-1', actor: holder, document_sha256: sha256('d'), size, pages: 1, signatures: 0 };
}
