/** What comes of each fault at a station that is out of service: it is stopped and started after each, so these rows have a station of their own. */
import { ends, type Rows } from './expectation.ts';

export const outOfService: Rows = {
  outOfService: {
    removed: ends('out-of-service', 'nothing-signed', 'token-in boot'),
    swapped: ends('out-of-service', 'nothing-signed', 'token-in boot'),
    'reader-lost': ends('out-of-service', 'nothing-signed', 'token-in boot'),
    'module-crash': ends('out-of-service', 'nothing-signed', 'token-in boot'),
    'module-hang': ends('out-of-service', 'nothing-signed', 'token-in boot'),
    'wrong-pin': ends('out-of-service', 'nothing-signed', 'token-in boot'),
    locked: ends('out-of-service', 'nothing-signed', 'token-in boot'),
    'last-try': ends('out-of-service', 'nothing-signed', 'token-in boot'),
    'device-error': ends('out-of-service', 'nothing-signed', 'token-in boot'),
  },
};
