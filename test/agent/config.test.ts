import { expect, test } from 'vitest';
import { defaultLimits, parseConfig } from '../../agent/config.ts';

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

test('a name that the log has no room for, or that is none, is refused', () => {
  expect(parse({ ...good, name: 'a'.repeat(100) }).name).toHaveLength(100);
  for (const name of ['a'.repeat(101), 'Branch 12', 'branch-.example.org', '', 'a..b'])
    expect(() => parse({ ...good, name })).toThrow('at "name": must be a name like branch-12.example.org.');
});
