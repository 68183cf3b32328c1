/** The token that holds the key of the log: whether it is there. Nobody logs in, and its serial number is not told. */
import { isDeviceError, type DeviceErrorCode } from '../../../drivers/errors.ts';
import { StationToken } from '../../../drivers/pkcs11/station-token.ts';
import type { PinState } from '../../../drivers/token.ts';
import { readConfig } from '../../config.ts';
import { moduleOf } from '../../opening.ts';
import { StartRefused } from '../../refusals.ts';
import type { Check, Place } from './report.ts';

type Found = Pick<Check, 'finding' | 'found' | 'mend'>;

const inIt = 'in a token, which is there';

const said: Readonly<Record<PinState, Found>> = {
  ok: { finding: 'ok', found: inIt },
  unknown: { finding: 'ok', found: inIt },
  low: {
    finding: 'warning',
    found: `${inIt}; a wrong PIN was given to it since it was last used`,
    mend: 'type the right PIN once, while the agent does not run: countersign log checkpoint --new',
  },
  'last-try': {
    finding: 'warning',
    found: `${inIt}; one try of its PIN is left before it locks`,
    mend: 'type the right PIN once, while the agent does not run: countersign log checkpoint --new',
  },
  locked: { finding: 'missing', found: `${inIt}; its PIN is locked`, mend: 'have its PIN unlocked by whoever administers the token' },
};

/** What is found of a key that the log says is in a token. Never throws for what it finds. */
export async function keyInToken(data: string, { ms }: Pick<Place, 'ms'>): Promise<Found> {
  let token: StationToken | undefined;
  try {
    const config = await readConfig(data);
    if (config.logKey === undefined)
      return {
        finding: 'missing',
        found: 'in a token, and station.json does not say in which',
        mend: 'bring "logKey" back into station.json',
      };
    token = await StationToken.connect({ module: moduleOf(config), token: config.logKey.token }, { start: ms, list: ms });
    return said[token.pin];
  } catch (error) {
    if (error instanceof StartRefused) return { finding: 'missing', found: error.message, mend: 'correct station.json' };
    if (!isDeviceError(error)) throw error;
    return {
      finding: 'missing',
      ...(missing[error.code] ?? { found: `in a token, and its module failed (${error.code})`, mend: 'countersign tokens' }),
    };
  } finally {
    await token?.close();
  }
}

const missing: Partial<Record<DeviceErrorCode, Omit<Found, 'finding'>>> = {
  'no-token': { found: 'in a token, which is not there', mend: 'put the token back that stays in the station' },
  'unsupported-token': { found: 'in a token, and several have its name', mend: 'name it by its serial number in station.json' },
};
