import type { z } from 'zod';
import { type OptionMeta, optionRegistry } from './option.ts';
import { configOptions } from './options.ts';

/** One option, as help and messages know it. `path` has `<name>` where the file has names of its own. */
export interface DeclaredOption {
  readonly path: string;
  readonly meta: OptionMeta;
  /** As it stands in the effective configuration; undefined where there is none. */
  readonly default: unknown;
  readonly required: boolean;
  /** Given as a number, not as text. */
  readonly isNumber: boolean;
}

/** The parts of a zod schema that the walk looks at. */
interface Definition {
  readonly type: string;
  readonly shape?: { readonly [key: string]: z.ZodType };
  readonly innerType?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly defaultValue?: unknown;
}

const NAME_OF: { readonly [group: string]: string } = {
  assets: '<ASSET>',
  symbols: '<BASE-QUOTE>',
  fees: '<schedule>',
};

/** Every option in the order of its declaration. */
export function declaredOptions(): DeclaredOption[] {
  const found: DeclaredOption[] = [];
  walk(configOptions, [], found);
  return found;
}

/** The whole help text: each option with its default, what is allowed, its variable, and what it does. */
export function helpText(): string {
  const lines: string[] = [];
  for (const { path, meta, default: value, required } of declaredOptions()) {
    const facts = [
      meta.allowed,
      required ? 'required' : value === undefined ? '' : `default ${JSON.stringify(value)}${unitOf(meta)}`,
      meta.env ?? '',
    ].filter((fact) => fact !== '');
    lines.push(path, `    ${meta.help}`, `    ${facts.join(' · ')}`, '');
  }
  return lines.join('\n');
}

function unitOf(meta: OptionMeta): string {
  return meta.unit === undefined ? '' : ` ${meta.unit}`;
}

function walk(schema: z.ZodType, path: readonly string[], found: DeclaredOption[]): void {
  const definition = schema.def as unknown as Definition;
  const meta = optionRegistry.get(schema);
  if (meta !== undefined) {
    found.push({
      path: path.join('.'),
      meta,
      default: definition.defaultValue,
      isNumber: (definition.innerType ?? schema).def.type === 'number',
      required: definition.type !== 'default' && definition.type !== 'optional',
    });
    return;
  }
  if (definition.shape !== undefined) {
    for (const [key, inner] of Object.entries(definition.shape)) walk(inner, [...path, key], found);
  }
  if (definition.type === 'record') walk(definition.valueType!, [...path, NAME_OF[path[0]!] ?? '<name>'], found);
  if (definition.innerType !== undefined) walk(definition.innerType, path, found);
  for (const branch of definition.options ?? []) walk(branch, path, found);
}
