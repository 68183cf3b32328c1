import { describe, expect, it } from 'vitest';
import { onePerReader, patienceMs, type ModuleView } from '../../../drivers/pkcs11/one-per-reader.ts';
import type { Sighting } from '../../../drivers/pkcs11/sightings.ts';

let given = 0;
const seen = (serial: string, more: { slot?: string; recognised?: boolean; since?: number } = {}): Sighting => {
  const { slot = 'Yubico YubiKey 00 00', recognised = true, since = 100 } = more;
  const facts = {
    recognised,
    insertion: 0,
    slot,
    label: 'l',
    manufacturer: 'm',
    model: 'x',
    serial,
    flags: 0,
    minPinLength: 4,
    maxPinLength: 8,
  };
  return { facts, host: 1, seat: undefined, insertion: ++given, since };
};
const view = (sightings: readonly Sighting[], more: Partial<ModuleView> = {}): ModuleView => ({
  sightings,
  lookedAt: 200,
  namesReaders: true,
  ...more,
});
/** The serials that are offered, module by module. */
const offered = (views: readonly ModuleView[], before: readonly Sighting[] = [], now = 300): string[][] =>
  onePerReader(views, new Set(before.map(({ insertion }) => insertion)), now).map((some) => some.map(({ facts }) => facts.serial));

describe('one card in one reader', () => {
  it('is the token of the first module that knows it, whatever serial the others read', () => {
    expect(offered([view([seen('a')]), view([seen('b')])])).toEqual([['a'], []]);
  });

  it('is never the token of a module that does not know it while another does', () => {
    expect(offered([view([seen('', { recognised: false })]), view([seen('b')])])).toEqual([[], ['b']]);
  });

  it('that nobody knows is shown once, as unknown', () => {
    const unknown = () => view([seen('', { recognised: false })]);
    expect(offered([unknown(), unknown()])).toEqual([[''], []]);
  });

  it('is not offered before the modules in front have had a look at it', () => {
    const late = seen('b', { since: 250 });
    expect(offered([view([]), view([late])])).toEqual([[], []]);
    expect(offered([view([], { lookedAt: 260 }), view([late])])).toEqual([[], ['b']]);
    expect(offered([view([], { lookedAt: Infinity }), view([late])])).toEqual([[], ['b']]);
  });

  it('is offered at once by the first module, which nobody overrules', () => {
    expect(offered([view([seen('a', { since: 250 })]), view([])])).toEqual([['a'], []]);
  });

  it('that the first module does not know waits for all the others', () => {
    const unknown = seen('', { recognised: false, since: 250 });
    expect(offered([view([unknown]), view([])])).toEqual([[], []]);
    expect(offered([view([unknown]), view([], { lookedAt: 260 })])).toEqual([[''], []]);
  });

  it('does not wait for ever for a module that hangs', () => {
    const late = seen('b', { since: 250 });
    expect(offered([view([]), view([late])], [], 250 + patienceMs)).toEqual([[], ['b']]);
  });

  it('stays with the module that has it until it leaves, also when one in front learns to know it', () => {
    const [first, second] = [seen('a'), seen('b')];
    expect(offered([view([first]), view([second])], [second])).toEqual([[], ['b']]);
    expect(offered([view([first]), view([])], [second])).toEqual([['a'], []]);
  });

  it('that was shown as unknown goes to the module that learns to know it', () => {
    const unknown = seen('', { recognised: false });
    expect(offered([view([unknown]), view([seen('b')])], [unknown])).toEqual([[], ['b']]);
  });

  it('is the same place though one module pads or cuts its name', () => {
    const long = 'Yubico YubiKey FIDO+CCID with a very long name of sixty-four bytes 00 00';
    expect(offered([view([seen('a', { slot: long })]), view([seen('b', { slot: long.slice(0, 64) })])])).toEqual([['a'], []]);
  });
});

describe('two cards', () => {
  it('in two readers are two tokens, whichever modules know them', () => {
    const other = { slot: 'Other Reader 01 00' };
    expect(offered([view([seen('a'), seen('c', other)]), view([seen('b')])])).toEqual([['a', 'c'], []]);
    expect(offered([view([seen('c', other)]), view([seen('b')])])).toEqual([['c'], ['b']]);
  });

  it('in places that their modules named themselves are two, also under one name', () => {
    const own = { namesReaders: false };
    expect(offered([view([seen('a', { slot: 'Slot 0' })], own), view([seen('b', { slot: 'Slot 0' })], own)])).toEqual([['a'], ['b']]);
    expect(offered([view([seen('a', { slot: '' })]), view([seen('b', { slot: '' })])])).toEqual([['a'], ['b']]);
  });

  it('of one module in one reader (a slot for each PIN) stay as that module shows them', () => {
    expect(offered([view([seen('a'), seen('a2')]), view([seen('b')])])).toEqual([['a', 'a2'], []]);
  });
});
