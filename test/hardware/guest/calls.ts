/** Everything that a test on the host can have done in the guest. Arguments and answers are JSON. */
import { keyCalls } from './key-calls.ts';
import { machineCalls } from './machine-calls.ts';
import { officerCalls } from './officer-calls.ts';
import { stationCalls } from './station-calls.ts';
import { usbCalls } from './usb-calls.ts';

export const calls = { ...machineCalls, ...keyCalls, ...officerCalls, ...stationCalls, ...usbCalls };

export type Calls = typeof calls;
