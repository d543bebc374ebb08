/** The archive as tables of the embedded engine: it reads the files where they lie, so nothing is stored twice. */
import { archiveShape } from '../../schemas/archive-format.ts';
import type { AvroSchema } from '../../schemas/generating/avro-schema.ts';
import { isUnion } from '../../schemas/generating/avro-schema.ts';
import { quoted } from './engine/statement.ts';

const logs = ['commands', 'orders', 'market', 'accounts', 'control'] as const;

/** Statements that make `archive_<log>` in the database of the views, over the segments of a generation below a folder. */
export function archiveTablesSql(database: string, archive: string, generation: number): string[] {
  const folder = generation === 1 ? archive : `${archive}/generation-${generation}`;
  return logs.flatMap((log) => {
    const columns = archiveShape(log).schema.fields.map(({ name, type }) => `${name} ${typeOf(type)}`);
    const files = quoted(`${folder}/${log}/*/*.avro`);
    return [
      `DROP TABLE IF EXISTS ${database}.archive_${log}`,
      `CREATE TABLE ${database}.archive_${log} (${columns.join(', ')}) ENGINE = File(Avro, ${files})` +
        ` COMMENT 'Archived segments of the log ${log}: one row a record, in the column that type names'`,
    ];
  });
}

/** ClickHouse's type of an Avro schema. A record that may be null is a tuple of defaults where it is. */
function typeOf(schema: AvroSchema): string {
  if (typeof schema === 'string') {
    switch (schema) {
      case 'boolean':
        return 'Bool';
      case 'int':
        return 'Int32';
      case 'long':
        return 'Int64';
      case 'string':
        return 'String';
      default:
        // A name that was defined before stands for an enum, and any of them may be read as its word.
        return 'String';
    }
  }
  if (isUnion(schema)) {
    const branch = schema.find((one) => one !== 'null')!;
    const type = typeOf(branch);
    return type.startsWith('Tuple') ? type : `Nullable(${type})`;
  }
  switch (schema.type) {
    case 'record':
      return `Tuple(${schema.fields.map((field) => `${field.name} ${typeOf(field.type)}`).join(', ')})`;
    case 'array':
      return `Array(${typeOf(schema.items)})`;
    case 'enum':
      return 'String';
    case 'long':
      return schema.logicalType === 'timestamp-micros' ? "DateTime64(6, 'UTC')" : 'Int64';
    default:
      return typeOf(schema.type);
  }
}
