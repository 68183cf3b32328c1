/** Whether a card could be used: the service behind the card readers, the readers, the cards that are in, and the PKCS#11 modules. */
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { takeInventory, type ListedModule } from '../../../drivers/pkcs11/inventory.ts';
import { installedModules } from '../../../drivers/pkcs11/known-modules.ts';
import type { ModuleConfig } from '../../../drivers/pkcs11/source.ts';
import { readConfig } from '../../config.ts';
import { StartRefused } from '../../refusals.ts';
import { ask } from './ask.ts';
import { modulesChecks, stationModules } from './modules.ts';
import type { Check, Place } from './report.ts';
import { askCardService, polkitChecks, serviceCheck, type CardService } from './service.ts';

const section = 'Cards';
const driverName = 'reader driver';
const installDriver = 'sudo apt-get install -y --no-install-recommends libccid, then plug the reader in anew';

export async function cards(place: Place): Promise<Check[]> {
  if (place.demo) {
    const virtual: Check[] = [
      { section, name: 'card service', finding: 'ok', found: 'a demo station starts its own' },
      { section, name: 'card readers', finding: 'ok', found: 'a demo station has a virtual one' },
    ];
    return [...virtual, ...(await modulesChecks(place))];
  }
  const [service, readers, known, configured] = await Promise.all([
    askCardService(place),
    listReaders(place),
    modulesChecks(place),
    configuredModules(place),
  ]);
  const ofStation = 'problem' in configured ? [configured.problem] : await stationModules(place, configured.modules ?? []);
  const rights = await polkitChecks(place, service);
  const driver = await driverCheck(place);
  const modules = 'problem' in configured ? undefined : configured.modules;
  return [
    serviceCheck(place, service),
    ...rights,
    readersCheck(service, readers, await usbReaders(place)),
    driver,
    ...(await cardChecks(place, readers, modules)),
    ...(modules === undefined && !('problem' in configured) ? [] : ofStation),
    ...known,
  ];
}

interface SeenReader {
  readonly name: string;
  readonly card: boolean;
}

/** The readers as OpenSC's tool lists them; undefined without that tool. "0    Yes             Name of the reader". */
async function listReaders(place: Place): Promise<readonly SeenReader[] | undefined> {
  const answer = await ask('opensc-tool', ['--list-readers'], { env: { ...place.env, OPENSC_DEBUG: undefined }, ms: place.ms });
  if (answer.kind === 'not-there') return undefined;
  return [...answer.text.matchAll(/^\d+\s+(Yes|No)\s+(?:PIN pad\s+)?(.+)$/gm)].map(([, card, name = '']) => ({
    // What stands in brackets may be a serial number.
    name: name.replace(/\s*[([].*?[)\]]/g, ''),
    card: card === 'Yes',
  }));
}

/** Card readers that the kernel sees on USB: interfaces of class 0B (Smart Card Device Class). */
async function usbReaders({ root }: Place): Promise<number> {
  const folder = join(root, 'sys/bus/usb/devices');
  const names = await readdir(folder).catch(() => []);
  const classes = await Promise.all(names.map((name) => readFile(join(folder, name, 'bInterfaceClass'), 'utf8').catch(() => '')));
  return classes.filter((text) => text.trim().toLowerCase() === '0b').length;
}

function readersCheck(service: CardService, readers: readonly SeenReader[] | undefined, onUsb: number): Check {
  const common = { section, name: 'card readers' } as const;
  if (readers === undefined) return { ...common, finding: 'note', found: 'cannot be listed without OpenSC' };
  if (readers.length > 0) return { ...common, finding: 'ok', found: readers.map(({ name }) => name).join(', ') };
  if (service.state !== 'answers') return { ...common, finding: 'warning', found: 'none seen', mend: 'start the card service first' };
  if (onUsb > 0) return { ...common, finding: 'warning', found: `${onUsb} on USB, but pcscd sees none`, mend: installDriver };
  return { ...common, finding: 'warning', found: 'none seen', mend: 'plug a card reader in' };
}

/** pcscd speaks to USB readers through a driver of its own package; without it a reader that is plugged in is not there. */
async function driverCheck({ root }: Place): Promise<Check> {
  const folder = join(root, 'usr/lib/pcsc/drivers');
  const bundles = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.bundle'));
  if (bundles.some((name) => existsSync(join(folder, name, 'Contents/Linux')) && name.startsWith('ifd-ccid')))
    return { section, name: driverName, finding: 'ok', found: 'libccid is installed' };
  const found = 'libccid is not installed; nearly every USB card reader needs it';
  return { section, name: driverName, finding: 'warning', found, mend: installDriver };
}

/** The modules of the station that was named; nothing without one, and a check when its configuration cannot be read. */
async function configuredModules({ data }: Place): Promise<{ readonly modules?: readonly ModuleConfig[] } | { readonly problem: Check }> {
  if (data === undefined || !existsSync(join(data, 'station.json'))) return {};
  try {
    return { modules: (await readConfig(data)).modules };
  } catch (error) {
    if (!(error instanceof StartRefused)) throw error;
    return {
      problem: { section, name: 'station.json', finding: 'missing', found: error.message, mend: 'correct it, or make a new station' },
    };
  }
}

/** What the modules make of the cards that are in a reader now. Nothing is asked of them while no card is in. */
async function cardChecks(
  place: Place,
  readers: readonly SeenReader[] | undefined,
  configured: readonly ModuleConfig[] | undefined,
): Promise<Check[]> {
  const filled = (readers ?? []).filter(({ card }) => card).length;
  if (filled === 0) return [];
  const socket = place.env['PCSCLITE_CSOCK_NAME'];
  const all = configured ?? installedModules();
  const listed = await takeInventory({ modules: all, env: socket === undefined ? {} : { PCSCLITE_CSOCK_NAME: socket } });
  const seen = listed.filter(({ namesReaders }) => namesReaders).flatMap(({ tokens }) => tokens.filter(({ offered }) => offered));
  const common = { section, name: 'cards' } as const;
  const unknown = seen.filter(({ recognised }) => !recognised).length;
  const missed = Math.max(0, filled - seen.length);
  const askedOf = listed.map(({ config }) => config.name).join(', ') || 'none';
  if (unknown + missed > 0) {
    const found = `${unknown + missed} of ${filled} that no module knows (asked: ${askedOf}${faulty(listed)})`;
    const mend = 'install the PKCS#11 module of its vendor and add it to "modules" in station.json; countersign tokens shows more';
    return [{ ...common, finding: 'warning', found, mend }];
  }
  return [
    {
      ...common,
      finding: 'ok',
      found: `${filled} in a reader, known to ${[...new Set(seen.map(({ token }) => token.module))].join(', ')}`,
    },
  ];
}

function faulty(listed: readonly ListedModule[]): string {
  const failed = listed.filter(({ fault }) => fault !== undefined);
  return failed.length === 0 ? '' : `; ${failed.map(({ config, fault }) => `${config.name} ${fault?.how ?? ''}`).join(', ')}`;
}
