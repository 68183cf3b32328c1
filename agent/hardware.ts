/** The devices of a station: real ones, or, in a station that was initialised as a demo, virtual ones behind the same contracts. */
import type { MatchingReader, ReaderSource } from '../drivers/fingerprint.ts';
import { createHidrawTransport } from '../drivers/fido/hidraw.ts';
import { createReaderSource } from '../drivers/fido/source.ts';
import { FprintSource } from '../drivers/fprintd/source.ts';
import type { HidTransport } from '../drivers/fido/transport.ts';
import { createTokenSource, type Pkcs11Source } from '../drivers/pkcs11/source.ts';
import { holderModules, takesStationsWord, type StationConfig, type StationPaths } from './config.ts';
import type { WorkbenchPort } from './http/ports.ts';
import type { LogStore } from './log/store.ts';

/** The devices of a station that signs. */
export interface Hardware {
  readonly tokens: Pkcs11Source;
  readonly readers: ReaderSource;
  /** Readers that sign nothing; only where the configuration takes the station's word for a finger. */
  readonly matchers?: ReaderSource<MatchingReader>;
  /** Demo stations only: what the workbench panel talks to. */
  readonly workbench?: (log: LogStore) => WorkbenchPort;
  close(): Promise<void>;
}

/** The fingerprint readers as an enrolment officer needs them, who works at the terminal while nobody signs. */
export interface ReaderHardware {
  readonly readers: ReaderSource;
  /**
   * The keys in `readers` as the operating system names them: for the officer's own way to a key (`drivers/fido/enrolment.ts`), which nothing that signs may
   * import, and neither this file.
   */
  readonly keyTransport: HidTransport;
  close(): Promise<void>;
}

/** Opens the devices. The virtual ones are loaded only where the configuration (checked against the log's first entry) says demo. */
export async function openHardware(config: StationConfig, paths: StationPaths): Promise<Hardware & ReaderHardware> {
  if (config.demo) {
    const { openVirtualHardware } = await import('./workbench/hardware.ts');
    return openVirtualHardware(config, paths);
  }
  const tokens = createTokenSource({ modules: holderModules(config) });
  const keys = hidrawReaders();
  const matchers = takesStationsWord(config) ? new FprintSource(systemBus(process.env)) : undefined;
  return {
    tokens,
    ...keys,
    ...(matchers === undefined ? {} : { matchers }),
    async close() {
      await tokens.close();
      await keys.close();
      await matchers?.close();
    },
  };
}

/** Where the system bus is, as every program of this computer is told. */
function systemBus({ DBUS_SYSTEM_BUS_ADDRESS: address }: NodeJS.ProcessEnv): { readonly address?: string } {
  return address === undefined || address === '' ? {} : { address };
}

/** Opens the fingerprint readers alone. Throws StartRefused when the file of a virtual one is damaged. */
export async function openReaderHardware(config: StationConfig, paths: StationPaths): Promise<ReaderHardware> {
  if (!config.demo) return hidrawReaders();
  const { openVirtualReaders } = await import('./workbench/hardware.ts');
  return openVirtualReaders(paths);
}

function hidrawReaders(): ReaderHardware {
  const keyTransport = createHidrawTransport();
  const readers = createReaderSource(keyTransport);
  return { readers, keyTransport, close: () => readers.close() };
}
