/** What is wrong with a configuration; same form as what a graph check finds, so that both print as one list. */
export interface ConfigFault {
  readonly at: FilePlace;
  readonly level: 'error' | 'warn';
  readonly id: ConfigFaultId;
  /** A sentence with the names, what was given and what is allowed. */
  readonly says: string;
}

/** From 1. A fault that belongs to no line stands at 1, 1. */
export interface FilePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Every kind of fault, with a line for the docs. */
export const configFaultIds = {
  'unknown-option': 'a key that is no option',
  'missing-option': 'an option without a default is not given',
  'bad-value': 'a value of another form or range than allowed',
  'missing-env': 'a variable of the environment is named and not set',
  'bad-name': 'an asset or symbol name of another form than allowed',
  'unknown-asset': 'a symbol names an asset that is not declared',
  'unknown-fees': 'a symbol names a fee schedule that is not declared',
  'unknown-symbol': 'a place outside symbols names a symbol that is not declared',
  'duplicate-id': 'two lines declare the same thing: the second would win silently',
  'inexact-tick': 'tick x lot, tick or lot is not a whole amount',
  'unsafe-amount': 'a maximum order, or a paper account, leaves the safe integer range',
  'small-supply': 'the asset is counted so finely that little of it can exist',
  'empty-range': 'the lowest value is above the highest',
  'off-step': 'a price or quantity limit is no multiple of tick or lot, or finer than the unit',
  'self-trade-mode': 'the default mode is not among the allowed ones',
  'secret-in-config': 'a secret stands in the file: name a variable of the environment instead',
  'decimals-changed': 'decimals of an asset that is in the log',
  'rules-changed': 'tick, lot or assets of a symbol that is in the log',
  'fees-unversioned': 'a fee rate changed without a higher version, or the version went back',
  'not-in-file': 'the log has an asset, symbol or schedule that the file no longer names',
  'without-effect': 'an option that does not count: what counts once is changed, or an operator set it since',
} as const;

export type ConfigFaultId = keyof typeof configFaultIds;

/** Those that a start only tells of; every other one refuses it. */
const warnings: ReadonlySet<ConfigFaultId> = new Set([
  'small-supply',
  'secret-in-config',
  'not-in-file',
  'without-effect',
]);

export function configFaultLevel(id: ConfigFaultId): ConfigFault['level'] {
  return warnings.has(id) ? 'warn' : 'error';
}
