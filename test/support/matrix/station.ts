/** The station of the matrix: the demo station with its real pcscd, OpenSC, log and documents, at the pace of a test. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PivCard } from '../../../drivers/virtual/piv-card.ts';
import { openVirtualHardware } from '../../../agent/workbench/hardware.ts';
import { StoryStation } from '../station.ts';
import { pace } from './pace.ts';
import { holderPin } from './walk.ts';

export function makeStation(): Promise<StoryStation> {
  return StoryStation.make({
    hardware: (config, paths) => openVirtualHardware(config, paths, { tokens: pace, matchMs: 20 }),
    // Where somebody vouches for a holder, it counts; whoever nobody vouches for is asked for a finger all the same.
    prepare: async (data) => {
      const file = join(data, 'station.json');
      await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), fingerprint: { vouching: 'accept' } }));
    },
  });
}

/** A new card with the key of the demo's Grace, and perhaps Ada's besides, with tries left and a PIN that nothing else has. */
export function newCard(story: StoryStation, { pinTries = 3, twoKeys = false } = {}): PivCard {
  const [grace, ada] = [story.card('grace').toJSON(), story.card('ada').toJSON()];
  const { '9c': own } = grace.keys;
  const { '9c': second } = ada.keys;
  const keys = { ...(own === undefined ? {} : { '9c': own }), ...(second === undefined || !twoKeys ? {} : { '9a': second }) };
  return PivCard.fromJSON({ ...grace, pin: holderPin, pinTries, keys });
}
