import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DeviceError } from '../../../drivers/errors.ts';
import { refusalOf, refusals } from '../../../agent/http/refusals.ts';
import { pinBody, startStation, takeSession, until, type Station } from '../../support/http/station.ts';
import { StreamReader } from './stream-reader.ts';

let station: Station;
let headers: Record<string, string>;

beforeEach(async () => {
  station = await startStation();
  headers = await takeSession(station.origin);
});
afterEach(() => station.close());

describe('a bug behind the door is reported to the agent and told to nobody else', () => {
  const bugs: [string, (visit: Station['visit'], bug: Error) => void, string, RequestInit][] = [
    ['in an action', (visit, bug) => (visit.act = () => fail(bug)), '/api/actions', { method: 'POST', body: '{"type":"begin"}' }],
    ['in the state', (visit, bug) => (visit.message = () => fail(bug)), '/api/events', {}],
    ['in a document', (visit, bug) => (visit.documentBytes = () => fail(bug)), '/api/documents/1', {}],
    ['in a PIN', (visit, bug) => (visit.takesPin = () => fail(bug)), '/api/pin', { method: 'POST', body: pinBody('123456') }],
  ];

  function fail(bug: Error): never {
    throw bug;
  }

  test.each(bugs)('%s', async (_name, plant, path, init) => {
    const bug = new Error('cannot read /var/lib/countersign/log.db');
    plant(station.visit, bug);
    const type = path === '/api/pin' ? 'application/octet-stream' : 'application/json';
    const response = await fetch(station.origin + path, {
      ...init,
      headers: init.method === 'POST' ? { ...headers, 'content-type': type } : headers,
    });
    expect(response.status).toBe(500);
    expect(await response.text()).toBe('{"code":"fault","recover":"ask-staff"}');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(station.faults).toEqual([bug]);
  });

  test('a device error that nobody caught is a bug too', async () => {
    const bug = new DeviceError('pin-locked', 'CKR_PIN_LOCKED');
    station.visit.act = () => fail(bug);
    const response = await fetch(`${station.origin}/api/actions`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: '{"type":"begin"}',
    });
    expect(await response.json()).toEqual({ code: 'fault', recover: 'ask-staff' });
    expect(station.faults).toEqual([bug]);
  });

  test('and the stream to other pages goes on', async () => {
    const stream = await StreamReader.open(station.origin, headers);
    station.visit.documentBytes = () => fail(new Error('a bug'));
    expect((await fetch(`${station.origin}/api/documents/1`, { headers })).status).toBe(500);
    station.visit.show({ screen: 'insert-card' });
    await until(() => stream.messages.at(-1)?.seq === 1);
    stream.close();
  });
});

test('what a client did wrong is never taken for a bug of ours, and the other way round', () => {
  expect(refusalOf(Object.assign(new Error(), { statusCode: 400 }))).toBe('bad-request');
  expect(refusalOf(Object.assign(new Error(), { statusCode: 413 }))).toBe('too-large');
  expect(refusalOf(Object.assign(new Error(), { statusCode: 500 }))).toBeUndefined();
  expect(refusalOf(Object.assign(new Error(), { statusCode: 200 }))).toBeUndefined();
  expect(refusalOf(new Error('x'))).toBeUndefined();
  expect(refusalOf('not-found')).toBeUndefined();
  expect(refusalOf(undefined)).toBeUndefined();
});

test('every refusal has a status that tells the client, not the agent, what is wrong', () => {
  for (const { status } of Object.values(refusals)) expect(status).toSatisfy((value: number) => value >= 400 && value < 500);
});
