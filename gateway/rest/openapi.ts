/** OpenAPI 3.1 of routes, made from what they declare: there is no second list to keep. */
import { z } from 'zod';
import { enumSymbols } from '../../schemas/generated/records.ts';
import { errorAnswer } from './answer-shapes.ts';
import { gatewayCodes, reasonSentences, statusOf } from './errors.ts';
import { batchItem, placeBody } from './request-shapes.ts';
import type { AnyRoute } from './route.ts';

type Json = { readonly [key: string]: unknown };

/** Codes that any route may answer with: form, size and pace of a request, and faults of ours. */
const EVERY_ROUTE = ['malformed', 'too_large', 'unsupported_media_type', 'rate_limited', 'internal'] as const;
const EVERY_PRIVATE_ROUTE = ['unauthenticated', 'timestamp_out_of_window', 'forbidden', 'unavailable'] as const;

export function openApiOf(routes: readonly AnyRoute[]): Json {
  const components = new Components();
  const paths: { [path: string]: { [method: string]: Json } } = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] ??= {};
    paths[path][route.method.toLowerCase()] = operationOf(route, components);
  }
  components.schemaOf(errorAnswer);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sluice',
      version: '1',
      description:
        'A spot exchange. Decimals and ids are strings, times ISO 8601 in UTC. An answer to a command means that it and all it caused is durable.',
    },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.map(({ subject }) => subject))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'an access token of a login, or the token that the start prints',
        },
        key: {
          type: 'apiKey',
          in: 'header',
          name: 'sluice-key',
          description:
            'an API key, with sluice-timestamp, sluice-nonce and sluice-signature over METHOD, PATH, QUERY, the SHA-256 of the body, timestamp and nonce, one a line',
        },
      },
      schemas: {
        ...components.schemas,
        Code: codesOf(),
        Error: errorWithCode(components),
      },
    },
  };
}

function operationOf(route: AnyRoute, components: Components): Json {
  const parameters = [
    ...parametersOf('path', route.params, components),
    ...parametersOf('query', route.query, components),
    ...(route.idempotency === undefined
      ? []
      : [
          {
            name: 'Idempotency-Key',
            in: 'header',
            required: false,
            description: `the same as ${route.idempotency} in the body`,
            schema: { type: 'string', pattern: '^[A-Za-z0-9_.:-]{1,36}$' },
          },
        ]),
  ];
  return {
    operationId: route.id,
    tags: [route.subject],
    summary: route.summary,
    ...(route.says === undefined ? {} : { description: route.says }),
    security: route.access === 'public' ? [] : [{ token: [] }, { key: [] }],
    'x-scope': route.access,
    'x-limit-class': route.limit.class,
    'x-weight': typeof route.limit.weight === 'number' ? route.limit.weight : 'one an order',
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: components.schemaOf(route.body) } },
          },
        }),
    responses: responsesOf(route, components),
    'x-examples': route.examples,
  };
}

function parametersOf(where: 'path' | 'query', shape: AnyRoute['params'], components: Components): Json[] {
  if (shape === undefined) return [];
  const { properties = {}, required = [] } = components.schemaOf(shape) as {
    readonly properties?: { readonly [name: string]: Json };
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: where,
    required: required.includes(name),
    schema,
  }));
}

function responsesOf(route: AnyRoute, components: Components): Json {
  const codes = [...EVERY_ROUTE, ...(route.access === 'public' ? [] : EVERY_PRIVATE_ROUTE), ...route.refusals];
  const byStatus = Map.groupBy(new Set(codes), (code) => statusOf(code));
  const headers = {
    RateLimit: {
      description: 'what is left of the tightest bucket, and seconds until it is full',
      schema: { type: 'string' },
    },
    'RateLimit-Policy': { description: 'how much that bucket holds', schema: { type: 'string' } },
  };
  const answers = Object.entries(route.answers).map(([status, { says, body, contentType }]) => [
    status,
    {
      description: says,
      headers,
      content: {
        [contentType ?? 'application/json']: {
          schema: body === undefined ? { type: 'string' } : components.schemaOf(body),
        },
      },
    },
  ]);
  const refusals = [...byStatus].map(([status, of]) => [
    String(status),
    {
      description: of.map((code) => `\`${code}\``).join(', '),
      ...(status === 429 || status === 503
        ? { headers: { 'Retry-After': { description: 'seconds', schema: { type: 'string' } } } }
        : {}),
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
    },
  ]);
  return Object.fromEntries([...answers, ...refusals].sort(([left], [right]) => Number(left) - Number(right)));
}

/** The closed list of codes, with what each says. */
function codesOf(): Json {
  return {
    type: 'string',
    enum: [...Object.keys(gatewayCodes), ...enumSymbols.RejectReason],
    description: enumSymbols.RejectReason.map((reason) => `\`${reason}\`: ${reasonSentences[reason]}`).join('\n'),
  };
}

function errorWithCode({ schemas }: Components): Json {
  const error = schemas.Error as { readonly properties: Json };
  return { ...error, properties: { ...error.properties, code: { $ref: '#/components/schemas/Code' } } };
}

/** Schemas that have a name stand once under `components`, and are referred to. */
class Components {
  readonly schemas: { [name: string]: Json } = {};

  schemaOf(shape: z.ZodType): Json {
    // Inside of another one: a shape with a name would stand at the top without it.
    const made = z.toJSONSchema(z.strictObject({ it: shape }), {
      io: 'input',
      unrepresentable: 'any',
      override: ({ zodSchema, jsonSchema }) => {
        if (zodSchema === (batchItem as unknown)) {
          Object.assign(jsonSchema, z.toJSONSchema(placeBody, { io: 'input', unrepresentable: 'any' }));
          delete jsonSchema.$schema;
        }
      },
    }) as unknown as { readonly $defs?: { readonly [name: string]: Json }; readonly properties: { readonly it: Json } };
    for (const [name, schema] of Object.entries(made.$defs ?? {})) this.schemas[name] = referring(schema);
    return referring(made.properties.it);
  }
}

function referring<T>(schema: T): T {
  return JSON.parse(
    JSON.stringify(schema, (key, value) => (key === 'id' && typeof value === 'string' ? undefined : value)).replaceAll(
      '"#/$defs/',
      '"#/components/schemas/',
    ),
  );
}
