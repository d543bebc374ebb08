/** `docs/history.md`, made of the views: what each shows, a question, the statement that answers it, its columns. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { analystViews } from './analyst-views.ts';
import { recordViews } from './record-views.ts';
import type { HistoryView } from './views.ts';

const head = `# History in SQL

What happened on the exchange, in ClickHouse: the engine that runs beside the exchange, or a server of yours. Every order,
trade, fill, reject, candle, market state and posting, each once, whatever was retried or killed on the way.

    npx sluice sql 'SELECT symbol, count() AS trades FROM trades GROUP BY symbol'
    npx sluice sql --csv 'SELECT * FROM market_daily'

The embedded engine also speaks ClickHouse's HTTP: \`clickhouse/address.json\` in the data directory (only its owner can read it)
holds the address and the password of the user \`analyst\`, who may read and nothing else, within 300 seconds a statement:

    curl "http://127.0.0.1:PORT/?query=SELECT+count()+FROM+trades" --user analyst:PASSWORD

- Prices, quantities and amounts are exact decimals; whole ticks, lots and units stand beside them (\`price_ticks\`, \`quantity_lots\`).
- Times are log time, UTC, in microseconds. Ids, sequences and offsets are whole numbers; in JSON they are strings.
- The views drop repeats by themselves. The tables behind them lie in the database \`sluice_rows\`: ask those with \`FINAL\`.
- History follows the log by about a second. \`integrity\` says at any time whether something is missing.
- \`archive_commands\`, \`archive_orders\`, \`archive_market\`, \`archive_accounts\`, \`archive_control\` are the archived segments themselves,
  one row a record, in the column that \`type\` names: see [the archive](archive.md).

This page is made by \`node sinks/clickhouse-history/history-page.ts\`; each statement on it runs in a test.
`;

export function historyPage(): string {
  const sections = [
    ['What analysts ask first', analystViews],
    ['Every record', recordViews],
  ] as const;
  const parts = sections.map(([title, views]) => [`## ${title}`, ...views.map(section)].join('\n\n'));
  return `${[head.trimEnd(), ...parts].join('\n\n')}\n`;
}

function section({ name, about, question, answer, columns }: HistoryView): string {
  const rows = Object.entries(columns).map(
    ([column, meaning]) => `| \`${column}\` | ${meaning.replaceAll('|', '\\|')} |`,
  );
  const table = rows.length > 0 ? `\n\n| column | |\n| --- | --- |\n${rows.join('\n')}` : '';
  return `### ${name}\n\n${about}\n\n*${question}*\n\n\`\`\`sql\n${answer}\n\`\`\`${table}`;
}

if (import.meta.main) writeFileSync(fileURLToPath(new URL('../../docs/history.md', import.meta.url)), historyPage());
