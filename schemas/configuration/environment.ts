/** A value of the environment, named in the file; read when the file is. */
export interface EnvReference {
  readonly env: string;
  readonly default: string | undefined;
}

const references = new WeakSet<object>();

/**
 * A place that takes its value from the environment: `env('SLUICE_DATA_DIR', './data')`. Without a default the variable
 * must be set.
 */
export function env(name: string, defaultValue?: string): EnvReference {
  const reference = Object.freeze({ env: name, default: defaultValue });
  references.add(reference);
  return reference;
}

export function isEnvReference(value: unknown): value is EnvReference {
  return typeof value === 'object' && value !== null && references.has(value);
}
