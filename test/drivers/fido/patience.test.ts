import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { DeviceError } from '../../../drivers/errors.ts';
import { Patience } from '../../../drivers/fido/patience.ts';

const cancelled = new DeviceError('cancelled', 'keepaliveCancel', { origin: { kind: 'ctap', value: 0x2d } });

describe('waiting for a person', () => {
  test('that took too long is told from what was called off, and keeps what the key said', async () => {
    const patience = new Patience(10, undefined);
    await sleep(40);
    expect(patience.signal.aborted).toBe(true);
    expect(patience.explained(cancelled)).toMatchObject({ code: 'touch-timeout', origin: { kind: 'ctap', value: 0x2d }, cause: cancelled });
    const lost = new DeviceError('reader-lost', 'unplugged');
    expect(patience.explained(lost)).toBe(lost);
    patience.end();
  });

  test('that was called off stays called off, however long the key takes to say so', async () => {
    const abort = new AbortController();
    const patience = new Patience(10, abort.signal);
    abort.abort();
    await sleep(40);
    expect(patience.explained(cancelled)).toBe(cancelled);
    patience.end();
  });

  test('that has ended aborts nothing any more', async () => {
    const patience = new Patience(10, undefined);
    patience.end();
    await sleep(40);
    expect(patience.signal.aborted).toBe(false);
  });

  test('tells the screen of every change once, over all the commands of one wait', () => {
    const prompts: string[] = [];
    const patience = new Patience(1000, undefined);
    const { onKeepalive } = patience.options((prompt) => prompts.push(prompt));
    for (const status of [1, 1, 2, 2, 2, 1, 2]) onKeepalive?.(status);
    expect(prompts).toEqual(['processing', 'touch', 'processing', 'touch']);
    patience.end();
  });
});
