/** For a demo station: its virtual card reader, with one card in it, for as long as a command lasts. A real station gets nothing of it. */
import { stationPaths } from '../../config.ts';
import { StartRefused } from '../../refusals.ts';
import { demoCards } from '../../workbench/catalogue.ts';
import { openVirtualHardware } from '../../workbench/hardware.ts';
import type { Surroundings } from '../tokens/surroundings.ts';

export interface Bench {
  /** Variables for the hosts of the modules. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Throws StartRefused when there is no such card, or the virtual reader does not start. The station's log must be open, so that no other agent has the cards. */
export async function virtualBench(station: Surroundings['station'], cardId = demoCards[0]?.id): Promise<Bench> {
  if (station?.config.demo !== true) return { env: {}, close: () => Promise.resolve() };
  if (!demoCards.some(({ id }) => id === cardId))
    throw new StartRefused(`There is no demo card "${cardId ?? ''}"; there are ${demoCards.map(({ id }) => id).join(', ')}.`);
  const { config, data } = station;
  // No module of its own: the test brings the one that it looks with.
  const hardware = await openVirtualHardware({ ...config, modules: [] }, stationPaths(data, config));
  const { reader, cards } = hardware.devices;
  const card = cards.get(cardId ?? '');
  if (card !== undefined) await reader.insert(card);
  return { env: { PCSCLITE_CSOCK_NAME: reader.socket }, close: () => hardware.close() };
}
