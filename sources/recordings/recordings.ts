/**
 * Recorded files as a source of the graph: `bitstamp:FILE`, `lobster:FILE[,SEED_FILE]`, `workload:FILE`. A recording is
 * played in its own time by whoever runs the graph, command by command, so this source only names what it sends.
 */
import type { SourceDefinition } from '../../pipelines/runtime/ports.ts';
import { recordSet } from '../../schemas/logs.ts';
import { BitstampRecording } from './bitstamp.ts';
import { LobsterRecording } from './lobster.ts';
import type { RecordedCommand, Recording, RecordingOptions } from './recording.ts';
import { RecordingError, readRecording, readRecordingLines } from './recording-file.ts';
import { WorkloadRecording } from './workload.ts';

export function recordings(): SourceDefinition<{ commands: RecordedCommand }> {
  return {
    name: 'recordings',
    outputs: { commands: recordSet('RecordedCommand', ['place', 'cancel', 'amend', 'deposit'] as const) },
    async open() {
      return { start() {}, async stop() {} };
    },
  };
}

const KINDS: { readonly [kind: string]: (files: readonly string[], options: RecordingOptions) => Recording } = {
  bitstamp: ([file], options) => new BitstampRecording(readRecordingLines(file!), file!, options),
  lobster: ([file, seeds], options) =>
    new LobsterRecording(
      {
        messages: readRecordingLines(file!),
        messagesName: file!,
        ...(seeds === undefined ? {} : { seeds: readRecordingLines(seeds) }),
      },
      options,
    ),
  workload: ([file], options) => new WorkloadRecording(readRecording(file!), file!, options),
};

/** Opens what `--source` names. Throws `RecordingError` with the kinds there are, or what is wrong with the file. */
export function openRecording(argument: string, options: RecordingOptions): Recording {
  const colon = argument.indexOf(':');
  const kind = argument.slice(0, Math.max(0, colon));
  const open = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
  const files = argument.slice(colon + 1).split(',');
  if (!open || files.some((file) => file === '')) {
    const kinds = Object.keys(KINDS).join(', ');
    throw new RecordingError(`--source: "${argument}" given, KIND:FILE is allowed, with a kind of ${kinds}`);
  }
  return open(files, options);
}
