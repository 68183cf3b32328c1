/**
 * The data folder of the station that runs in the guest: a demo station, because only such a one takes the virtual reader's attestation. Its devices there
 * are none of the demo's: the guest opens them as a station at a counter does.
 */
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stationPaths } from '../../agent/config.ts';
import { logHeadOffice } from '../../agent/commands/log-head-office.ts';
import { identityText, makeIdentity, recipientOf } from '../../agent/log/age-keys.ts';
import { bioKeyFile, cardFile } from '../../agent/workbench/catalogue.ts';
import { makeDemoStation } from '../../agent/workbench/demo-station.ts';
import { VirtualBioKey } from '../../drivers/virtual/bio-key.ts';
import { PivCard } from '../../drivers/virtual/piv-card.ts';
import { call } from '../support/keyed-station.ts';
import { agreement } from '../support/station.ts';

export interface StationThings {
  readonly data: string;
  /** The holder's card. */
  readonly card: PivCard;
  /** The same card as one of the older protocol, T=0, which is all that the machine's own reader takes. */
  readonly olderCard: PivCard;
  readonly key: VirtualBioKey;
  /** What opens a bundle at head office. */
  readonly identity: string;
}

/** Makes the station in `data`, with one document, "contract.pdf", in its inbox. `matchMs`: how long the reader takes to compare a finger. */
export async function makeStationThings(data: string, matchMs: number): Promise<StationThings> {
  const config = await makeDemoStation(data, 0);
  const paths = stationPaths(data, config);
  const identity = makeIdentity();
  const told = await call(logHeadOffice, '--data', data, '--recipient', recipientOf(identity));
  if (told.code !== 0) throw new Error(`the station does not take the key of head office: ${told.err}`);
  copyFileSync(agreement, join(paths.inbox, 'contract.pdf'));
  const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
  return {
    data,
    card: PivCard.fromJSON(read(cardFile(paths, 'ada'))),
    olderCard: PivCard.fromJSON({ ...(read(cardFile(paths, 'ada')) as object), protocol: 't0' }),
    key: VirtualBioKey.fromJSON(read(bioKeyFile(paths)) as ReturnType<VirtualBioKey['toJSON']>, { matchMs }),
    identity: identityText(identity),
  };
}
