/** Which devices a station opens: readers that do not sign only where its configuration takes the station's own word for a finger. */
import { afterEach, expect, it } from 'vitest';
import { stationPaths, type StationConfig } from '../../agent/config.ts';
import { type Hardware, openHardware } from '../../agent/hardware.ts';
import { newConfig } from '../../agent/station.ts';
import { PrivateBus } from '../support/fprintd/private-bus.ts';

const config = newConfig({ name: 'branch-12.example.org', rpId: 'example.org', port: 0, modules: [], demo: false });
const before = process.env['DBUS_SYSTEM_BUS_ADDRESS'];
let bus: PrivateBus | undefined;
let hardware: Hardware | undefined;

afterEach(async () => {
  await hardware?.close();
  await bus?.stop();
  [hardware, bus] = [undefined, undefined];
  if (before === undefined) delete process.env['DBUS_SYSTEM_BUS_ADDRESS'];
  else process.env['DBUS_SYSTEM_BUS_ADDRESS'] = before;
});

async function open(fingerprint: StationConfig['fingerprint']): Promise<Hardware> {
  const said = { ...config, ...(fingerprint === undefined ? {} : { fingerprint }) };
  hardware = await openHardware(said, stationPaths('/nonexistent', said));
  return hardware;
}

it('readers that do not sign are found on the system bus where the configuration accepts them', async () => {
  bus = await PrivateBus.start();
  process.env['DBUS_SYSTEM_BUS_ADDRESS'] = bus.address;
  const { matchers } = await open({ stationAsserted: 'accept' });
  await expect.poll(() => matchers?.readers().length, { timeout: 5000 }).toBe(1);
  expect(matchers?.readers()).toMatchObject([{ assurance: 'station-asserted' }]);
});

it.each([{ stationAsserted: 'refuse' } as const, undefined])('nobody looks for them otherwise (%j)', async (fingerprint) => {
  expect(await open(fingerprint)).not.toHaveProperty('matchers');
});
