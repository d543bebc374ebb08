/** The routes of an OpenAPI description as the page shows them. */
interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly description?: string;
  readonly properties?: { readonly [name: string]: Schema };
  readonly required?: readonly string[];
}
interface Operation {
  readonly operationId?: string;
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly description?: string;
  readonly security?: readonly unknown[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly description?: string;
    readonly schema?: Schema;
  }[];
  readonly requestBody?: {
    readonly content?: {
      readonly [type: string]: {
        readonly schema?: Schema;
        readonly example?: unknown;
        readonly examples?: { readonly [name: string]: { readonly value?: unknown } };
      };
    };
  };
  readonly responses?: { readonly [status: string]: { readonly description?: string } };
}
export interface OpenApi {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } };
}

export interface RouteShown {
  readonly id: string;
  readonly title: string;
  readonly subject: string;
  readonly method: string;
  readonly path: string;
  readonly summary: string;
  readonly says: string | undefined;
  readonly isPublic: boolean;
  readonly fields: readonly {
    readonly name: string;
    readonly place: string;
    readonly required: boolean;
    readonly says: string;
  }[];
  readonly example: unknown;
  readonly answers: readonly { readonly status: string; readonly says: string }[];
}

export function describeRoutes(api: OpenApi): RouteShown[] {
  return Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => describe(path, method.toUpperCase(), operation)),
  );
}

function describe(path: string, method: string, operation: Operation): RouteShown {
  const body = operation.requestBody?.content?.['application/json'];
  const parameters = (operation.parameters ?? []).map(({ name, in: place, required, description, schema }) => ({
    name,
    place,
    required: required === true,
    says: description ?? wordsOf(schema),
  }));
  const inBody = Object.entries(body?.schema?.properties ?? {}).map(([name, schema]) => ({
    name,
    place: 'body',
    required: body?.schema?.required?.includes(name) === true,
    says: wordsOf(schema),
  }));
  const id = operation.operationId ?? `${method} ${path}`;
  return {
    id,
    title: titleOf(id),
    subject: operation.tags?.[0] ?? 'Others',
    method,
    path,
    summary: sentence(operation.summary ?? ''),
    says: operation.description,
    isPublic: (operation.security ?? []).length === 0,
    fields: [...parameters, ...inBody],
    example: body?.example ?? Object.values(body?.examples ?? {})[0]?.value,
    answers: Object.entries(operation.responses ?? {}).map(([status, { description }]) => ({
      status,
      says: description ?? '',
    })),
  };
}

function wordsOf(schema: Schema | undefined): string {
  if (!schema) return '';
  if (schema.enum) return schema.enum.join(', ');
  return schema.description ?? (schema.type === 'boolean' ? 'true or false' : (schema.type ?? ''));
}

/** `placeOrder` is `Place order`. */
function titleOf(id: string): string {
  const words = id.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function sentence(text: string): string {
  return text === '' ? '' : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
