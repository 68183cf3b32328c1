/** A virtual bio key with a reader on it, and the words that the tests of both share. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect } from 'vitest';
import type { DeviceErrorCode } from '../../../drivers/errors.ts';
import type { Enrolment } from '../../../drivers/fingerprint.ts';
import { FidoReader, type ReaderOptions } from '../../../drivers/fido/reader.ts';
import type { HidTransport } from '../../../drivers/fido/transport.ts';
import { VirtualBioKey, type BioKeyOptions } from '../../../drivers/virtual/bio-key.ts';

export const rpId = 'branch-12.example.org';
export const finger = 'right index';

/** Matches a DeviceError. */
export const refusal = (code: DeviceErrorCode, more: object = {}): unknown =>
  expect.objectContaining({ name: 'DeviceError', code, ...more });

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(2);
}

const open: FidoReader[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((reader) => reader.close()));
});

/** Opens the one device of a transport; it is closed after the test. */
export async function openReader(transport: HidTransport, reading: ReaderOptions = {}): Promise<FidoReader> {
  const [hid] = await transport.list();
  if (hid === undefined) throw new Error('nothing is plugged in');
  const reader = await FidoReader.open(transport, hid, reading);
  open.push(reader);
  return reader;
}

export async function plugIn(
  options: Partial<BioKeyOptions> = {},
  reading: ReaderOptions = {},
): Promise<{ key: VirtualBioKey; reader: FidoReader }> {
  const key = VirtualBioKey.create({ fingers: [finger, 'left index'], keepaliveMs: 10, ...options });
  return { key, reader: await openReader(key.transport, reading) };
}

export async function enrolled(key: VirtualBioKey, reader: FidoReader): Promise<Enrolment> {
  key.autoTouch(finger);
  const enrolment = await reader.enrol({ rpId, userId: randomBytes(32), clientDataHash: randomBytes(32) });
  key.autoTouch(undefined);
  return enrolment;
}
