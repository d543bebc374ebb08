import type { LedgerAccount } from '../../schemas/generated/records.ts';
import type { LedgerAmount, LedgerSums } from './ledger-queries.ts';

/** What risk has in one partition at one place of the accounts log. */
export interface RiskBalances {
  readonly partition: number;
  /** Next offset of the accounts partition: every record below it is in the balances. */
  readonly accountsOffset: number;
  readonly balances: readonly {
    readonly account: number;
    readonly asset: number;
    readonly available: bigint;
    readonly hold: bigint;
  }[];
  /** Postings of what lies between the ledger's end and `accountsOffset`: settlement has not come to it yet. */
  readonly tail: readonly LedgerAmount[];
}

export interface Difference {
  readonly partition: number;
  readonly account: number;
  readonly ledgerAccount: LedgerAccount;
  readonly asset: number;
  readonly ledger: bigint;
  readonly risk: bigint;
}

export interface Reconciliation {
  /** Amounts compared, zeros on both sides not counted. */
  readonly compared: number;
  readonly differences: readonly Difference[];
  /** Rows in which the table of balances differs from the postings. */
  readonly balancesOff: readonly Difference[];
  /** Assets whose postings do not sum to zero over everything, with the rest. */
  readonly unbalanced: readonly { readonly asset: number; readonly rest: bigint }[];
  /** Assets in which the clearing accounts of all partitions do not cancel out. Empty unless all stand at one command's end. */
  readonly clearingOpen: readonly { readonly asset: number; readonly rest: bigint }[];
}

/**
 * Compare the ledger with risk, per partition, account, ledger account and asset, at the place where risk stands: the
 * sums of the ledger's postings and of the tail against risk's balances.
 */
export function reconcile(ledger: LedgerSums, risk: readonly RiskBalances[]): Reconciliation {
  const sums = new Map<string, bigint>();
  add(sums, ledger.postings);
  const balances = new Map<string, bigint>();
  add(balances, ledger.balances);
  const balancesOff = differencesOf(balances, sums).map(({ ledger: table, risk: fold, ...place }) => ({
    ...place,
    ledger: table,
    risk: fold,
  }));
  const wanted = new Map<string, bigint>();
  for (const { partition, balances: held, tail } of risk) {
    add(sums, tail);
    for (const { account, asset, available, hold } of held) {
      add(wanted, [
        { partition, account, asset, ledgerAccount: houseAccounts[account] ?? 'available', amount: available },
      ]);
      add(wanted, [{ partition, account, asset, ledgerAccount: 'hold', amount: hold }]);
    }
  }
  const keys = new Set([...sums, ...wanted].filter(([, amount]) => amount !== 0n).map(([key]) => key));
  return {
    compared: keys.size,
    differences: differencesOf(sums, wanted),
    balancesOff,
    unbalanced: restsOf(sums, () => true),
    clearingOpen: restsOf(sums, ({ ledgerAccount }) => ledgerAccount === 'clearing'),
  };
}

const houseAccounts: { readonly [account: number]: LedgerAccount } = { 1: 'outside', 2: 'fees', 3: 'clearing' };

function add(to: Map<string, bigint>, amounts: readonly LedgerAmount[]): void {
  for (const { partition, account, ledgerAccount, asset, amount } of amounts) {
    const key = `${partition}/${account}/${ledgerAccount}/${asset}`;
    to.set(key, (to.get(key) ?? 0n) + amount);
  }
}

function placeOf(key: string): Omit<Difference, 'ledger' | 'risk'> {
  const [partition, account, ledgerAccount, asset] = key.split('/');
  return {
    partition: Number(partition),
    account: Number(account),
    ledgerAccount: ledgerAccount as LedgerAccount,
    asset: Number(asset),
  };
}

function differencesOf(ledger: ReadonlyMap<string, bigint>, risk: ReadonlyMap<string, bigint>): Difference[] {
  const keys = new Set([...ledger.keys(), ...risk.keys()]);
  return [...keys]
    .map((key) => ({ ...placeOf(key), ledger: ledger.get(key) ?? 0n, risk: risk.get(key) ?? 0n }))
    .filter((row) => row.ledger !== row.risk)
    .sort((a, b) => a.partition - b.partition || a.account - b.account || a.asset - b.asset);
}

function restsOf(
  sums: ReadonlyMap<string, bigint>,
  counts: (place: Omit<Difference, 'ledger' | 'risk'>) => boolean,
): { readonly asset: number; readonly rest: bigint }[] {
  const rests = new Map<number, bigint>();
  for (const [key, amount] of sums) {
    const place = placeOf(key);
    if (counts(place)) rests.set(place.asset, (rests.get(place.asset) ?? 0n) + amount);
  }
  return [...rests].filter(([, rest]) => rest !== 0n).map(([asset, rest]) => ({ asset, rest }));
}
