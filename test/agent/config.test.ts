import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { defaultLimits, defaultSealMinutes, parseConfig, freeLimits, takesStationsWord } from '../../agent/config.ts';

const good = {
  name: 'branch-12.example.org',
  epoch: 1,
  rpId: 'example.org',
  demo: false,
  port: 7411,
  inbox: 'inbox',
  outbox: 'outbox',
  trust: 'trust',
  modules: [
    { name: 'opensc', path: '/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so' },
    { name: 'hsm', path: '/usr/lib/softhsm/libsofthsm2.so' },
  ],
  limits: defaultLimits,
};

const parse = (config: object) => parseConfig(JSON.stringify(config), 'station.json');

test('a configuration with two modules is taken as it is', () => {
  expect(parse(good)).toEqual(good);
});

test('two modules of one name are refused, and the sentence says which', () => {
  const modules = [...good.modules, { name: 'opensc', path: '/opt/other/opensc-pkcs11.so' }];
  const sentence =
    'The configuration station.json is not right at "modules.2.name": another module is named "opensc" already; give each a name of its own.';
  expect(() => parse({ ...good, modules })).toThrow(expect.objectContaining({ message: sentence, exitCode: 2 }) as Error);
});

test('the log is sealed every hour, or as often as the configuration says', () => {
  const withMinutes = (sealMinutes: unknown) => ({ ...good, limits: { ...defaultLimits, sealMinutes } });
  expect(defaultSealMinutes).toBe(60);
  for (const minutes of [1, 15, 1440]) expect(parse(withMinutes(minutes)).limits.sealMinutes).toBe(minutes);
  for (const minutes of [0, -1, 1.5, 1441, '60', null]) expect(() => parse(withMinutes(minutes))).toThrow('at "limits.sealMinutes"');
});

test('a name that the log has no room for, or that is none, is refused', () => {
  expect(parse({ ...good, name: 'a'.repeat(100) }).name).toHaveLength(100);
  for (const name of ['a'.repeat(101), 'Branch 12', 'branch-.example.org', '', 'a..b'])
    expect(() => parse({ ...good, name })).toThrow('at "name": must be a name like branch-12.example.org.');
});

test('classes of documents are taken as they are', () => {
  const classes = [
    {
      name: 'Tenancies',
      files: 'tenancy-*.pdf',
      appearance: { place: 'fixed', page: -1, left: 330, top: 700, language: 'de' },
      reason: 'Ja',
    },
    { name: 'Invoices', files: '*.pdf', embeddedFiles: 'allow', missingFonts: 'refuse', certify: true, commitment: 'proof-of-approval' },
    { name: 'Forms', files: 'form.pdf', field: 'Member.Signature' },
  ];
  const config = { ...good, documents: { missingFonts: 'warn', appearance: { place: 'by-hand', width: 200, height: 70 }, classes } };
  expect(parse(config)).toEqual(config);
});

test.each([
  ['an unknown key', { colour: 'red' }, 'documents.classes.0'],
  ['an unknown key of the box', { appearance: { place: 'by-hand', left: 5 } }, 'documents.classes.0.appearance'],
  ['a box without a place', { appearance: { place: 'fixed', page: 1 } }, 'documents.classes.0.appearance.left'],
  ['a page 0', { appearance: { place: 'fixed', page: 0, left: 0, top: 0 } }, 'pages count from 1'],
  ['a box that is too small for a code', { appearance: { place: 'by-hand', height: 30 } }, 'documents.classes.0.appearance.height'],
  ['a reason beside a commitment', { reason: 'a', commitment: 'proof-of-approval' }, 'not by both'],
  ['a box beside a field', { field: 'a', appearance: { place: 'by-hand' } }, 'its own place'],
  ['a name that hides something', { name: 'a\u202eb' }, 'documents.classes.0.name'],
  ['a commitment that nobody knows', { commitment: 'perhaps' }, 'documents.classes.0.commitment'],
])('a class with %s is refused, and the sentence says where', (_, change, where) => {
  expect(() => parse({ ...good, documents: { classes: [{ name: 'a', files: '*', ...change }] } })).toThrow(where);
});

test('the example in the README is one', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const example = /```json\n("documents": [^`]*)```/.exec(readme)?.[1] ?? '';
  const { documents } = JSON.parse(`{${example}}`) as { documents: { classes: object[] } };
  expect(documents.classes.length).toBeGreaterThan(2);
  expect(parse({ ...good, documents }).documents).toEqual(documents);
});

test('two classes of one name are refused', () => {
  const classes = [1, 2].map(() => ({ name: 'Invoices', files: '*' }));
  expect(() => parse({ ...good, documents: { classes } })).toThrow(
    'at "documents.classes.1.name": another class is named "Invoices" already.',
  );
});

test('a limit of free space can be small in a demo, and never so small at a counter that it is none', () => {
  const withFree = (demo: boolean, free: object) => ({ ...good, demo, limits: { ...defaultLimits, ...free } });
  expect(freeLimits(parse(withFree(false, {})))).toEqual({ megabytes: 500, percent: 10 });
  expect(freeLimits(parse(withFree(true, {})))).toEqual({ megabytes: 20, percent: 1 });
  expect(freeLimits(parse(withFree(false, { freeMegabytes: 100, freePercent: 2 })))).toEqual({ megabytes: 100, percent: 2 });
  expect(freeLimits(parse(withFree(true, { freeMegabytes: 1, freePercent: 1 })))).toEqual({ megabytes: 1, percent: 1 });
  expect(() => parse(withFree(false, { freeMegabytes: 99 }))).toThrow(
    'at "limits.freeMegabytes": must be 100 or more in a station that is no demo',
  );
  expect(() => parse(withFree(false, { freePercent: 1 }))).toThrow('at "limits.freePercent"');
  for (const wrong of [0, -1, 1.5, '500', null]) {
    expect(() => parse(withFree(true, { freeMegabytes: wrong }))).toThrow('at "limits.freeMegabytes"');
    expect(() => parse(withFree(true, { freePercent: wrong }))).toThrow('at "limits.freePercent"');
  }
});

test('a person may be vouched for only where the configuration says so', () => {
  for (const vouching of ['refuse', 'accept'] as const)
    expect(parse({ ...good, fingerprint: { vouching } }).fingerprint).toEqual({ vouching });
  expect(parse({ ...good, fingerprint: {} }).fingerprint).toEqual({});
  for (const vouching of ['allow', true, '', null])
    expect(() => parse({ ...good, fingerprint: { vouching } })).toThrow('at "fingerprint.vouching"');
  expect(() => parse({ ...good, fingerprint: { fouching: 'accept' } })).toThrow('fouching');
});

test("the station's own word for a finger is taken only where the configuration says so in words", () => {
  const parsed = (fingerprint: unknown) => parse({ ...good, ...(fingerprint === undefined ? {} : { fingerprint }) });
  expect(takesStationsWord(parsed(undefined))).toBe(false);
  expect(takesStationsWord(parsed({ stationAsserted: 'refuse' }))).toBe(false);
  expect(takesStationsWord(parsed({ stationAsserted: 'accept' }))).toBe(true);
  for (const wrong of [true, { stationAsserted: true }, { stationAsserted: 'yes' }, { stationAsserted: 'accept', more: 1 }])
    expect(() => parsed(wrong)).toThrow('fingerprint');
});
