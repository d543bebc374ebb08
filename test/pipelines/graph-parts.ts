/** Small real parts for graphs under test: each operator does what its name says and nothing else. */
import type { OperatorDefinition } from '../../operators/contract.ts';
import type { SinkDefinition, SourceDefinition } from '../../pipelines/runtime/ports.ts';
import type { AnyRecord, RecordOf, RecordType } from '../../schemas/generated/records.ts';
import { type RecordSet, recordSet } from '../../schemas/logs.ts';

type PortTypes = { readonly [port: string]: readonly RecordType[] };
type PortsIn<T extends PortTypes> = { [N in keyof T]: RecordOf<T[N][number]> };

/** An operator that reads `reads` and forgets it. */
export function forgetting<const R extends readonly RecordType[], const T extends PortTypes>(
  name: string,
  reads: R,
  ports: T,
): OperatorDefinition<RecordOf<R[number]>, PortsIn<T>> {
  return {
    name,
    input: recordSet(`${name} input`, reads),
    outputs: sets(ports) as unknown as { readonly [N in keyof T]: RecordSet<PortsIn<T>[N]> },
    create: () => ({
      apply() {},
      snapshot: () => new Uint8Array(0),
      restore() {},
      stateHash: () => '0',
      checkInvariants() {},
    }),
  };
}

/** A source that offers nothing. */
export function silent<const T extends PortTypes>(ports: T): SourceDefinition<PortsIn<T>> {
  return {
    name: 'silent',
    outputs: sets(ports) as unknown as { readonly [N in keyof T]: RecordSet<PortsIn<T>[N]> },
    open: async () => ({ start() {}, async stop() {} }),
  };
}

export function swallowing(reads: readonly RecordType[]): SinkDefinition {
  return {
    name: 'swallowing',
    input: recordSet('swallowed', reads) as unknown as RecordSet<AnyRecord>,
    blockRecords: 1024,
    open: async () => ({ positions: async () => new Map(), async write() {}, async close() {} }),
  };
}

function sets(ports: PortTypes): { [port: string]: RecordSet<AnyRecord> } {
  return Object.fromEntries(
    Object.entries(ports).map(([port, types]) => [port, recordSet(port, types) as unknown as RecordSet<AnyRecord>]),
  );
}
