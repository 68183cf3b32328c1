/** `countersign init`: makes a station, once: its folders, its configuration, its log. The only thing that ever makes a log. */
import { resolve } from 'node:path';
import { installedPath, knownModules } from '../../drivers/pkcs11/known-modules.ts';
import { hostName, moduleName, stationPaths, type StationConfig } from '../config.ts';
import { makeStation, mustNotBeMade, newConfig } from '../station.ts';
import { headOfficeTaken } from '../log/bundle/head-office.ts';
import { command, parsePort, WrongUsage } from './arguments.ts';
import { firstStaff, firstStaffHelp, firstStaffOptions, tellFirstStaff } from './first-staff.ts';
import { takeHeadOfficeKey } from './head-office-key.ts';
import type { NewTokenKey } from '../log-token/make.ts';
import { credentialName, passphraseToMake, pinsOfToken } from './log-passphrase.ts';

const help = `countersign init --name NAME [options]

Makes a station: folders, station.json, the key of its log, the keys that names and titles are sealed to, and the log with the
first entries. The passphrase of the log key is the systemd credential ${credentialName}, or is asked at the terminal.

  --name NAME           name of the station, for example branch-12.example.org (required)
  --organisation DOMAIN domain for which fingerprint credentials are made (default: NAME without its first part)
  --data DIR            data folder (default ./station)
  --port N              port on 127.0.0.1 (default 7411)
  --anchor PATH         the file outside of the log that says how far it has come; best on another disk (default: log-anchor in DIR)
  --module NAME=PATH    a PKCS#11 module; may be given several times (default: OpenSC where it is installed)
  --unwrapped-log-key   the key that signs checkpoints of the log lies on the disk without a passphrase
  --log-key-module NAME make that key in a token instead, which it never leaves; NAME is one of the modules. The token stays in the
                        station, and its PIN is the systemd credential ${credentialName}, or is asked at the terminal
  --log-key-token TOKEN that token, by its serial number or its label
  --head-office-recipient AGE1  whom bundles are encrypted to (countersign export): the public key of head office
  --head-office-identity FILE   makes a key for head office instead, and writes its secret part once into a new file outside of
                                the data folder, to be carried to head office and deleted here
${firstStaffHelp}
  --help

Exit codes: 0 made, 2 not made (the sentence says why).
`;

export const init = command(
  {
    name: 'init',
    help,
    options: {
      name: { type: 'string' },
      organisation: { type: 'string' },
      data: { type: 'string', default: './station' },
      port: { type: 'string', default: '7411' },
      anchor: { type: 'string' },
      module: { type: 'string', multiple: true, default: [] },
      'unwrapped-log-key': { type: 'boolean', default: false },
      'log-key-module': { type: 'string' },
      'log-key-token': { type: 'string' },
      'head-office-recipient': { type: 'string' },
      'head-office-identity': { type: 'string' },
      ...firstStaffOptions,
    },
  },
  async ({ values }, io) => {
    if (values.name === undefined) throw new WrongUsage(`A station needs a name, for example: countersign init --name ${example}.`);
    mustBeHostName('name of a station', values.name);
    if (values.organisation !== undefined) mustBeHostName('domain of an organisation', values.organisation);
    const config = newConfig({
      name: values.name,
      rpId: values.organisation ?? organisationOf(values.name),
      port: parsePort(values.port),
      modules: values.module.length > 0 ? values.module.map(parseModule) : defaultModules(),
      demo: false,
      ...(values.anchor === undefined ? {} : { anchor: resolve(values.anchor) }),
    });
    const unwrapped = values['unwrapped-log-key'];
    const token = tokenFor(config, values['log-key-module'], values['log-key-token']);
    if (unwrapped && token !== undefined)
      throw new WrongUsage('--unwrapped-log-key is for a key on the disk, and does not go with a token.');
    await mustNotBeMade(values.data);
    const staff = await firstStaff(values);
    const given = { recipient: values['head-office-recipient'], identity: values['head-office-identity'] };
    const headOffice = await takeHeadOfficeKey(values.data, headOfficeOptions, given);
    const wrapping = token ?? (unwrapped ? 'unwrapped' : () => passphraseToMake('--unwrapped-log-key'));
    try {
      const taken = headOffice === undefined ? [] : [headOfficeTaken(headOffice.recipient)];
      await makeStation(values.data, config, wrapping, { then: (key) => [key, ...taken], staff: staff.key });
    } catch (error) {
      await headOffice?.undo();
      throw error;
    } finally {
      staff.wipe();
    }
    const paths = stationPaths(values.data, config);
    io.out(`Station ${config.name} is made in ${paths.data}.\n`);
    io.out(`  documents to be signed go into  ${paths.inbox}\n  signed documents come out in    ${paths.outbox}\n`);
    io.out(`  signed files to be checked      ${paths.check}\n`);
    io.out(`  trusted issuers (PEM or DER)    ${paths.trust}\n  their revocation lists          ${paths.crl}\n`);
    io.out(`  configuration                   ${paths.config}\n`);
    if (token !== undefined)
      io.out(`  key of the log                  in the token ${JSON.stringify(token.token)}, which stays in the station\n`);
    else io.out(`  key of the log (${unwrapped ? 'not wrapped: whoever reads the disk can sign with it' : 'wrapped'})  ${paths.logKey}\n`);
    io.out(`  anchor of the log               ${paths.anchor}\n`);
    io.out(anchorAdvice(values.anchor !== undefined));
    io.out(
      headOffice === undefined
        ? `No key of head office is known, so nothing can be exported yet. Bring one with: countersign log head-office --recipient age1... --data ${values.data}\n`
        : `  bundles are encrypted to        ${headOffice.recipient}\n`,
    );
    for (const sentence of headOffice?.sentences ?? []) io.out(`${sentence}\n`);
    io.out(`${tellFirstStaff(staff.key)}\n`);
    if (config.modules.length === 0)
      io.out('No PKCS#11 module was found. Add one to "modules" in station.json; countersign doctor shows what is installed.\n');
    io.out(
      `Next: put issuer certificates into the trust folder, enrol holders with countersign enrol --data ${values.data}, then countersign start --data ${values.data}\n`,
    );
    return 0;
  },
);

/** What an anchor is for; where it lies in the data folder, that it should not. */
function anchorAdvice(isElsewhere: boolean): string {
  const what = 'The anchor says how far the log has come, so that a log that was put back or cut short is found at the next start.';
  return isElsewhere
    ? `${what}\n`
    : `${what} It belongs on another disk than the log: whoever copies the data folder copies both. Say so with --anchor PATH, or move the file and name it as "anchor" in station.json.\n`;
}
const headOfficeOptions = { recipient: '--head-office-recipient', identity: '--head-office-identity' };

/** A name of a station that shows what names look like. */
const example = 'branch-12.example.org';
const exampleModule = 'opensc=/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so';

function mustBeHostName(what: string, text: string): void {
  if (hostName.test(text)) return;
  throw new WrongUsage(
    `"${text}" cannot be the ${what}: it is made of small letters, digits and hyphens, in parts joined by dots, 100 characters at most, for example ${example}.`,
  );
}

function defaultModules(): StationConfig['modules'] {
  const opensc = knownModules.find(({ file }) => file === 'opensc-pkcs11.so');
  const path = opensc === undefined ? undefined : installedPath(opensc);
  return path === undefined ? [] : [{ name: 'opensc', path }];
}

/** Where the key of the log is to be made; nothing for a key on the disk. */
function tokenFor({ modules }: StationConfig, name: string | undefined, token: string | undefined): NewTokenKey | undefined {
  if (name === undefined && token === undefined) return undefined;
  if (name === undefined || token === undefined || token === '')
    throw new WrongUsage('--log-key-module and --log-key-token go together: the module, and the serial number or the label of the token.');
  const module = modules.find((one) => one.name === name);
  if (module !== undefined) return { module, token, pins: pinsOfToken() };
  const known = modules.map((one) => one.name).join(', ');
  throw new WrongUsage(
    `--log-key-module takes the name of a module of this station (${known === '' ? 'there is none' : known}), and not "${name}".`,
  );
}

function parseModule(text: string): StationConfig['modules'][number] {
  const at = text.indexOf('=');
  const module = { name: text.slice(0, Math.max(at, 0)), path: text.slice(at + 1) };
  if (moduleName.test(module.name) && module.path.startsWith('/')) return module;
  throw new WrongUsage(
    `--module takes NAME=PATH, a name of small letters, digits and hyphens and a whole path, for example ${exampleModule}, and not "${text}".`,
  );
}

function organisationOf(name: string): string {
  const [, ...rest] = name.split('.');
  return rest.length >= 2 ? rest.join('.') : name;
}
