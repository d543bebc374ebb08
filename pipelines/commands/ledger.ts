import { parseArgs } from 'node:util';
import type pg from 'pg';
import { ExitError } from '../../schemas/exit.ts';
import type { AssetConfig } from '../../schemas/generated/records.ts';
import { parseId } from '../../schemas/ids.ts';
import type { LedgerAccess, LedgerRole } from '../../sinks/postgres-ledger/access.ts';
import { Connections, inTransaction } from '../../sinks/postgres-ledger/connections.ts';
import {
  QUERY_LIMITS,
  readBalances,
  readStatement,
  readSums,
  rebuildBalances,
  type StatementLine,
} from '../../sinks/postgres-ledger/ledger-queries.ts';
import { type Difference, type Reconciliation, reconcile } from '../../sinks/postgres-ledger/reconcile.ts';
import { withLedger } from '../ledger-access.ts';
import { loadProject } from '../load-project.ts';
import { rebuildLedgerFromLog } from '../rebuild-ledger.ts';
import { assetsInForce, riskBalancesAt } from '../risk-balances.ts';
import { readCatalog } from '../runtime/embedded/catalog-file.ts';
import { nodeDisk } from '../runtime/outside/node-disk.ts';
import type { Command, CommandIo } from './command.ts';
import { UsageError } from './command.ts';
import { dataDirectory } from './data-directory.ts';

type Assets = ReadonlyMap<number, AssetConfig>;

interface Options {
  readonly dataDir: string;
  readonly json: boolean;
  readonly fromLog: boolean;
  readonly limit: number;
  readonly before: number | undefined;
}

const DIFFERENCES_SHOWN = 20;
const STATEMENT_LINES_MAX = 1_000;

export const command: Command = {
  name: 'ledger',
  usage:
    'ledger reconcile | rebuild [--from-log] | balances [ACCOUNT] | statement ACCOUNT [--limit N] [--before ENTRY] [--json] [--data DIR]',
  summary: 'the double-entry ledger: compare it with risk, make it again, read it',
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        data: { type: 'string' },
        json: { type: 'boolean', default: false },
        'from-log': { type: 'boolean', default: false },
        limit: { type: 'string', default: '50' },
        before: { type: 'string' },
      },
    });
    const [verb, account, ...surplus] = positionals;
    if (surplus.length > 0) throw new UsageError(`"${surplus.join(' ')}" is too much`);
    const options: Options = {
      dataDir: await dataDirectory(values.data),
      json: values.json,
      fromLog: values['from-log'],
      limit: whole('--limit', values.limit, STATEMENT_LINES_MAX),
      before: values.before === undefined ? undefined : whole('--before', values.before, Number.MAX_SAFE_INTEGER),
    };
    switch (verb) {
      case 'reconcile':
        return reconcileVerb(options, io);
      case 'rebuild':
        return rebuildVerb(options, io);
      case 'balances':
        return balancesVerb(options, account === undefined ? undefined : whole('ACCOUNT', account), io);
      case 'statement':
        if (account === undefined) throw new UsageError('statement wants an ACCOUNT');
        return statementVerb(options, whole('ACCOUNT', account), io);
      default:
        throw new UsageError(`"${verb ?? ''}" given, reconcile, rebuild, balances and statement are allowed`);
    }
  },
};

/** The ledger against risk at one sequence a partition; exit 1 on any difference. */
async function reconcileVerb({ dataDir, json }: Options, io: CommandIo): Promise<number> {
  const { graph } = await loadProject();
  return withLedger(dataDir, { alone: false, say: io.err }, async (access) => {
    const ledger = await query(access, 'reader', readSums);
    const { risk, assets } = riskBalancesAt(graph, nodeDisk(), dataDir, ledger.cursors);
    const result = reconcile(ledger, risk);
    const good =
      result.differences.length + result.balancesOff.length + result.unbalanced.length + result.clearingOpen.length ===
      0;
    if (json) {
      const partitions = risk.map(({ partition, accountsOffset }) => ({
        partition,
        ledgerNext: ledger.cursors.get(partition) ?? 0,
        riskNext: accountsOffset,
      }));
      io.out(stringify({ ok: good, entries: ledger.entries, partitions, ...result }));
      return good ? 0 : 1;
    }
    for (const { partition, accountsOffset, tail } of risk) {
      const next = ledger.cursors.get(partition) ?? 0;
      const rest =
        accountsOffset === next
          ? ''
          : `, and ${tail.length} postings of the ${count(accountsOffset - next)} records behind it`;
      io.out(`at      accounts/${partition} offset ${count(accountsOffset)}: the ledger up to ${count(next)}${rest}`);
    }
    printReconciliation(result, assets, io);
    io.out(
      good
        ? `ok      ${count(result.compared)} amounts of ${count(ledger.entries)} entries equal risk's to the unit; every asset sums to zero`
        : `FAIL    the ledger and risk do not agree`,
    );
    return good ? 0 : 1;
  });
}

function printReconciliation(result: Reconciliation, assets: Assets, io: CommandIo): void {
  const print = (what: string, other: string, rows: readonly Difference[]) => {
    for (const { partition, account, ledgerAccount, asset, ledger, risk } of rows.slice(0, DIFFERENCES_SHOWN)) {
      io.out(
        `FAIL    ${what} partition ${partition} account ${account} ${ledgerAccount} ${nameOf(asset, assets)}: ${amount(ledger, asset, assets)}, ` +
          `${other} ${amount(risk, asset, assets)}, off by ${amount(ledger - risk, asset, assets)}`,
      );
    }
    if (rows.length > DIFFERENCES_SHOWN) io.out(`FAIL    and ${count(rows.length - DIFFERENCES_SHOWN)} more`);
  };
  print('postings', 'risk', result.differences);
  print('balances', 'postings', result.balancesOff);
  for (const { asset, rest } of result.unbalanced) {
    io.out(`FAIL    all postings of ${nameOf(asset, assets)} sum to ${amount(rest, asset, assets)}, not to zero`);
  }
  for (const { asset, rest } of result.clearingOpen) {
    io.out(
      `FAIL    the clearing accounts of ${nameOf(asset, assets)} sum to ${amount(rest, asset, assets)}, not to zero`,
    );
  }
}

async function rebuildVerb({ dataDir, json, fromLog }: Options, io: CommandIo): Promise<number> {
  const { graph } = await loadProject();
  return withLedger(dataDir, { alone: true, say: io.err }, async (access) => {
    if (!fromLog) {
      const changed = await query(access, 'owner', (client) => inTransaction(client, () => rebuildBalances(client)));
      if (json) io.out(stringify({ changedBalances: changed }));
      else io.out(`ok      balances made again from the postings; ${count(changed)} were different before`);
      return 0;
    }
    io.err('the ledger is thrown away and made again from the log');
    const rebuilt = await rebuildLedgerFromLog(graph, nodeDisk(), dataDir, access, io.err);
    const positions = Object.fromEntries(rebuilt.positions);
    if (json) io.out(stringify({ records: rebuilt.records, blocks: rebuilt.blocks, positions }));
    else
      io.out(
        `ok      ${count(rebuilt.records)} records of the accounts log settled again in ${count(rebuilt.blocks)} blocks`,
      );
    return 0;
  });
}

async function balancesVerb({ dataDir, json }: Options, account: number | undefined, io: CommandIo): Promise<number> {
  const assets = assetsInForce((await loadProject()).graph, nodeDisk(), dataDir);
  const rows = await withLedger(dataDir, { alone: false, say: io.err }, (access) =>
    query(access, 'reader', (client) => readBalances(client, account)),
  );
  if (json) {
    io.out(stringify(rows.map((row) => ({ ...row, assetName: nameOf(row.asset, assets) }))));
    return 0;
  }
  table(
    ['ACCOUNT', 'LEDGER ACCOUNT', 'ASSET', '>AMOUNT'],
    rows.map((row) => [
      String(row.account),
      row.ledgerAccount,
      nameOf(row.asset, assets),
      amount(row.amount, row.asset, assets),
    ]),
    io,
  );
  return 0;
}

async function statementVerb(
  { dataDir, json, limit, before }: Options,
  account: number,
  io: CommandIo,
): Promise<number> {
  const assets = assetsInForce((await loadProject()).graph, nodeDisk(), dataDir);
  const partitions = readCatalog(nodeDisk(), dataDir).partitions.accounts;
  if (partitions === undefined) throw new ExitError(78, `${dataDir} holds no accounts log yet`);
  const lines = await withLedger(dataDir, { alone: false, say: io.err }, (access) =>
    query(access, 'reader', (client) => readStatement(client, account, account % partitions, { limit, before })),
  );
  if (json) {
    io.out(stringify(lines));
    return 0;
  }
  table(
    ['TIME', '>ENTRY', 'KIND', 'ASSET', '>AVAILABLE', '>HOLD', '>TRADE', '>COMMAND', 'WHY'],
    lines.flatMap((line) => statementRows(line, assets)),
    io,
  );
  if (lines.length === limit) io.err(`older entries: --before ${lines.at(-1)!.entryId}`);
  return 0;
}

/** One row an asset of an entry. */
function statementRows(line: StatementLine, assets: Assets): string[][] {
  const { movedAt, entryId, kind, tradeSymbol, tradeId, commandId, postings } = line;
  const why = [line.reference, line.reason, line.reverses === undefined ? '' : `takes back ${line.reverses}`];
  return [...new Set(postings.map(({ asset }) => asset))].map((asset) => {
    const sum = (held: boolean) =>
      postings
        .filter((posting) => posting.asset === asset && (posting.ledgerAccount === 'hold') === held)
        .reduce((total, posting) => total + posting.amount, 0n);
    return [
      new Date(Math.floor(movedAt / 1000)).toISOString(),
      String(entryId),
      kind,
      nameOf(asset, assets),
      signed(sum(false), asset, assets),
      signed(sum(true), asset, assets),
      tradeId === undefined ? '' : `${tradeSymbol}/${tradeId}`,
      commandId === undefined ? `${line.firstSequence}-${line.lastSequence}` : String(commandId),
      why.filter((part) => part !== '').join(' '),
    ];
  });
}

async function query<T>(access: LedgerAccess, role: LedgerRole, ask: (client: pg.Client) => Promise<T>): Promise<T> {
  const connections = new Connections(() => access(role), 'sluice ledger', QUERY_LIMITS);
  try {
    return await connections.withClient(ask);
  } finally {
    connections.close();
  }
}

function nameOf(asset: number, assets: Assets): string {
  return assets.get(asset)?.name ?? `asset ${asset}`;
}

/** A decimal of the asset; units where the asset is not known. */
function amount(units: bigint, asset: number, assets: Assets): string {
  const decimals = assets.get(asset)?.decimals ?? 0;
  const digits = (units < 0n ? -units : units).toString().padStart(decimals + 1, '0');
  const sign = units < 0n ? '-' : '';
  const whole = digits.slice(0, digits.length - decimals);
  return decimals === 0 ? sign + whole : `${sign}${whole}.${digits.slice(-decimals)}`;
}

function signed(units: bigint, asset: number, assets: Assets): string {
  return units === 0n ? '' : `${units > 0n ? '+' : ''}${amount(units, asset, assets)}`;
}

/** Columns padded to their widest; `>` in front of a heading: to the right. */
function table(headings: readonly string[], rows: readonly (readonly string[])[], io: CommandIo): void {
  const names = headings.map((heading) => heading.replace('>', ''));
  const widths = names.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]!.length)));
  for (const row of [names, ...rows]) {
    const cells = row.map((cell, column) =>
      headings[column]!.startsWith('>') ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
    );
    io.out(cells.join('  ').trimEnd());
  }
}

function whole(name: string, text: string, most: number = Number.MAX_SAFE_INTEGER): number {
  const value = parseId(text);
  if (value === undefined || value < 1 || value > most) {
    throw new UsageError(`${name}: "${text}" given, a whole number from 1 to ${most} is allowed`);
  }
  return value;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** JSON with amounts as decimal strings of units: a JSON number would lose what lies above 2^53. */
function stringify(value: unknown): string {
  return JSON.stringify(value, (_key, inner) => (typeof inner === 'bigint' ? inner.toString() : inner));
}
