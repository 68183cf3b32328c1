/** Whatever comes of a visit, the PIN is afterwards in no memory of the agent (which is what its core dump would show), in no file, and in nothing that it says. */
import { readdir, readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { instruction } from '../../drivers/virtual/apdu.ts';
import { AgentAndCard } from '../support/pin/agent-and-card.ts';
import { formsOf } from '../support/pin/forms.ts';

let station: AgentAndCard;

beforeAll(async () => {
  station = await AgentAndCard.start();
});
afterEach(() => station.leave());
afterAll(() => station.end());

/** Nobody knows when the runtime gives memory back, but it must be soon. */
async function nowhere(...pins: readonly string[]): Promise<void> {
  await expect.poll(() => station.inMemory(...pins), { timeout: 10_000 }).toEqual([]);
  for (const pin of pins) expect(await station.inWriting(pin)).toEqual([]);
}

test('a wrong PIN, and the right one that signed after it', async () => {
  await station.walkToPin('81640357');
  expect(await station.client.typePin('90275316')).toBe(204);
  await station.client.until('trouble', ({ trouble }) => trouble === 'wrong-pin');
  await station.client.act({ type: 'continue' });
  await station.client.until('enter-pin');
  expect(await station.client.typePin('81640357')).toBe(204);
  await station.client.until('signed');
  await nowhere('90275316', '81640357');
});

test('the PIN of three signatures under one login', async () => {
  const several = await AgentAndCard.start('several');
  try {
    await several.walkToPin('46093185');
    expect(await several.signSeveral('46093185')).toBe(3);
    await expect.poll(() => several.inMemory('46093185'), { timeout: 10_000 }).toEqual([]);
    expect(await several.inWriting('46093185')).toEqual([]);
  } finally {
    await several.end();
  }
});

test('the PIN that a module had when it crashed, which leaves no core file', async () => {
  const card = await station.walkToPin('57031846');
  const host = await station.host();
  expect(await readFile(`/proc/${host}/limits`, 'latin1')).toMatch(/^Max core file size +1 +1 /m);
  card.faults.delay(3000, instruction.verify);
  expect(await station.client.typePin('57031846')).toBe(204);
  await new Promise((resolve) => setTimeout(resolve, 500));
  process.kill(host, 'SIGSEGV');
  await station.client.until('trouble');
  card.faults.clear();
  await nowhere('57031846');
  expect((await readdir(station.folder)).sort()).toEqual(['data', 'reader']);
});

test('a PIN that the agent keeps, in whatever form, is found', async () => {
  const keeping = await AgentAndCard.start('keep');
  try {
    await keeping.walkToPin('35984026');
    await keeping.client.typePin('35984026');
    await keeping.client.until('signed');
    expect(keeping.inMemory('35984026')).toEqual(formsOf('35984026').map(({ name }) => name));
    expect(await keeping.inWriting('35984026')).toEqual(['what the agent said']);
  } finally {
    await keeping.end();
  }
});
