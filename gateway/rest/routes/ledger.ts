import type { SymbolId } from '../../../schemas/generated/records.ts';
import { formatId } from '../../../schemas/ids.ts';
import type { GatewayParts, ViewPort } from '../../ports.ts';
import { ledgerAnswer } from '../answer-shapes.ts';
import { cursorOf, placeOfCursor } from '../cursors.ts';
import { assetNamed } from '../find-asset.ts';
import { instantOfMicros } from '../instants.ts';
import { ownLedger, type StatementEntry } from '../own-ledger.ts';
import { wideAmount } from '../payloads.ts';
import { ledgerQuery } from '../request-shapes.ts';
import { ok, route } from '../route.ts';

const ENTRIES = 100;

export const ledgerRoutes = [
  route({
    id: 'ledger',
    method: 'GET',
    path: '/v1/ledger',
    subject: 'Account',
    summary: 'every entry that moved the account’s money; `asset`, `limit` to 500, older ones by `cursor`',
    says: 'Newest first. An entry is one side of a trade, a deposit, a withdrawal or an adjustment with the command behind it, or the holds and releases of a stretch of the log, netted. `changes` are the account’s own postings: `available` is what can be used, `hold` what orders hold. The ledger follows the log by about a second. A page may be short, even empty, and still have a next one.',
    access: 'read',
    limit: { class: 'read', weight: 10 },
    query: ledgerQuery,
    answers: { 200: { says: 'a page of entries', body: ledgerAnswer } },
    refusals: ['unknown_symbol', 'unavailable'],
    examples: [{ says: 'The last movements', query: { limit: '10' }, status: 200 }],
    async handle({ principal, query }, parts) {
      const asset = query.asset === undefined ? undefined : assetNamed(query.asset, parts).asset;
      const list = `ledger.${asset ?? 0}`;
      const [before] = placeOfCursor(list, 1, query.cursor) ?? [];
      const { entries, next } = await ownLedger(
        principal.account,
        { asset, before, limit: query.limit ?? ENTRIES },
        parts,
      );
      return ok({
        entries: entries.map((entry) => entryPayload(entry, parts)),
        next_cursor: next === undefined ? null : cursorOf(list, next),
      });
    },
  }),
];

function entryPayload(entry: StatementEntry, { views }: Pick<GatewayParts, 'views'>) {
  return {
    entry_id: formatId(entry.entryId),
    kind: entry.kind,
    time: instantOfMicros(entry.movedAtMicros),
    symbol: views.markets.get(entry.symbol as SymbolId)?.config.name ?? null,
    trade_id: entry.tradeId > 0 ? formatId(entry.tradeId) : null,
    command_id: entry.commandId > 0 ? formatId(entry.commandId) : null,
    first_offset: formatId(entry.firstSequence),
    last_offset: formatId(entry.lastSequence),
    reference: entry.reference === '' ? null : entry.reference,
    reason: entry.reason === '' ? null : entry.reason,
    changes: entry.changes.map((change) => changePayload(change, views)),
  };
}

function changePayload({ asset, ledgerAccount, amount }: StatementEntry['changes'][number], { assets }: ViewPort) {
  const config = assets.get(asset)!;
  return { asset: config.name, ledger_account: ledgerAccount, amount: wideAmount(amount, config) };
}
