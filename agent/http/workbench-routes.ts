/** The two routes of a demo station: what a person does to the virtual hardware. A station without a workbench does not have them. */
import type { FastifyInstance } from 'fastify';
import type { WorkbenchAction } from '../contract/api.ts';
import type { WorkbenchPort } from './ports.ts';
import { Refusal } from './refusals.ts';
import { workbenchActionSchema } from './schemas.ts';

/** Adds them to a scope that asks for the session. `requireRate` throws Refusal `too-many-requests`. */
export function addWorkbenchRoutes(scope: FastifyInstance, workbench: WorkbenchPort, requireRate: () => void): void {
  scope.get('/workbench/state', () => workbench.state());
  scope.post<{ Body: WorkbenchAction }>('/workbench/actions', { schema: { body: workbenchActionSchema } }, async (request, reply) => {
    requireRate();
    if (!(await workbench.act(request.body))) throw new Refusal('not-now');
    return reply.code(204).send();
  });
}
