/** A field that holds any JSON that the log can write (`record.ts`): texts, whole numbers, truth values, lists and objects, to a depth. */
import * as z from 'zod';
import type { Json, JsonObject } from './record.ts';

const json = (depth: number): z.ZodType<Json> =>
  depth === 0
    ? z.never()
    : z.union([z.string(), z.int(), z.boolean(), z.array(z.lazy(() => json(depth - 1))), z.lazy(() => jsonObject(depth - 1))]);
/** An object of so many levels. */
export const jsonObject = (depth: number): z.ZodType<JsonObject> =>
  z.record(
    z.string().regex(/^[a-z][a-z0-9_]*$/),
    z.lazy(() => json(depth)),
  );
