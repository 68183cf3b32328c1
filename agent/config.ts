/** The station's configuration: one schema, read from `station.json` in the data folder. Unknown keys are refused with their name, never ignored. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { documentsSchema } from './config-documents.ts';
import { defaultFingerPolicy, fingerPolicyOf, fingerprintSchema } from './config-fingerprint.ts';
import { staffSchema } from './config-staff.ts';
import { mostDocuments } from './contract/api.ts';
import { StartRefused } from './refusals.ts';

/** What names of stations and domains of organisations look like; the log's origin has room for 100 characters. */
export const hostName = /^(?=.{1,100}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const host = z.string().regex(hostName, 'must be a name like branch-12.example.org');
/** What names of PKCS#11 modules look like. */
export const moduleName = /^[a-z0-9-]{1,32}$/;
const folder = z.string().min(1);

const fields = z.strictObject({
  /** Name of the station; the log's origin is `<name>/e<epoch>`. */
  name: host,
  epoch: z.int().min(1),
  /** The organisation's domain, for which fingerprint credentials are made. */
  rpId: host,
  /** Virtual devices; must agree with the first entry of the log. */
  demo: z.boolean(),
  /** Port on 127.0.0.1. */
  port: z.int().min(0).max(65_535),
  inbox: folder,
  outbox: folder,
  trust: folder,
  /** The file outside of the log that says how far it has come; best on another disk. */
  anchor: folder.exactOptional(),
  /** PKCS#11 modules. The log names a token's module, so each name stands for one. */
  modules: z
    .array(z.strictObject({ name: z.string().regex(moduleName), path: z.string().startsWith('/') }))
    .max(8)
    .superRefine((modules, context) => {
      const twice = modules.findIndex(({ name }, index) => modules.slice(0, index).some((earlier) => earlier.name === name));
      if (twice < 0) return;
      const message = `another module is named "${modules[twice]?.name}" already; give each a name of its own`;
      context.addIssue({ code: 'custom', path: [twice, 'name'], message });
    }),
  /** The token that the key of the log stays in: a module of `modules`, the token's serial number or label, CKA_ID in hex. Absent: a file. */
  logKey: z
    .strictObject({
      module: z.string().regex(moduleName),
      token: z.string().min(1).max(64),
      key: z.string().regex(/^([0-9a-f]{2}){1,64}$/),
    })
    .exactOptional(),
  /** What holds where a revocation list is missing or stale. */
  crl: z.strictObject({ stale: z.enum(['warn', 'refuse']), maxAgeDays: z.int().min(1).max(3650).exactOptional() }).exactOptional(),
  /** How documents are taken in and signed, and how classes of them differ. */
  documents: documentsSchema.exactOptional(),
  /** What holds for fingers. */
  fingerprint: fingerprintSchema.exactOptional(),
  /** Who may enter late records, ask for what needs a second person, and be one. */
  staff: staffSchema.exactOptional(),
  limits: z.strictObject({
    maxBytes: z.int().min(1024).max(500_000_000),
    maxPages: z.int().min(1).max(20_000),
    idleSeconds: z.int().min(60).max(300),
    idleWarningSeconds: z.int().min(20).max(120),
    /** Most documents that a holder signs in one visit. */
    maxDocuments: z.int().min(1).max(mostDocuments).exactOptional(),
    /** Minutes from one seal of the log to the next. */
    sealMinutes: z.int().min(1).max(1440).exactOptional(),
    /** Least free space with which something new is begun: in millions of bytes, and in percent of the file system. */
    freeMegabytes: z.int().min(1).max(1_000_000).exactOptional(),
    freePercent: z.int().min(1).max(90).exactOptional(),
  }),
});
/** A demo may run on the full disk of a developer; at a counter the limit cannot be made so small that it is none. */
const leastFree = { freeMegabytes: 100, freePercent: 2 } as const;

const schema = fields.superRefine(({ demo, limits, modules, logKey, fingerprint }, context) => {
  const { pauseSeconds } = fingerPolicyOf(fingerprint);
  if (!demo && pauseSeconds < defaultFingerPolicy.pauseSeconds) {
    const message = `must be ${defaultFingerPolicy.pauseSeconds} or more in a station that is no demo`;
    context.addIssue({ code: 'custom', path: ['fingerprint', 'pauseSeconds'], message });
  }
  for (const key of ['freeMegabytes', 'freePercent'] as const) {
    if (demo || (limits[key] ?? leastFree[key]) >= leastFree[key]) continue;
    context.addIssue({ code: 'custom', path: ['limits', key], message: `must be ${leastFree[key]} or more in a station that is no demo` });
  }
  // The module of the log key is one of those that are named.
  if (logKey === undefined || modules.some(({ name }) => name === logKey.module)) return;
  context.addIssue({ code: 'custom', path: ['logKey', 'module'], message: `no module of "modules" is named "${logKey.module}"` });
});

export type StationConfig = z.infer<typeof schema>;

export const defaultLimits: StationConfig['limits'] = { maxBytes: 50_000_000, maxPages: 500, idleSeconds: 120, idleWarningSeconds: 45 };

/** What holds where a station says nothing of it. */
export const defaultMaxDocuments = 50;
export const defaultSealMinutes = 60;
const defaultFree = { megabytes: 500, percent: 10 } as const;
const demoFree = { megabytes: 20, percent: 1 } as const;

/** True only where the configuration says in words that the station's own word for a finger is enough. */
export function takesStationsWord({ fingerprint }: Pick<StationConfig, 'fingerprint'>): boolean {
  return fingerprint?.stationAsserted === 'accept';
}

/** How much room there must be before something new is begun: millions of bytes, and percent of the file system. */
export function freeLimits({ demo, limits }: Pick<StationConfig, 'demo' | 'limits'>): {
  readonly megabytes: number;
  readonly percent: number;
} {
  const { megabytes, percent } = demo ? demoFree : defaultFree;
  return { megabytes: limits.freeMegabytes ?? megabytes, percent: limits.freePercent ?? percent };
}

/** In the data folder: it finds what happens to the log alone. */
export const defaultAnchor = 'log-anchor';

/** A station that was made before there were revocation lists says nothing about them. */
export const defaultCrlPolicy: NonNullable<StationConfig['crl']> = { stale: 'warn' };

/** Where everything of one station lies. */
export interface StationPaths {
  readonly data: string;
  readonly config: string;
  readonly log: string;
  /** The file in which the head of the log is kept outside of its database. */
  readonly anchor: string;
  /** The private key of the log. */
  readonly logKey: string;
  readonly inbox: string;
  readonly outbox: string;
  /** Where a clerk puts files whose signatures are to be checked at the screen. */
  readonly check: string;
  readonly staging: string;
  readonly originals: string;
  /** Files that entries of the log name, each under its SHA-256. */
  readonly attachments: string;
  readonly trust: string;
  /** Revocation lists. */
  readonly crl: string;
  /** Root certificates of the makers of fingerprint readers. */
  readonly readers: string;
  /** Keys of the virtual devices; exists in demo stations only. */
  readonly virtual: string;
}

export function stationPaths(data: string, config?: Pick<StationConfig, 'inbox' | 'outbox' | 'trust' | 'anchor'>): StationPaths {
  const at = (name: string) => resolve(data, name);
  return {
    data: resolve(data),
    config: at('station.json'),
    log: at('log'),
    anchor: at(config?.anchor ?? defaultAnchor),
    logKey: at('log-key.pem'),
    inbox: at(config?.inbox ?? 'inbox'),
    outbox: at(config?.outbox ?? 'outbox'),
    check: at('check'),
    staging: at('pending'),
    originals: at('originals'),
    attachments: at('attachments'),
    trust: at(config?.trust ?? 'trust'),
    crl: at('crl'),
    readers: at('readers'),
    virtual: at('virtual'),
  };
}

/** Reads and checks `station.json`. Throws StartRefused with a sentence that names the line or the key. */
export async function readConfig(data: string): Promise<StationConfig> {
  const path = join(data, 'station.json');
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') throw new StartRefused(`There is no station in ${data}. Make one with: countersign init --data ${data}`);
    throw new StartRefused(`The configuration ${path} cannot be read (${String(code)}).`);
  });
  return parseConfig(text, path);
}

/** Checks the text of a configuration. Throws StartRefused. */
export function parseConfig(text: string, path: string): StationConfig {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new StartRefused(`The configuration ${path} is not JSON: ${error instanceof Error ? error.message : ''}`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') ?? '';
  throw new StartRefused(
    `The configuration ${path} is not right${where === '' ? '' : ` at "${where}"`}: ${issue?.message ?? 'unknown reason'}.`,
  );
}

/** The modules as holders' tokens are looked for in: the token with the key of the log is nobody's card. */
export function holderModules({
  modules,
  logKey,
}: StationConfig): readonly (StationConfig['modules'][number] & { readonly stationToken?: string })[] {
  return modules.map((module) => (module.name === logKey?.module ? { ...module, stationToken: logKey.token } : module));
}

/** SHA-256 (hex) of the configuration as it is in force; it stands in every entry. */
export function configDigest(config: StationConfig): string {
  return createHash('sha256').update(JSON.stringify(config)).digest('hex');
}

/** The log's origin: the station's name and its epoch. */
export function originOf(config: Pick<StationConfig, 'name' | 'epoch'>): string {
  return `${config.name}/e${config.epoch}`;
}
