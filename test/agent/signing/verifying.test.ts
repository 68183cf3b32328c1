/** Somebody without a card has a signed file checked: the pages in their order, and everything that ends them. */
import { expect, it } from 'vitest';
import { LiveMachine } from '../../support/signing/live-machine.ts';
import { ada, answers, fileVerdict, grace, signedFile } from '../../support/signing/visit-facts.ts';

async function toTheList(): Promise<LiveMachine> {
  const visit = await new LiveMachine().walkTo('start');
  visit.send({ type: 'check' });
  await visit.answer('listSignedFiles', answers.listSignedFiles);
  return visit;
}

async function toTheVerdict(): Promise<LiveMachine> {
  const visit = await toTheList();
  visit.send({ type: 'check-file', fileId: signedFile.id });
  await visit.answer('judgeFile', fileVerdict);
  return visit;
}

it('list, checking, verdict, and back to the list or to the start', async () => {
  const visit = await new LiveMachine().walkTo('start');
  visit.send({ type: 'check' });
  expect(visit.screen).toEqual({ screen: 'check-choose', files: [], more: 0, looking: true });
  await visit.answer('listSignedFiles', answers.listSignedFiles);
  expect(visit.screen).toEqual({ screen: 'check-choose', files: [signedFile], more: 0 });
  visit.send({ type: 'check-file', fileId: signedFile.id });
  expect(visit.screen).toEqual({ screen: 'checking-file', file: signedFile });
  await visit.answer('judgeFile', fileVerdict);
  expect(visit.screen).toEqual({ screen: 'check-verdict', file: signedFile, verdict: fileVerdict });
  visit.send({ type: 'back' });
  expect(visit.screen).toMatchObject({ screen: 'check-choose', files: [signedFile] });
  visit.send({ type: 'back' });
  expect(visit.name()).toBe('start');
});

it('a file that is put in meanwhile comes up by itself', async () => {
  const visit = await toTheList();
  visit.pass(1000);
  const another = { ...signedFile, id: 'file-2', name: 'another.pdf' };
  await visit.answer('listSignedFiles', { files: [another, signedFile], more: 0 });
  expect(visit.screen).toEqual({ screen: 'check-choose', files: [another, signedFile], more: 0 });
});

it('a file that is not in the list is not taken', async () => {
  const visit = await toTheList();
  expect(visit.snapshot.can({ type: 'check-file', fileId: 'file-9' })).toBe(false);
  expect(visit.snapshot.can({ type: 'check-file', fileId: signedFile.id })).toBe(true);
});

it.each([
  ['the list', toTheList],
  ['the verdict', toTheVerdict],
])('a card that is put in while %s is shown comes first, and nothing of the file stays', async (_name, walk) => {
  const visit = await walk();
  const before = visit.snapshot.context.visit;
  visit.send({ type: 'tokens', tokens: [ada] });
  expect(visit.name()).toBe('readingToken');
  const { context } = visit.snapshot;
  expect(context.visit).toBe(before + 1);
  expect([context.signedFiles, context.signedFile, context.fileVerdict]).toEqual([undefined, undefined, undefined]);
});

it('a card that is put in while a file is being checked ends the checking', async () => {
  const visit = await toTheList();
  visit.send({ type: 'check-file', fileId: signedFile.id });
  expect(visit.waiting()).toEqual(['judgeFile']);
  visit.send({ type: 'tokens', tokens: [ada, grace] });
  expect(visit.name()).toBe('twoTokens');
  expect(visit.waiting()).not.toContain('judgeFile');
});

it.each([
  ['the list', toTheList],
  ['the verdict', toTheVerdict],
])('nobody touches the screen while %s is shown: it is asked for, then the names are gone', async (_name, walk) => {
  const visit = await walk();
  const { idleMs, idleWarningSeconds } = visit.snapshot.context.limits;
  visit.pass(idleMs);
  expect(visit.snapshot.context.idleSecondsLeft).toBeGreaterThan(0);
  visit.pass(idleWarningSeconds * 1000);
  expect(visit.name()).toBe('start');
  expect(visit.snapshot.context.signedFiles).toBeUndefined();
});

it('the log cannot take the judgement: it is not shown', async () => {
  const visit = await toTheList();
  visit.send({ type: 'check-file', fileId: signedFile.id });
  await visit.refuse('judgeFile', 'log-unavailable');
  expect(visit.screen).toMatchObject({ screen: 'trouble', problem: 'log-unavailable', outcome: 'nothing-signed' });
  expect(visit.name()).toBe('outOfService');
});

it('while a card is in, nothing is checked', async () => {
  const visit = await new LiveMachine().walkTo('choosingDocument');
  expect(visit.snapshot.can({ type: 'check' })).toBe(false);
});
