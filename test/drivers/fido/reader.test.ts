import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { verifyAssertion } from '../../../agent/people/assertion.ts';
import type { ReaderPrompt } from '../../../drivers/fingerprint.ts';
import { hidCommand } from '../../../drivers/fido/framing.ts';
import { demoAaguid } from '../../../drivers/virtual/bio-key-identity.ts';
import { enrolled, finger, openReader, plugIn, refusal, rpId, until } from './plugged-in.ts';
import { ScriptedHid } from './scripted-hid.ts';

describe.each([
  { name: 'protocol two', protocols: [2, 1] as const },
  { name: 'protocol one', protocols: [1] as const },
])('a holder with $name', ({ protocols }) => {
  test('enrols, and an enrolled finger signs exactly this consent', async () => {
    const { key, reader } = await plugIn({ protocols });
    const credential = await enrolled(key, reader);
    expect(credential).toMatchObject({ aaguid: demoAaguid, attestationFormat: 'packed', signCount: 1 });
    key.autoTouch('left index');
    const clientDataHash = randomBytes(32);
    const assertion = await reader.verify({ rpId, credentialId: credential.credentialId, clientDataHash });
    expect(verifyAssertion({ assertion, credential, rpId, clientDataHash })).toEqual({ ok: true, signCount: 2 });
    expect(verifyAssertion({ assertion, credential, rpId, clientDataHash: randomBytes(32) })).toEqual({
      ok: false,
      why: 'wrong-challenge',
    });
  });
});

describe('the finger', () => {
  test('is asked for once, and the screen is told when to touch and when to wait', async () => {
    const { key, reader } = await plugIn({ matchMs: 30 });
    const { credentialId } = await enrolled(key, reader);
    const prompts: ReaderPrompt[] = [];
    const call = reader.verify({ rpId, credentialId, clientDataHash: randomBytes(32) }, { onPrompt: (prompt) => prompts.push(prompt) });
    await until(() => prompts.includes('touch'));
    await sleep(40);
    expect(prompts).toEqual(['touch']);
    expect(key.touch(finger)).toBe(true);
    await call;
    expect(prompts).toEqual(['touch', 'processing']);
  });

  test('that is not enrolled counts down and then locks the reader, also for the right finger', async () => {
    const { key, reader } = await plugIn({ maxTries: 3 });
    const { credentialId } = await enrolled(key, reader);
    const verify = () => reader.verify({ rpId, credentialId, clientDataHash: randomBytes(32) });
    expect(await reader.triesLeft()).toBe(3);
    key.autoTouch('somebody else');
    await expect(verify()).rejects.toEqual(refusal('not-matched', { triesLeft: 2, origin: { kind: 'ctap', value: 0x3f } }));
    await expect(verify()).rejects.toEqual(refusal('not-matched', { triesLeft: 1 }));
    await expect(verify()).rejects.toEqual(refusal('reader-locked', { origin: { kind: 'ctap', value: 0x3c } }));
    key.autoTouch(finger);
    await expect(verify()).rejects.toEqual(refusal('reader-locked'));
    expect(await reader.triesLeft()).toBe(0);
    key.unlock();
    await verify();
  });

  test('that matches gives back all tries', async () => {
    const { key, reader } = await plugIn({ maxTries: 3 });
    const { credentialId } = await enrolled(key, reader);
    key.autoTouch('somebody else');
    await expect(reader.verify({ rpId, credentialId, clientDataHash: randomBytes(32) })).rejects.toEqual(refusal('not-matched'));
    key.autoTouch(finger);
    await reader.verify({ rpId, credentialId, clientDataHash: randomBytes(32) });
    expect(await reader.triesLeft()).toBe(3);
  });

  test('that does not match is not asked for a second time by the driver', async () => {
    const { key, reader } = await plugIn({ maxTries: 5 });
    const { credentialId } = await enrolled(key, reader);
    key.autoTouch('somebody else');
    await expect(reader.verify({ rpId, credentialId, clientDataHash: randomBytes(32) })).rejects.toEqual(
      refusal('not-matched', { triesLeft: 4 }),
    );
    expect(key.triesLeft).toBe(4);
  });

  test('that never comes ends the wait: the reader lost patience', async () => {
    const { key, reader } = await plugIn({ touchTimeoutMs: 250 });
    const { credentialId } = await enrolled(key, reader);
    const call = reader.verify({ rpId, credentialId, clientDataHash: randomBytes(32) });
    await expect(call).rejects.toEqual(refusal('touch-timeout', { origin: { kind: 'ctap', value: 0x2f } }));
    expect(key.triesLeft).toBe(3);
  });

  test('that never comes ends the wait: the station lost patience', async () => {
    const { key, reader } = await plugIn();
    const { credentialId } = await enrolled(key, reader);
    const impatient = await openReader(key.transport, { touchMs: 80 });
    await expect(impatient.verify({ rpId, credentialId, clientDataHash: randomBytes(32) })).rejects.toEqual(refusal('touch-timeout'));
    expect(key.waiting).toBe(false);
    key.autoTouch(finger);
    await reader.verify({ rpId, credentialId, clientDataHash: randomBytes(32) });
  });

  test('cannot be asked for when the reader knows none', async () => {
    const { reader } = await plugIn({ fingers: [] });
    const call = reader.verify({ rpId, credentialId: randomBytes(32), clientDataHash: randomBytes(32) });
    await expect(call).rejects.toEqual(refusal('no-usable-key', { recover: 'ask-staff' }));
  });
});

describe('a credential', () => {
  test('that is not on this reader is reported as such', async () => {
    const { key, reader } = await plugIn();
    await enrolled(key, reader);
    key.autoTouch(finger);
    const call = reader.verify({ rpId, credentialId: randomBytes(32), clientDataHash: randomBytes(32) });
    await expect(call).rejects.toEqual(refusal('no-usable-key', { origin: { kind: 'ctap', value: 0x2e } }));
  });

  test('of another organisation is not used', async () => {
    const { key, reader } = await plugIn();
    const { credentialId } = await enrolled(key, reader);
    key.autoTouch(finger);
    const call = reader.verify({ rpId: 'elsewhere.example.org', credentialId, clientDataHash: randomBytes(32) });
    await expect(call).rejects.toEqual(refusal('no-usable-key'));
  });
});

describe('what is no fingerprint reader', () => {
  const answering = (answer: string): ScriptedHid => {
    const hid = new ScriptedHid();
    hid.onMessage = () => hid.send(hidCommand.cbor, Buffer.from(answer, 'hex'));
    return hid;
  };
  const aaguid = `50${'00'.repeat(16)}`;

  test('a key without a sensor is recognised, and signs nothing', async () => {
    // versions, aaguid, options { clientPin: true }: a plain security key with a PIN.
    const reader = await openReader(answering(`00a30181684649444f5f325f3003${aaguid}04a169636c69656e7450696ef5`).transport);
    expect(reader.authenticator.fingerprint).toBe(false);
    const call = reader.verify({ rpId, credentialId: randomBytes(32), clientDataHash: randomBytes(32) });
    await expect(call).rejects.toEqual(refusal('mechanism-unsupported'));
  });

  test.each([
    ['an unknown status', '7e', refusal('device-error', { origin: { kind: 'ctap', value: 0x7e } })],
    ['an answer without a status', '', refusal('device-error')],
    ['CBOR that is not canonical', '00a203010102', refusal('device-error')],
    ['fields of the wrong type', '00a2010103f5', refusal('device-error')],
  ])('%s is a device error and nothing worse', async (_, answer, expected) => {
    await expect(openReader(answering(answer).transport)).rejects.toEqual(expected);
  });
});
