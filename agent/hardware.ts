/** The devices of a station: real ones, or, in a station that was initialised as a demo, virtual ones behind the same contracts. */
import type { MatchingReader, ReaderSource } from '../drivers/fingerprint.ts';
import { createHidrawTransport } from '../drivers/fido/hidraw.ts';
import { createReaderSource } from '../drivers/fido/source.ts';
import { FprintSource } from '../drivers/fprintd/source.ts';
import { createTokenSource, type Pkcs11Source } from '../drivers/pkcs11/source.ts';
import { holderModules, takesStationsWord, type StationConfig, type StationPaths } from './config.ts';
import type { WorkbenchPort } from './http/ports.ts';
import type { LogStore } from './log/store.ts';

export interface Hardware {
  readonly tokens: Pkcs11Source;
  readonly readers: ReaderSource;
  /** Readers that sign nothing; only where the configuration takes the station's word for a finger. */
  readonly matchers?: ReaderSource<MatchingReader>;
  /** Demo stations only: what the workbench panel talks to. */
  readonly workbench?: (log: LogStore) => WorkbenchPort;
  close(): Promise<void>;
}

/** Opens the devices. The virtual ones are loaded only where the configuration (checked against the log's first entry) says demo. */
export async function openHardware(config: StationConfig, paths: StationPaths): Promise<Hardware> {
  if (config.demo) {
    const { openVirtualHardware } = await import('./workbench/hardware.ts');
    return openVirtualHardware(config, paths);
  }
  const tokens = createTokenSource({ modules: holderModules(config) });
  const readers = createReaderSource(createHidrawTransport());
  const matchers = takesStationsWord(config) ? new FprintSource(systemBus(process.env)) : undefined;
  return {
    tokens,
    readers,
    ...(matchers === undefined ? {} : { matchers }),
    async close() {
      await tokens.close();
      await readers.close();
      await matchers?.close();
    },
  };
}

/** Where the system bus is, as every program of this computer is told. */
function systemBus({ DBUS_SYSTEM_BUS_ADDRESS: address }: NodeJS.ProcessEnv): { readonly address?: string } {
  return address === undefined || address === '' ? {} : { address };
}
