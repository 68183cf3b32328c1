/** What lies on the workbench of a demo station: which cards and which fingers, as data. */
import { join } from 'node:path';
import type { Holder } from '../../drivers/virtual/demo-ca.ts';
import type { PivKeyType } from '../../drivers/virtual/piv-key.ts';
import type { StationPaths } from '../config.ts';

export interface DemoCard {
  readonly id: string;
  /** For a person, in the panel. */
  readonly title: string;
  readonly holder: Holder;
  readonly keyType: PivKeyType;
  readonly pin: string;
  readonly expired: boolean;
  /** Whether it stands on the demo's revocation list. */
  readonly revoked?: true;
  /** Whether the station trusts its issuer. */
  readonly trusted: boolean;
  /** Whether its holder's finger is enrolled. */
  readonly enrolled: boolean;
}

const good = { expired: false, trusted: true, enrolled: true } as const;

function person(givenName: string, surname: string, country: string): Holder {
  return { commonName: `${givenName} ${surname}`, givenName, surname, country };
}

export const demoCards: readonly DemoCard[] = [
  { ...good, id: 'ada', title: 'Ada Lovelace, RSA-2048', holder: person('Ada', 'Lovelace', 'GB'), keyType: 'rsa-2048', pin: '123456' },
  { ...good, id: 'grace', title: 'Grace Hopper, ECDSA P-256', holder: person('Grace', 'Hopper', 'US'), keyType: 'p-256', pin: '654321' },
  {
    ...good,
    id: 'expired',
    title: 'Charles Babbage, certificate expired',
    holder: person('Charles', 'Babbage', 'GB'),
    keyType: 'p-256',
    pin: '123456',
    expired: true,
  },
  {
    ...good,
    id: 'revoked',
    title: 'Konrad Zuse, card revoked',
    holder: person('Konrad', 'Zuse', 'DE'),
    keyType: 'p-256',
    pin: '123456',
    revoked: true,
  },
  {
    ...good,
    id: 'not-enrolled',
    title: 'Emmy Noether, finger not enrolled',
    holder: person('Emmy', 'Noether', 'DE'),
    keyType: 'p-256',
    pin: '123456',
    enrolled: false,
  },
  {
    id: 'foreign',
    title: 'Mallory Example, unknown issuer',
    holder: person('Mallory', 'Example', 'XX'),
    keyType: 'p-256',
    pin: '123456',
    expired: false,
    trusted: false,
    enrolled: false,
  },
];

/** Who may read what the demo station seals, and the passphrases of their keys, which are no secret. */
export const demoStaff = [
  { id: 'demo-supervisor', role: 'supervisor', passphrase: 'demo supervisor' },
  { id: 'demo-auditor', role: 'auditor', passphrase: 'demo auditor' },
] as const;

/** Fingers that can be laid on the virtual bio key. */
export const fingers = [
  { id: 'right-index', title: 'Right index finger', enrolled: true },
  { id: 'left-index', title: 'Left index finger', enrolled: true },
  { id: 'stranger', title: "A stranger's finger", enrolled: false },
] as const;

export function cardFile(paths: StationPaths, id: string): string {
  return join(paths.virtual, `card-${id}.json`);
}

export function bioKeyFile(paths: StationPaths): string {
  return join(paths.virtual, 'bio-key.json');
}
