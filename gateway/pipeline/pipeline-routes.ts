/** The graph and how it runs, for whoever looks after it. A sample shows what others do, so it asks for a role. */
import { z } from 'zod';
import type { Principal } from '../identity/principal.ts';
import { RequestRefused } from '../rest/errors.ts';
import { ok, route } from '../rest/route.ts';
import {
  pipelineAnswer,
  pipelinePayload,
  sampleAnswer,
  samplePayload,
  stageAnswer,
  stagePayload,
} from './pipeline-payload.ts';

const name = z.string().min(1).max(100);

export const pipelineRoutes = [
  route({
    id: 'pipelineGraph',
    method: 'GET',
    path: '/v1/pipeline/graph',
    subject: 'Pipeline',
    summary: 'the graph that runs: sources, logs, stages, sinks, and the edges between them',
    access: 'read',
    limit: { class: 'read', weight: 5 },
    answers: {
      200: { says: 'the graph, as `sluice graph --format json` prints it', body: z.looseObject({ id: z.string() }) },
    },
    refusals: [],
    examples: [{ says: 'What runs here?', status: 200 }],
    handle: (_asked, { telemetry }) => ok(telemetry.graph()),
  }),
  route({
    id: 'pipeline',
    method: 'GET',
    path: '/v1/pipeline',
    subject: 'Pipeline',
    summary: 'rates, delays and queues of every edge, stage and sink',
    says: 'A look is shared by all who ask within a second; rates are those since the look before.',
    access: 'read',
    limit: { class: 'read', weight: 5 },
    answers: { 200: { says: 'the graph at work', body: pipelineAnswer } },
    refusals: [],
    examples: [{ says: 'How busy is it, and does anything wait?', status: 200 }],
    handle: async (_asked, { telemetry }) => ok(pipelinePayload(await telemetry.pipeline())),
  }),
  route({
    id: 'pipelineStage',
    method: 'GET',
    path: '/v1/pipeline/stages/:stage',
    subject: 'Pipeline',
    summary: 'what a stage has applied, and the hash of its state, by partition',
    access: 'read',
    limit: { class: 'read', weight: 10 },
    params: z.strictObject({ stage: name }),
    answers: { 200: { says: 'the stage', body: stageAnswer } },
    refusals: ['not_found'],
    examples: [{ says: 'The state of risk', params: { stage: 'risk' }, status: 200 }],
    async handle({ params }, { telemetry }) {
      const stage = await telemetry.stage(params.stage);
      if (stage) return ok(stagePayload(stage));
      throw notFound('stage', params.stage, stagesOf(telemetry.graph()));
    },
  }),
  route({
    id: 'pipelineSample',
    method: 'GET',
    path: '/v1/pipeline/edges',
    subject: 'Pipeline',
    summary: 'the newest records of an edge',
    says: 'For the roles analyst, ops and admin. Of logs that pass the gateway they are at hand; of others they are noted from the first look on.',
    access: 'read',
    limit: { class: 'read', weight: 20 },
    query: z.strictObject({
      edge: name,
      count: z
        .string()
        .regex(/^([1-9]|10)$/, 'a number from 1 to 10')
        .optional(),
    }),
    answers: { 200: { says: 'at most 10 records, newest first', body: sampleAnswer } },
    refusals: ['not_found', 'forbidden'],
    examples: [],
    async handle({ query, principal }, { telemetry }) {
      onlyForStaff(principal);
      const records = await telemetry.sample(query.edge, Number(query.count ?? 10));
      if (records) return ok(samplePayload(query.edge, records));
      throw notFound('edge', query.edge, 'an edge of the graph, such as `match.events -> market`');
    },
  }),
];

/** Roles that may see what others do. */
export function onlyForStaff({ roles }: Pick<Principal, 'roles'>): void {
  if (roles.some((role) => role !== 'trader')) return;
  throw new RequestRefused({
    code: 'forbidden',
    message: 'This is for the roles analyst, ops and admin.',
    field: 'authorization',
    allowed: 'a credential of the role analyst, ops or admin',
  });
}

function notFound(field: string, given: string, allowed: string): RequestRefused {
  return new RequestRefused({
    code: 'not_found',
    message: `There is no ${field} of that name.`,
    field,
    given,
    allowed,
  });
}

function stagesOf(graph: unknown): string {
  const { nodes } = graph as { readonly nodes: readonly { readonly kind: string; readonly id: string }[] };
  return nodes
    .filter(({ kind }) => kind === 'stage')
    .map(({ id }) => id)
    .join(', ');
}
