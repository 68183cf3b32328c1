/**
 * `countersign tokens`: what is plugged in, and what each certificate may sign here and why not. It only looks: it never logs in, never writes,
 * and may be called while a station runs.
 */
import { command } from './arguments.ts';
import { askCardService, serviceCheck } from './doctor/service.ts';
import { renderSurvey } from './tokens/render.ts';
import { survey } from './tokens/survey.ts';
import { lookAround } from './tokens/surroundings.ts';

const help = `countersign tokens [--data DIR] [--json]

Lists the tokens that are plugged in: module, reader, PIN state, and each certificate with what it may sign here and why not. No PIN is asked for.

  --data DIR   the station by which they are judged (default: ./station, if there is one; otherwise trust and enrolment are not judged)
  --json       one JSON object
  --help

Exit codes: 0 listed, also when there is none, 2 cannot look.
`;

/** Longest wait for the card service's answer, milliseconds. */
const serviceMs = 3000;

export const tokens = command(
  { name: 'tokens', help, options: { data: { type: 'string' }, json: { type: 'boolean', default: false } } },
  async ({ values: { data, json } }, io) => {
    const at = new Date();
    const { survey: found } = await survey(await lookAround(data, at), at);
    const place = { root: '/', env: process.env, demo: false, now: at.getTime(), ms: serviceMs };
    const readersWanted = found.tokens.length === 0 && found.modules.some(({ namesReaders, fault }) => namesReaders && fault === undefined);
    const service = readersWanted ? serviceCheck(place, await askCardService(place)) : undefined;
    const looked = found.modules.some(({ fault }) => fault === undefined) && (service === undefined || service.finding === 'ok');
    const advice = service === undefined || service.finding === 'ok' ? {} : { card_service: { found: service.found, mend: service.mend } };
    io.out(
      json ? JSON.stringify({ format: 'countersign-tokens/1', looked, ...found, ...advice }, undefined, 2) : renderSurvey(found, service),
    );
    return looked ? 0 : 2;
  },
);
