export interface HistoryView {
  readonly name: string;
  readonly sql: string;
}
export const historyViews: readonly HistoryView[] = [];
export function createViewSql(_database: string, _rows: string, _view: HistoryView): string {
  return '';
}
