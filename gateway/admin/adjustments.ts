import { randomBytes } from 'node:crypto';
import type { AccountId, Amount, AssetId, RejectReason, Sequence, SymbolId } from '../../schemas/generated/records.ts';
import { ask, type IdentityDatabase } from '../identity/identity-store.ts';
import { UnavailableError } from '../identity/unavailable.ts';
import type { CommandPort, GatewayClock } from '../ports.ts';

export interface Adjustment {
  readonly adjustmentId: string;
  readonly account: number;
  readonly asset: number;
  /** Smallest units, signed. */
  readonly amount: number;
  readonly reason: string;
  readonly proposedBy: string;
  readonly proposedAt: number;
  readonly decision: 'approved' | 'declined' | null;
  readonly decidedBy: string | null;
  readonly decidedAt: number | null;
  /** `done`, or why the exchange refused it. */
  readonly outcome: 'done' | RejectReason | null;
  /** Of the account, where it took effect. */
  readonly sequence: number | null;
}

/** Why a decision was not taken. */
export type NotDecided = 'unknown' | 'decided' | 'own';

const COLUMNS = `adjustment_id AS "adjustmentId", account, asset, amount, reason, proposed_by AS "proposedBy",
  proposed_at AS "proposedAt", decision, decided_by AS "decidedBy", decided_at AS "decidedAt", outcome, sequence`;

/**
 * Balances changed by hand: one person proposes, another approves, and only then does the exchange get a command, under an
 * id that makes it happen once however often it is sent. What was approved and not answered is sent again.
 */
export class Adjustments {
  readonly #database: IdentityDatabase | undefined;
  readonly #commands: CommandPort;
  readonly #clock: GatewayClock;

  constructor(database: IdentityDatabase | undefined, commands: CommandPort, clock: GatewayClock) {
    this.#database = database;
    this.#commands = commands;
    this.#clock = clock;
  }

  async propose(
    wanted: Pick<Adjustment, 'account' | 'asset' | 'amount' | 'reason'>,
    proposedBy: string,
  ): Promise<Adjustment> {
    const rows = await this.#ask(
      `INSERT INTO admin.adjustments (adjustment_id, account, asset, amount, reason, proposed_by, proposed_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING ${COLUMNS}`,
      [
        `adj_${randomBytes(16).toString('base64url')}`,
        wanted.account,
        wanted.asset,
        wanted.amount,
        wanted.reason,
        proposedBy,
        this.#clock.nowMicros(),
      ],
    );
    return rows[0]!;
  }

  /** Newest first, at most 200; only those that wait for a decision where `waiting`. */
  list(waiting: boolean): Promise<Adjustment[]> {
    const which = waiting ? 'WHERE decision IS NULL' : '';
    return this.#ask(`SELECT ${COLUMNS} FROM admin.adjustments ${which} ORDER BY proposed_at DESC LIMIT 200`, []);
  }

  /** Approved by another person, and done; or why not. Rejects with `Overloaded` where it will be done later. */
  async approve(adjustmentId: string, approvedBy: string): Promise<Adjustment | NotDecided> {
    const decided = await this.#decide(adjustmentId, 'approved', approvedBy, 'AND proposed_by <> $3');
    if (typeof decided === 'string') return decided;
    return this.#carryOut(decided);
  }

  /** By anybody, also by who proposed it. */
  decline(adjustmentId: string, declinedBy: string): Promise<Adjustment | NotDecided> {
    return this.#decide(adjustmentId, 'declined', declinedBy, '');
  }

  /** What was approved and never answered, carried out: after a crash in between, or an exchange that was full. */
  async carryOutRest(): Promise<void> {
    // A while after the decision: its own request is at it until then.
    const rest = await this.#ask(
      `SELECT ${COLUMNS} FROM admin.adjustments WHERE decision = 'approved' AND outcome IS NULL AND decided_at < $1`,
      [this.#clock.nowMicros() - 10_000_000],
    );
    for (const adjustment of rest) await this.#carryOut(adjustment);
  }

  async #decide(
    adjustmentId: string,
    decision: 'approved' | 'declined',
    by: string,
    and: string,
  ): Promise<Adjustment | NotDecided> {
    const [decided] = await this.#ask(
      `UPDATE admin.adjustments SET decision = $2, decided_by = $3, decided_at = $4
         WHERE adjustment_id = $1 AND decision IS NULL ${and} RETURNING ${COLUMNS}`,
      [adjustmentId, decision, by, this.#clock.nowMicros()],
    );
    if (decided) return decided;
    const [found] = await this.#ask(`SELECT ${COLUMNS} FROM admin.adjustments WHERE adjustment_id = $1`, [
      adjustmentId,
    ]);
    if (!found) return 'unknown';
    return found.decision === null ? 'own' : 'decided';
  }

  async #carryOut(adjustment: Adjustment): Promise<Adjustment> {
    const { adjustmentId, account, asset, amount, reason, proposedBy, decidedBy } = adjustment;
    const { records } = await this.#commands.submit(
      {
        type: 'adjust',
        symbol: 0 as SymbolId,
        seq: 0 as Sequence,
        account: account as AccountId,
        asset: asset as AssetId,
        amount: amount as Amount,
        adjustmentId,
        reason,
        requestedBy: proposedBy,
        approvedBy: decidedBy!,
      },
      null,
    );
    const own = records
      .filter(({ log, record }) => log === 'accounts' && 'account' in record && record.account === account)
      .map(({ record }) => record);
    const rejected = own.find((record) => record.type === 'rejected');
    const sequence = own.at(-1)?.seq ?? null;
    const outcome = rejected ? rejected.reason : 'done';
    const [answered] = await this.#ask(
      `UPDATE admin.adjustments SET outcome = $2, sequence = $3 WHERE adjustment_id = $1 AND outcome IS NULL RETURNING ${COLUMNS}`,
      [adjustmentId, outcome, sequence],
    );
    return answered ?? { ...adjustment, outcome, sequence };
  }

  async #ask(text: string, values: unknown[]): Promise<Adjustment[]> {
    if (!this.#database) throw new UnavailableError('this exchange runs without a database');
    const rows = await ask<{ [column: string]: unknown }>(this.#database, text, values);
    const number = (value: unknown): number | null => (value === null ? null : Number(value));
    return rows.map((row) => ({
      ...(row as unknown as Adjustment),
      account: Number(row.account),
      amount: Number(row.amount),
      proposedAt: Number(row.proposedAt),
      decidedAt: number(row.decidedAt),
      sequence: number(row.sequence),
    }));
  }
}
