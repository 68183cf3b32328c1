/** The members of staff as the configuration has them. */
import { describe, expect, it } from 'vitest';
import { staffRoles, staffSchema } from '../../agent/config-staff.ts';

const member = (id: string, role: string, digit: string, more: object = {}) => ({ id, role, certificateSha256: digit.repeat(64), ...more });
const clerk = member('s-1', 'clerk', 'a');

it('takes people of every role, and one person with several certificates (control)', () => {
  const people = staffRoles.map((role, place) => member(`s-${place}`, role, String(place)));
  expect(staffSchema.parse(people)).toEqual(people);
  const renewed = [clerk, member('s-1', 'clerk', 'b')];
  expect(staffSchema.parse(renewed)).toEqual(renewed);
  expect(staffSchema.parse([])).toEqual([]);
});

describe('is refused, at the place that is wrong', () => {
  it.each<readonly [string, readonly unknown[], readonly unknown[], string]>([
    [
      'a certificate of two people',
      [clerk, member('s-2', 'supervisor', 'a')],
      [1, 'certificateSha256'],
      'this certificate is somebody’s already',
    ],
    ['a certificate of one person twice', [clerk, clerk], [1, 'certificateSha256'], 'this certificate is somebody’s already'],
    ['a person with two roles', [clerk, member('s-1', 'supervisor', 'b')], [1, 'role'], '"s-1" has another role already'],
    ['nobody in particular: the station', [member('station', 'clerk', 'a')], [0, 'id'], 'stands for nobody in particular; choose another'],
    [
      'nobody in particular: the terminal',
      [member('terminal', 'clerk', 'a')],
      [0, 'id'],
      'stands for nobody in particular; choose another',
    ],
    ['a name with a space', [member('Ada L', 'clerk', 'a')], [0, 'id'], 'must be letters'],
    ['a name that begins with a sign', [member('-x', 'clerk', 'a')], [0, 'id'], 'must be letters'],
    ['a name with a line behind it', [member('s-1\n', 'clerk', 'a')], [0, 'id'], 'must be letters'],
    ['no name', [member('', 'clerk', 'a')], [0, 'id'], 'must be letters'],
    ['a name that is too long', [member('a'.repeat(65), 'clerk', 'a')], [0, 'id'], 'must be letters'],
    ['a certificate in capitals', [member('s-1', 'clerk', 'A')], [0, 'certificateSha256'], 'must be 64 lower-case'],
    ['a certificate that is too short', [{ ...clerk, certificateSha256: 'ab' }], [0, 'certificateSha256'], 'must be 64 lower-case'],
    ['a holder', [member('s-1', 'holder', 'a')], [0, 'role'], 'Invalid option'],
    ['a key that nobody knows', [{ ...clerk, name: 'Ada' }], [0], 'Unrecognized key'],
  ])('%s', (_name, people, path, message) => {
    const { error } = staffSchema.safeParse(people);
    expect(error?.issues.map((issue) => issue.path)).toEqual([path]);
    expect(error?.issues[0]?.message).toContain(message);
  });

  it('more than 200 lines', () => {
    const lines = Array.from({ length: 201 }, (_, place) => ({ ...clerk, certificateSha256: place.toString(16).padStart(64, '0') }));
    expect(staffSchema.safeParse(lines).success).toBe(false);
    expect(staffSchema.safeParse(lines.slice(1)).success).toBe(true);
  });
});
