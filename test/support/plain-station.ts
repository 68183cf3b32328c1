/** A real station, not a demo, in a folder of its own: for commands that look at tokens without a visit. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configDigest, stationPaths, type StationConfig, type StationPaths } from '../../agent/config.ts';
import { openStore, type LogStore } from '../../agent/log/store.ts';
import { makeStation, newConfig } from '../../agent/station.ts';

export interface PlainStation {
  readonly data: string;
  readonly paths: StationPaths;
  /** Puts an issuer (PEM) into the trust folder. */
  trust(pem: string): Promise<void>;
  /** Opens the log as an agent does; nobody else has it until it is closed. */
  openLog(): Promise<LogStore>;
  /** Enters the enrolment of a finger for a certificate, as `enrol` does. */
  enrol(certificateSha256: string): Promise<void>;
  remove(): Promise<void>;
}

export async function makePlainStation(modules: StationConfig['modules']): Promise<PlainStation> {
  const data = await mkdtemp(join(tmpdir(), 'station-'));
  const config = newConfig({ name: 'branch-12.example.org', rpId: 'example.org', port: 0, modules, demo: false });
  await makeStation(data, config, 'unwrapped');
  const paths = stationPaths(data, config);
  const openLog = (): Promise<LogStore> => openStore(paths.log, { software: 'countersign test', configDigest: configDigest(config) });
  return {
    data,
    paths,
    openLog,
    trust: (pem) => writeFile(join(paths.trust, 'issuer.pem'), pem),
    async enrol(certificateSha256) {
      const log = await openLog();
      await log.append({
        op: 'enrol',
        actor: { id: 'terminal', role: 'clerk' },
        subject: '0a'.repeat(16),
        certificate_sha256: certificateSha256,
        credential_id: '0b'.repeat(16),
        public_key: '0c'.repeat(16),
        aaguid: '0d'.repeat(16),
        sign_count: 0,
        assurance: 'signed-by-reader',
        attestation_format: 'none',
        authenticator_data: '0e'.repeat(16),
        attestation_statement: 'a0',
      });
      await log.close();
    },
    remove: () => rm(data, { recursive: true, force: true }),
  };
}
