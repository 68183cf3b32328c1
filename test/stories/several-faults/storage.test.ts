/** Three documents under one PIN, and what fails is not the card: an output that does not hold, a disk that is full, a log that takes nothing more. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hosts } from '../../support/matrix/hosts.ts';
import type { Walk } from '../../support/matrix/walk.ts';
import { play, type Place } from '../../support/several/play.ts';
import { SmallDisks, spoilSignature } from '../../support/several/storage.ts';
import type { Paper } from '../../support/several/three-documents.ts';
import { wholeOf } from './expectation.ts';
import { type StorageFault, storageFaults, storageRows } from './storage-rows.ts';

let disks: SmallDisks;
beforeAll(async () => {
  disks = await SmallDisks.make();
});
afterAll(async () => {
  await disks.end();
  expect(hosts()).toEqual([]);
});

const faults: Readonly<Record<StorageFault, (walk: Walk, paper: Paper) => unknown>> = {
  'the output does not hold': () => undefined,
  'no room for the output': () => disks.fill('pending'),
  'no entry can be written': () => disks.fillLog(),
  'no entry can be written, and the card is pulled': async ({ story }) => {
    await disks.fillLog();
    await story.devices.reader.remove();
  },
  'the document was exchanged': ({ story }, { name }) => writeFile(join(story.data, 'inbox', name), 'another one'),
};

describe.each([2, 3] as const)('of three documents, at number %i', (place: Place) => {
  for (const fault of storageFaults) {
    const { moment, of, restarts } = storageRows[fault];
    const expected = of[place];
    if ('cannot' in expected) continue;
    test(fault, async () => {
      const { story } = disks;
      const came = await play(story, {
        place,
        moment,
        fault: faults[fault],
        prepare: () => fault === 'the output does not hold' && spoilSignature(story, place),
        mend: () => (restarts ? disks.roomForLog() : disks.empty()),
      });
      expect(came).toEqual(wholeOf(expected, came.ending, restarts !== true));
    });
  }
});

test('the outbox is full from the second on: all three are signed, and two wait in the station until there is room', async () => {
  const { story } = disks;
  const came = await play(story, { place: 2, moment: 'being checked', fault: () => disks.fill('outbox'), mend: () => disks.empty() });
  const right = wholeOf({ screen: 'signed', fates: ['signed', 'signed', 'signed'] }, 'signed');
  expect({ ...came, pending: came.pending.length }).toEqual({ ...right, outputs: right.outputs.slice(0, 1), waiting: [2, 3], pending: 2 });
  expect(story.running.desk.view().documents, 'what is signed is offered to nobody').toEqual([]);
  await story.stop();
  await story.start();
  expect(story.running.recovered).toMatchObject({ published: [{}, {}], waiting: [], unknown: [], failed: [] });
  expect(story.running.desk.view().documents).toEqual([]);
});
