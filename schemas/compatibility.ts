/**
 * Whether records may change as they did. Every schema that bytes may have been written with is recorded under
 * `schemas/baseline/<record>/`; a declaration is held against the last one recorded.
 *
 * | the declaration | then |
 * | --- | --- |
 * | is the recorded one | nothing |
 * | differs under the same version, readable both ways (old reader and new writer, new reader and old writer) | record it |
 * | differs under the same version, not readable both ways | a fault: raise `version` |
 * | has a higher version | record it; if the new reader cannot read what is recorded, that is said |
 * | has a lower version, or is gone | a fault: what was written must stay readable |
 */
import avro from 'avsc';
import { canonicalForm } from './fingerprint.ts';
import type { AvroRecord, RecordDeclaration } from './generating/avro-schema.ts';
import type { BaselineSchema } from './generating/baseline.ts';

export interface CompatibilityFinding {
  readonly record: string;
  readonly level: 'error' | 'unrecorded' | 'warn';
  /** What is wrong and what to do about it. */
  readonly sentence: string;
}

const RECORD_IT = 'run: node schemas/record-baseline.ts && node schemas/generate.ts';

/** Findings of all records, in order of their names; empty when every declaration is the recorded one. */
export function checkCompatibility(
  declarations: readonly Pick<RecordDeclaration, 'type' | 'version' | 'schema'>[],
  baseline: readonly BaselineSchema[],
): CompatibilityFinding[] {
  const findings: CompatibilityFinding[] = [];
  const declared = new Set(declarations.map(({ type }) => type));
  for (const type of new Set(baseline.map((recorded) => recorded.type))) {
    if (declared.has(type)) continue;
    const sentence = `${type}.avsc is gone, but records of it may lie in logs and archives: bring the file back`;
    findings.push({ record: type, level: 'error', sentence });
  }
  for (const declaration of declarations) {
    const { type, version, schema } = declaration;
    const say = (level: CompatibilityFinding['level'], sentence: string): void => {
      findings.push({ record: type, level, sentence });
    };
    const history = baseline.filter((recorded) => recorded.type === type);
    const last = history.at(-1);
    if (last === undefined) {
      say('unrecorded', `${type} is not recorded yet: ${RECORD_IT}`);
      continue;
    }
    if (version < last.version) {
      say('error', `${type} has version ${version}, but ${last.version} is recorded: a version only grows`);
      continue;
    }
    const same = canonicalForm(schema) === canonicalForm(last.schema);
    if (same && version === last.version) continue;
    const backward = unreadable(schema, last.schema);
    const forward = unreadable(last.schema, schema);
    if (version === last.version && (backward ?? forward) !== undefined) {
      const direction =
        backward === undefined ? 'the recorded reader cannot read it' : 'it cannot read what is recorded';
      say(
        'error',
        `${type} v${version} changed and ${direction} (${backward ?? forward}): ` +
          `give a new field a "default", or raise "version" to ${version + 1} in schemas/records/${type}.avsc`,
      );
      continue;
    }
    say('unrecorded', `${type} v${version} changed in a way that reads: ${RECORD_IT}`);
    for (const recorded of history) {
      const reason = unreadable(schema, recorded.schema);
      if (reason === undefined) continue;
      say('warn', `${type} v${version} cannot read records of v${recorded.version} any more (${reason})`);
    }
  }
  return findings;
}

/** Why a reader cannot read what a writer wrote, or undefined when it can. */
export function unreadable(reader: AvroRecord, writer: AvroRecord): string | undefined {
  try {
    avro.Type.forSchema(reader as avro.Schema).createResolver(avro.Type.forSchema(writer as avro.Schema));
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
