/**
 * What analysts read: views over the tables, in which no repeat can be seen, symbols and assets have their names, and prices,
 * quantities and amounts are decimals. Each says what it is good for; `docs/history.md` is made of this and its queries run in a test.
 */
import { analystViews } from './analyst-views.ts';
import { recordViews } from './record-views.ts';

export interface HistoryView {
  readonly name: string;
  /** What it shows, one sentence. */
  readonly about: string;
  /** A question that it answers, and the statement that does. */
  readonly question: string;
  readonly answer: string;
  /** What its columns mean, where the name does not say it all. */
  readonly columns: { readonly [name: string]: string };
  /** Body of the view; `ROWS.` stands for the database of the tables, `VIEWS.` for that of the views. */
  readonly sql: string;
}

/** In the order in which they are made: a view may read those before it. */
export const historyViews: readonly HistoryView[] = [...recordViews, ...analystViews];

export function createViewSql(database: string, rowsDatabase: string, view: HistoryView): string {
  const body = view.sql.replaceAll('ROWS.', `${rowsDatabase}.`).replaceAll('VIEWS.', `${database}.`);
  return `CREATE OR REPLACE VIEW ${database}.${view.name} AS ${body}`;
}
