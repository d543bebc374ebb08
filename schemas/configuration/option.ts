import { z } from 'zod';

/** What is said of an option beside its type and default: help text, messages and environment come from here. */
export interface OptionMeta {
  /** One or two sentences. */
  readonly help: string;
  /** What is allowed, as it stands in a message: `a whole number from 1 to 64`. */
  readonly allowed: string;
  /** Environment variable that wins over the file. */
  readonly env?: string;
  readonly unit?: string;
  /** Never shown; a literal in the file is warned of. */
  readonly secret?: true;
}

/** Every option that was declared, by its schema. */
export const optionRegistry = z.registry<OptionMeta>();

/** Declares an option: one schema gives type, default, check and conversion; the meta the rest. */
export function option<S extends z.ZodType>(schema: S, meta: OptionMeta): S {
  optionRegistry.add(schema, meta);
  return schema;
}

/** A string with a form of its own, read into a value; `parse` gives undefined for what is not of that form. */
export function form<Text extends string, Value>(parse: (text: string) => Value | undefined) {
  const schema = z.string().transform((text, context) => {
    const value = parse(text);
    if (value === undefined) {
      context.issues.push({ code: 'custom', input: text, message: 'not of this form' });
      return z.NEVER;
    }
    return value;
  });
  return schema as unknown as z.ZodType<Value, Text>;
}

/** A whole number from `min` to `max`; no float, no text. */
export function whole(min: number, max: number) {
  return z.int().min(min).max(max);
}
