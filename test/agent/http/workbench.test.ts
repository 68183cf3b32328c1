import { describe, expect, test } from 'vitest';
import type { WorkbenchAction, WorkbenchState } from '../../../agent/contract/api.ts';
import type { WorkbenchPort } from '../../../agent/http/ports.ts';
import { stationForTests, type SharedStation } from '../../support/http/station.ts';

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

function post(shared: SharedStation, body: string): Promise<Response> {
  return fetch(`${shared.station.origin}/workbench/actions`, {
    method: 'POST',
    headers: { ...shared.headers, 'content-type': 'application/json' },
    body,
  });
}

describe('a demo station', () => {
  const shared = stationForTests(new InMemoryWorkbench());

  test('lets a person put in a virtual card and take it out', async () => {
    expect((await post(shared, '{"type":"insert-card","card":"ada"}')).status).toBe(204);
    expect(await (await fetch(`${shared.station.origin}/workbench/state`, { headers: shared.headers })).json()).toMatchObject({
      inserted: 'ada',
    });
    expect((await post(shared, '{"type":"remove-card"}')).status).toBe(204);
    const again = await post(shared, '{"type":"remove-card"}');
    expect(again.status).toBe(409);
    expect(await again.json()).toEqual({ code: 'not-now', recover: 'none' });
  });

  test.each(['{"type":"insert-card"}', '{"type":"insert-card","card":7}', '{"type":"touch","finger":"x","card":"y"}', '{"type":"begin"}'])(
    'refuses %s',
    async (body) => {
      expect((await post(shared, body)).status).toBe(400);
    },
  );
});

describe('a real station', () => {
  const shared = stationForTests();

  test('has no workbench', async () => {
    const state = await fetch(`${shared.station.origin}/workbench/state`, { headers: shared.headers });
    expect(state.status).toBe(404);
    expect(await state.json()).toEqual({ code: 'not-found', recover: 'none' });
    expect((await post(shared, '{"type":"remove-card"}')).status).toBe(404);
  });
});
