import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { verifyAssertion } from '../../../agent/people/assertion.ts';
import { CtapChannel } from '../../../drivers/fido/channel.ts';
import { hidCommand } from '../../../drivers/fido/framing.ts';
import { enrolled, finger, openReader, plugIn, refusal, rpId, until } from './plugged-in.ts';

describe('cancelling', () => {
  test('takes the prompt off the reader, costs no try, and leaves it ready', async () => {
    const { key, reader } = await plugIn();
    const { credentialId } = await enrolled(key, reader);
    const abort = new AbortController();
    const call = reader.verify(
      { rpId, credentialId, clientDataHash: randomBytes(32) },
      { signal: abort.signal, onPrompt: () => setTimeout(() => abort.abort(), 20) },
    );
    await expect(call).rejects.toEqual(refusal('cancelled', { origin: { kind: 'ctap', value: 0x2d } }));
    expect(key.waiting).toBe(false);
    expect(await reader.triesLeft()).toBe(3);
    key.autoTouch(finger);
    await reader.verify({ rpId, credentialId, clientDataHash: randomBytes(32) });
  });

  test('in the very moment of the touch gives one of the two outcomes and nothing in between', async () => {
    const { key, reader } = await plugIn();
    const credential = await enrolled(key, reader);
    const outcomes = new Set<string>();
    for (let round = 0; round < 30; round += 1) {
      const abort = new AbortController();
      const clientDataHash = randomBytes(32);
      const call = reader.verify({ rpId, credentialId: credential.credentialId, clientDataHash }, { signal: abort.signal });
      await until(() => key.waiting);
      if (round % 2 === 0) {
        key.touch(finger);
        for (let turn = 0; turn < round; turn += 2) await new Promise(setImmediate);
        abort.abort();
      } else {
        abort.abort();
        key.touch(finger);
      }
      const outcome = await call.catch((error: unknown) => error);
      if (outcome instanceof Error) {
        expect(outcome).toEqual(refusal('cancelled'));
        outcomes.add('cancelled');
      } else {
        outcomes.add('signed');
      }
    }
    expect(outcomes.has('cancelled')).toBe(true);
    key.autoTouch(finger);
    const clientDataHash = randomBytes(32);
    const assertion = await reader.verify({ rpId, credentialId: credential.credentialId, clientDataHash });
    expect(verifyAssertion({ assertion, credential, rpId, clientDataHash })).toMatchObject({ ok: true });
  });

  test('before anything began does not touch the reader', async () => {
    const { key, reader } = await plugIn();
    key.autoTouch(finger);
    const request = { rpId, credentialId: randomBytes(32), clientDataHash: randomBytes(32) };
    await expect(reader.verify(request, { signal: AbortSignal.abort() })).rejects.toEqual(refusal('cancelled'));
  });
});

describe('the cable', () => {
  test('pulled while the finger is awaited is reported at once', async () => {
    const { key, reader } = await plugIn();
    const { credentialId } = await enrolled(key, reader);
    const call = reader.verify({ rpId, credentialId, clientDataHash: randomBytes(32) });
    const ended = expect(call).rejects.toEqual(refusal('reader-lost'));
    await until(() => key.waiting);
    const began = performance.now();
    key.unplug();
    await ended;
    expect(performance.now() - began).toBeLessThan(500);
    await expect(reader.verify({ rpId, credentialId, clientDataHash: randomBytes(32) })).rejects.toEqual(refusal('reader-lost'));
    expect(reader.closed).toBe(true);
  });

  test('pulled and put back leaves the credential and the count of tries on the key', async () => {
    const { key, reader } = await plugIn();
    const credential = await enrolled(key, reader);
    key.autoTouch('somebody else');
    await expect(reader.verify({ rpId, credentialId: credential.credentialId, clientDataHash: randomBytes(32) })).rejects.toBeDefined();
    key.unplug();
    key.plug();
    key.autoTouch(finger);
    const again = await openReader(key.transport);
    expect(await again.triesLeft()).toBe(2);
    const clientDataHash = randomBytes(32);
    const assertion = await again.verify({ rpId, credentialId: credential.credentialId, clientDataHash });
    expect(verifyAssertion({ assertion, credential, rpId, clientDataHash })).toMatchObject({ ok: true });
  });
});

describe('other use of the same reader', () => {
  test('a second signature at the same time is refused', async () => {
    const { key, reader } = await plugIn();
    const { credentialId } = await enrolled(key, reader);
    const first = reader.verify({ rpId, credentialId, clientDataHash: randomBytes(32) });
    await expect(reader.verify({ rpId, credentialId, clientDataHash: randomBytes(32) })).rejects.toEqual(refusal('busy'));
    await until(() => key.waiting);
    key.touch(finger);
    await first;
  });

  test('by another program: we wait for our turn, and neither sees the other', async () => {
    const { key, reader } = await plugIn();
    const { credentialId } = await enrolled(key, reader);
    const other = await CtapChannel.open(key.transport, 'virtual-bio-key');
    const call = reader.verify({ rpId, credentialId, clientDataHash: randomBytes(32) });
    await until(() => key.waiting);
    await expect(other.call(hidCommand.ping, Uint8Array.of(1), { deadlineMs: 3000 })).rejects.toEqual(refusal('busy'));
    key.touch(finger);
    await call;
    expect(await other.call(hidCommand.ping, Uint8Array.of(1), { deadlineMs: 3000 })).toEqual(Uint8Array.of(1));
    await other.close();
  });
});
