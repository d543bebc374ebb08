import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readFeature } from './gherkin.ts';
import { conform } from './kinds/exchange-core.ts';

const folder = join(process.env.SLUICE_DATA ?? '../shared/data', 'vectors-exchange-core');
const skip = existsSync(folder) ? false : `SKIPPED: there is no ${folder}; SLUICE_DATA names the folder`;
const features = () => readdirSync(folder).filter((file) => file.endsWith('.feature'));

test('gives the books, trades and balances of the exchange-core features, to the unit', { skip }, () => {
  const result = conform(features().map((file) => join(folder, file)));
  assert.equal(result.firstDifference, null);
  assert.equal(result.share, 1);
  assert.ok(result.compared >= 90, `${result.compared} items compared`);
  assert.deepEqual([...new Set(result.exceptions.map((each) => each.reason))].sort(), [
    'Sluice has no reserve price: a move above it takes the extra hold instead of being refused',
    'a margin contract there, spot here: every client is given EUR to sell',
  ]);
});

const doctored: [what: string, from: string, to: string][] = [
  ['a balance off by one unit', '| XBT | 6500000  |', '| XBT | 6500001  |'],
  ['a book with a lot too many', '|  | 16900 | 500 |', '|  | 16900 | 501 |'],
  ['a trade at another price', 'LastPx: 17500', 'LastPx: 17501'],
  [
    'a refusal that does not come',
    'places an ASK order 202 at 30000@1000',
    'could not place an ASK order 202 at 30000@1000',
  ],
];

for (const [what, from, to] of doctored) {
  test(`finds ${what} in a feature`, { skip }, () => {
    const text = readFileSync(join(folder, 'risk.feature'), 'utf8');
    const changed = text
      .replace(from, to)
      .replace(/(could not place .* 202 at 30000@1000.*\))$/m, '$1 due to RISK_NSF');
    assert.notEqual(changed, text);
    const temporary = mkdtempSync(join(tmpdir(), 'sluice-feature-'));
    try {
      const file = join(temporary, 'doctored.feature');
      writeFileSync(file, changed);
      const result = conform([file]);
      assert.ok(result.share < 1);
      assert.notEqual(result.firstDifference, null);
    } finally {
      rmSync(temporary, { recursive: true });
    }
  });
}

test('reads background, tables, outlines and examples of a feature', () => {
  const scenarios = readFeature(`
Feature: words
  Background:
    Given a table:
      | a | 1 |
  @tag
  Scenario Outline: twice
    When <who> acts
      | <who> | x |
    # a remark

    Examples:
      | who |
      | Ann |
      | Bob |

  Scenario: once
    Then nothing`);
  assert.deepEqual(
    scenarios.map(({ name, steps }) => [name, steps.map((step) => [step.text, step.table])]),
    [
      [
        'twice (Ann)',
        [
          ['a table:', [['a', '1']]],
          ['Ann acts', [['Ann', 'x']]],
        ],
      ],
      [
        'twice (Bob)',
        [
          ['a table:', [['a', '1']]],
          ['Bob acts', [['Bob', 'x']]],
        ],
      ],
      [
        'once',
        [
          ['a table:', [['a', '1']]],
          ['nothing', []],
        ],
      ],
    ],
  );
});
