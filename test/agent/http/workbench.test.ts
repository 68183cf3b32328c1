import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WorkbenchAction, WorkbenchState } from '../../../agent/contract/api.ts';
import type { WorkbenchPort } from '../../../agent/http/ports.ts';
import { startStation, takeSession, type Station } from './station.ts';

/** A workbench with one card, in memory. */
class InMemoryWorkbench implements WorkbenchPort {
  inserted: string | undefined;

  state(): Promise<WorkbenchState> {
    const state = {
      cards: [{ id: 'ada', title: 'Ada Lovelace, RSA-2048', pin: '123456' }],
      fingers: [],
      fingerprintReaderPlugged: true,
      log: [],
    };
    return Promise.resolve(this.inserted === undefined ? state : { ...state, inserted: this.inserted });
  }

  act(action: WorkbenchAction): Promise<boolean> {
    if (action.type === 'remove-card' && this.inserted === undefined) return Promise.resolve(false);
    this.inserted = action.type === 'insert-card' ? action.card : undefined;
    return Promise.resolve(true);
  }
}

function post(station: Station, headers: Record<string, string>, body: string): Promise<Response> {
  return fetch(`${station.origin}/workbench/actions`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body,
  });
}

describe('a demo station', () => {
  let station: Station;
  let headers: Record<string, string>;
  beforeAll(async () => {
    station = await startStation(new InMemoryWorkbench());
    headers = await takeSession(station.origin);
  });
  afterAll(() => station.close());

  test('lets a person put in a virtual card and take it out', async () => {
    expect((await post(station, headers, '{"type":"insert-card","card":"ada"}')).status).toBe(204);
    expect(await (await fetch(`${station.origin}/workbench/state`, { headers })).json()).toMatchObject({ inserted: 'ada' });
    expect((await post(station, headers, '{"type":"remove-card"}')).status).toBe(204);
    const again = await post(station, headers, '{"type":"remove-card"}');
    expect(again.status).toBe(409);
    expect(await again.json()).toEqual({ code: 'not-now', recover: 'none' });
  });

  test.each(['{"type":"insert-card"}', '{"type":"insert-card","card":7}', '{"type":"touch","finger":"x","card":"y"}', '{"type":"begin"}'])(
    'refuses %s',
    async (body) => {
      expect((await post(station, headers, body)).status).toBe(400);
    },
  );
});

describe('a real station', () => {
  let station: Station;
  let headers: Record<string, string>;
  beforeAll(async () => {
    station = await startStation();
    headers = await takeSession(station.origin);
  });
  afterAll(() => station.close());

  test('has no workbench', async () => {
    const state = await fetch(`${station.origin}/workbench/state`, { headers });
    expect(state.status).toBe(404);
    expect(await state.json()).toEqual({ code: 'not-found', recover: 'none' });
    expect((await post(station, headers, '{"type":"remove-card"}')).status).toBe(404);
  });
});
