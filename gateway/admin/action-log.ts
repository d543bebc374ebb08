import type { AnyRecord } from '../../schemas/generated/records.ts';
import { ask, type IdentityDatabase } from '../identity/identity-store.ts';
import { UnavailableError } from '../identity/unavailable.ts';
import type { GatewayRecord, ViewPort } from '../ports.ts';
import { addEffect, type Effect } from './effects.ts';

/** Newest actions that are answered from memory. */
const KEPT = 1_000;
/** Actions that wait for the database at most; beyond it the oldest are left to the log, which has them all. */
const WAITING_MAX = 10_000;
/** Effects of an action come soon after it; then it is written. */
const SETTLES_MS = 1_000;

/** Who orders what no person ordered. */
const NOBODY: ReadonlySet<string> = new Set(['config', 'recording']);

export interface Action {
  /** Packed position of its record. */
  readonly position: number;
  /** Log time, microseconds. */
  readonly takenAt: number;
  readonly action: string;
  /** What was ordered, field by field. */
  readonly detail: { readonly [field: string]: string };
  readonly symbol: number;
  readonly account: number;
  readonly reason: string;
  readonly requestedBy: string;
  readonly approvedBy: string;
  readonly effects: readonly Effect[];
}

type Draft = Action & { readonly effects: Effect[]; readonly heardAtMs: number };

/**
 * What operators did, heard from the logs whoever did it: an order from the control log, an adjustment from the accounts
 * log, and where each took effect. Written to the database, which keeps the list; the newest are here as well.
 *
 * State: the newest actions; those that are not written yet.
 */
export class ActionLog {
  readonly #database: IdentityDatabase | undefined;
  readonly #views: Pick<ViewPort, 'markets'>;
  readonly #epoch: string;
  readonly #kept = new Map<number, Draft>();
  readonly #waiting = new Map<number, Draft>();

  constructor(database: IdentityDatabase | undefined, views: Pick<ViewPort, 'markets'>, epoch: string) {
    this.#database = database;
    this.#views = views;
    this.#epoch = epoch;
  }

  hear(batch: readonly GatewayRecord[], nowMs: number): void {
    // An order and what it caused may stand in any order of logs.
    for (const heard of batch) this.#begin(heard, nowMs);
    if (this.#waiting.size === 0) return;
    for (const { correlationId, log, record } of batch) {
      const draft = log === 'control' ? undefined : this.#waiting.get(correlationId);
      if (draft) addEffect(draft.effects, record, this.#views);
    }
  }

  /** Newest first, at most `limit`, all taken before `beforeMicros`. Of the newest alone while the database is away. */
  async list(limit: number, beforeMicros: number): Promise<{ readonly actions: Action[]; readonly whole: boolean }> {
    const newest = [...this.#kept.values()].filter(({ takenAt }) => takenAt < beforeMicros);
    try {
      const byPosition = new Map((await this.#stored(limit, beforeMicros)).map((action) => [action.position, action]));
      for (const action of newest) byPosition.set(action.position, action);
      return { actions: newestFirst([...byPosition.values()]).slice(0, limit), whole: true };
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      return { actions: newestFirst(newest).slice(0, limit), whole: false };
    }
  }

  /** Writes what has settled; what cannot be written now waits. */
  async write(nowMs: number): Promise<void> {
    if (!this.#database) return;
    for (const [position, draft] of this.#waiting) {
      if (nowMs - draft.heardAtMs < SETTLES_MS) return;
      try {
        await this.#insert(this.#database, draft);
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
        return;
      }
      this.#waiting.delete(position);
    }
  }

  #begin({ log, record, correlationId, occurredAt }: GatewayRecord, nowMs: number): void {
    const what = log === 'control' ? orderOf(record) : adjustmentOf(record);
    if (!what || this.#kept.has(correlationId)) return;
    const { symbol } = record;
    const account = 'account' in record ? record.account : 0;
    const draft: Draft = {
      position: correlationId,
      takenAt: occurredAt,
      ...what,
      symbol,
      account,
      effects: [],
      heardAtMs: nowMs,
    };
    this.#kept.set(correlationId, draft);
    this.#waiting.set(correlationId, draft);
    if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value!);
    if (this.#waiting.size > WAITING_MAX) this.#waiting.delete(this.#waiting.keys().next().value!);
  }

  async #insert(database: IdentityDatabase, action: Draft): Promise<void> {
    await ask(
      database,
      `INSERT INTO admin.actions (epoch, position, taken_at, action, detail, effects, symbol, account, reason, requested_by, approved_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`,
      [
        this.#epoch,
        action.position,
        action.takenAt,
        action.action,
        JSON.stringify(action.detail),
        JSON.stringify(action.effects),
        action.symbol,
        action.account,
        action.reason,
        action.requestedBy,
        action.approvedBy,
      ],
    );
  }

  async #stored(limit: number, beforeMicros: number): Promise<Action[]> {
    if (!this.#database) throw new UnavailableError('this exchange runs without a database');
    const rows = await ask<{ [column: string]: string }>(
      this.#database,
      `SELECT position, taken_at, action, detail, effects, symbol, account, reason, requested_by, approved_by
         FROM admin.actions WHERE epoch = $1 AND taken_at < $2 ORDER BY taken_at DESC, position DESC LIMIT $3`,
      [this.#epoch, beforeMicros, limit],
    );
    return rows.map((row) => ({
      position: Number(row.position),
      takenAt: Number(row.taken_at),
      action: row.action!,
      detail: JSON.parse(row.detail!) as Action['detail'],
      effects: JSON.parse(row.effects!) as Effect[],
      symbol: Number(row.symbol),
      account: Number(row.account),
      reason: row.reason!,
      requestedBy: row.requested_by!,
      approvedBy: row.approved_by!,
    }));
  }
}

type What = Pick<Action, 'action' | 'detail' | 'reason' | 'requestedBy' | 'approvedBy'>;

function orderOf(record: AnyRecord): What | undefined {
  switch (record.type) {
    case 'admin': {
      const { action, marketState, accountState, until, reason, requestedBy, approvedBy } = record;
      const detail = {
        ...(marketState === null ? {} : { market_state: marketState }),
        ...(accountState === null ? {} : { account_state: accountState }),
        ...(until === 0 ? {} : { until: String(until) }),
      };
      return { action, detail, reason, requestedBy, approvedBy };
    }
    case 'limit_config': {
      const { openOrders, ordersPerSecond, version, reason, requestedBy } = record;
      if (NOBODY.has(requestedBy)) return undefined;
      const detail = {
        open_orders: String(openOrders),
        orders_per_second: String(ordersPerSecond),
        version: String(version),
      };
      return { action: 'set_limits', detail, reason, requestedBy, approvedBy: '' };
    }
    case 'fee_config': {
      const { schedule, version, makerPpm, takerPpm, feeAsset, reason, requestedBy } = record;
      if (NOBODY.has(requestedBy)) return undefined;
      const detail = {
        schedule,
        version: String(version),
        maker_ppm: String(makerPpm),
        taker_ppm: String(takerPpm),
        fee_asset: feeAsset,
      };
      return { action: 'set_fees', detail, reason, requestedBy, approvedBy: '' };
    }
    case 'key_revocation': {
      const { keyId, reason, requestedBy } = record;
      // Logging out is nobody's order.
      if (!keyId.startsWith('key_')) return undefined;
      return { action: 'revoke_key', detail: { key_id: keyId }, reason, requestedBy, approvedBy: '' };
    }
    default:
      return undefined;
  }
}

function adjustmentOf(record: AnyRecord): What | undefined {
  if (record.type !== 'balance_change' || record.kind !== 'adjustment') return undefined;
  const { asset, amount, reference, reason, requestedBy, approvedBy } = record;
  const detail = { asset: String(asset), amount_units: String(amount), adjustment_id: reference };
  return { action: 'adjust_balance', detail, reason, requestedBy, approvedBy };
}

function newestFirst(actions: Action[]): Action[] {
  return actions.sort((a, b) => b.takenAt - a.takenAt || b.position - a.position);
}
