/** Three documents under one PIN, and the vendor's module misbehaves in the n-th signature, on a SoftHSM. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildFaultShim, type FaultShim } from '../../support/fault-shim.ts';
import { furnishModule } from '../../support/furnished-module.ts';
import { hosts } from '../../support/matrix/hosts.ts';
import { pace } from '../../support/matrix/pace.ts';
import { inStation, onScreen } from '../../support/several/came.ts';
import type { Place } from '../../support/several/play.ts';
import { putInThree } from '../../support/several/three-documents.ts';
import { walkToPinOf } from '../../support/several/walk-three.ts';
import { createSoftHsm, type SoftHsm } from '../../support/softhsm.ts';
import { makeSoftHsmStation } from '../../support/softhsm-station.ts';
import type { StoryStation } from '../../support/station.ts';
import { wholeOf } from './expectation.ts';
import { moduleFaults, moduleRows } from './module-rows.ts';

let hsm: SoftHsm;
let shim: FaultShim;
let story: StoryStation;

beforeAll(async () => {
  hsm = await createSoftHsm();
  const { sha256: certificateSha256 } = await hsm.addKey({ id: '01', type: 'rsa:2048', commonName: 'Ada Example' });
  shim = await buildFaultShim(hsm);
  await shim.order(noCard);
  const path = await furnishModule(hsm.folder, 'libfurnished.so', shim.module.path, shim.module.env ?? {});
  story = await makeSoftHsmStation({ hsm, module: { name: 'shim', path }, certificateSha256, deadlines: pace.deadlines });
});
afterAll(async () => {
  await story.end();
  await hsm.remove();
  expect(hosts()).toEqual([]);
});

const noCard = { C_GetSlotList: 'empty' } as const;

describe.each([2, 3] as const)('in the call for number %i the module', (place: Place) => {
  test.each(moduleFaults)('%s', async (fault) => {
    const { call, act, of } = moduleRows[fault];
    const papers = await putInThree(story);
    const before = { outbox: await story.outbox(), entries: story.running.visit.message().station.logSize };
    await shim.order({});
    await walkToPinOf(story, papers);
    await story.until('enter-pin');
    await shim.forget();
    await shim.order({ [call]: { nth: place, act } });
    story.typePin(hsm.pin);
    const screen = onScreen(await story.until('trouble'));
    const logins = (await shim.calls()).filter((name) => name === 'C_Login');
    await shim.order(noCard);
    await leave();
    const came = { ...screen, ...(await inStation(story, papers, before)), triesLost: logins.length - 1, wrongs: story.faults };
    expect(came).toEqual(wholeOf(of[place], came.ending));
  });
});

async function leave(): Promise<void> {
  const { tokens } = story.running.hardware;
  for (const end = Date.now() + 20_000; story.state.screen !== 'start'; await new Promise((resolve) => setTimeout(resolve, 10))) {
    if (Date.now() > end) throw new Error(`the visit does not end, the screen shows ${JSON.stringify(story.state)}`);
    if (tokens.tokens().length === 0) story.running.visit.act({ type: 'continue' });
  }
  // A module that crashes in each row would be put aside.
  tokens.reset('shim');
}
