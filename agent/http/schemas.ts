/**
 * JSON schemas of the bodies that are taken. The tables are typed by the contract, so an action that the contract gains or loses does not
 * compile here until it has its schema. Unknown fields are refused, nothing is coerced, dropped or filled in.
 */
import { mostDocuments, type Action, type WorkbenchAction } from '../contract/api.ts';

interface TextSchema {
  readonly type: 'string';
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
}

interface NumberSchema {
  readonly type: 'integer';
  readonly minimum: number;
  readonly maximum: number;
}

interface ListSchema {
  readonly type: 'array';
  readonly items: TextSchema;
  readonly minItems: number;
  readonly maxItems: number;
}

type FieldSchema = TextSchema | NumberSchema | ListSchema;

/** For every member of a union of actions, one schema for each field beside `type`. */
type FieldTable<U extends { readonly type: string }> = {
  readonly [T in U['type']]: { readonly [K in Exclude<keyof Extract<U, { readonly type: T }>, 'type'>]: FieldSchema };
};

const sha256: TextSchema = { type: 'string', pattern: '^[0-9a-f]{64}$' };

/** Longest id that is read, characters. */
export const idLimit = 200;
const id: TextSchema = { type: 'string', minLength: 1, maxLength: idLimit };

/** A list with one item for each document that a visit may sign at most, whatever the station's own limit is. */
const list = (items: TextSchema): ListSchema => ({ type: 'array', items, minItems: 1, maxItems: mostDocuments });

/** Points on a page, or pages: no PDF page is longer than 14,400 points (ISO 32000-1 annex C). */
const length: NumberSchema = { type: 'integer', minimum: 0, maximum: 20_000 };

const actionFields: FieldTable<Action> = {
  begin: {},
  'choose-certificate': { certificateSha256: sha256 },
  'choose-documents': { documentIds: list(id) },
  'place-mark': { page: { ...length, minimum: 1 }, left: length, top: length },
  'remove-mark': {},
  reviewed: {},
  consent: { digests: list(sha256) },
  check: {},
  'check-file': { fileId: id },
  back: {},
  continue: {},
  cancel: {},
  'more-time': {},
  alive: {},
};

const workbenchActionFields: FieldTable<WorkbenchAction> = {
  'insert-card': { card: id },
  'remove-card': {},
  'pull-card-while-signing': {},
  touch: { finger: id },
  'unplug-fingerprint-reader': {},
  'plug-fingerprint-reader': {},
};

/** Body of POST /api/actions. */
export const actionSchema = oneOf(actionFields);

/** Body of POST /workbench/actions. */
export const workbenchActionSchema = oneOf(workbenchActionFields);

/** Parameters of GET /api/documents/:id. */
export const documentParamsSchema = { type: 'object', properties: { id }, required: ['id'], additionalProperties: false };

function oneOf(table: Readonly<Record<string, Readonly<Record<string, FieldSchema>>>>): object {
  return {
    type: 'object',
    required: ['type'],
    discriminator: { propertyName: 'type' },
    oneOf: Object.entries(table).map(([type, fields]) => ({
      properties: { type: { const: type }, ...fields },
      required: ['type', ...Object.keys(fields)],
      additionalProperties: false,
    })),
  };
}
