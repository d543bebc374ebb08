/**
 * What `pipeline.config.ts` changed, as records: a start compares the file with the log and offers here what is new.
 * Nothing else brings configuration to an operator.
 */
import type { HeadInput, Outcome, Source, SourceDefinition } from '../pipelines/runtime/ports.ts';
import type {
  AdmissionConfig,
  AssetConfig,
  FeeConfig,
  LimitConfig,
  SymbolConfig,
} from '../schemas/generated/records.ts';
import { recordSet } from '../schemas/logs.ts';

export type ConfigurationRecord = AdmissionConfig | AssetConfig | FeeConfig | LimitConfig | SymbolConfig;

export interface ConfigurationChanges extends Source {
  /** Resolves when the change is durable; the outcome says at which positions it took effect. */
  apply(record: ConfigurationRecord, stampedMicros: number): Promise<Outcome>;
}

export function configurationChanges(): SourceDefinition<{ changes: ConfigurationRecord }> {
  return {
    name: 'configuration-changes',
    outputs: {
      changes: recordSet('ConfigurationRecord', [
        'asset_config',
        'symbol_config',
        'fee_config',
        'limit_config',
        'admission_config',
      ] as const),
    },
    async open({ feed }) {
      const source: ConfigurationChanges = {
        async apply(record, stampedMicros) {
          let told: (outcome: Outcome) => void = () => {};
          const outcome = new Promise<Outcome>((resolve) => {
            told = resolve;
          });
          const input: HeadInput = { record, stampedMicros, done: told };
          while (!feed.offer('changes', [input])) await feed.room();
          return outcome;
        },
        start() {},
        async stop() {},
      };
      return source;
    },
  };
}
