import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { lintRules } from '../../../pipelines/lint-project.ts';
import {
  PLAIN_CONFIG,
  PLAIN_PROJECT,
  PLAIN_TOPOLOGY,
  ROOT,
  removeProjects,
  sluice,
  temporaryProject,
} from './temporary-project.ts';

after(removeProjects);

const INEXACT = PLAIN_CONFIG.replace("lot: '0.00001'", "lot: '0.000001'");
const MISWIRED = PLAIN_TOPOLOGY.replace('in: ingest.admitted', 'in: ingest.admited').replace(
  "sink('gateway', gatewayViews(), { in: [market, accounts] });",
  "sink('gateway', gatewayViews(), { in: [market, accounts] });\n  log('lonely', MarketEvent, { key: 'symbol' });",
);
const IMPURE = `/** Draws. */
export const draw = () => Math.random() + Date.now();
`;
/** A fault of each kind of file at once. */
const BROKEN = {
  'pipeline.config.ts': INEXACT.replace('openOrders: 200', 'openOrder: 200'),
  'pipelines/plain.ts': MISWIRED,
  'operators/draw.ts': IMPURE,
};

const idsOf = (lines: readonly string[]) =>
  lines.flatMap((line) => /^\S+\(\d+,\d+\)\s+(?:error|warn)\s+([a-z-]+)\s/.exec(line)?.[1] ?? []);

describe('sluice lint', () => {
  it('finds nothing in a project without a fault, this one included', async () => {
    for (const folder of [temporaryProject(PLAIN_PROJECT), ROOT]) {
      const { code, out } = await sluice(folder, 'lint');
      assert.deepEqual([code, out.at(-1)], [0, '0 errors, 0 warnings'], out.join('\n'));
    }
  });

  it('shows the faults of config, topology and operators all at once, in the order of the files, and ends with 1', async () => {
    const { code, out, err } = await sluice(temporaryProject(BROKEN), 'lint');
    assert.equal(code, 1, err.join('\n'));
    assert.deepEqual(
      idsOf(out),
      [
        'impure-operator',
        'impure-operator',
        'inexact-tick',
        'unknown-option',
        'no-consumer',
        'unknown-input',
        'no-input',
      ],
      out.join('\n'),
    );
    assert.equal(out.at(-1), '5 errors, 2 warnings');
  });

  it('says where, what, what is allowed, and a near name', async () => {
    const { out } = await sluice(temporaryProject(BROKEN), 'lint');
    const line = (id: string) => out.find((each) => each.includes(` ${id} `))!;
    const lineOf = (text: string, part: string) => text.slice(0, text.indexOf(part)).split('\n').length;
    assert.match(
      line('unknown-option'),
      new RegExp(`^pipeline\\.config\\.ts\\(${lineOf(BROKEN['pipeline.config.ts'], 'openOrder:')},\\d+\\) +error`),
    );
    assert.match(
      line('unknown-option'),
      /"limits\.openOrder" is no option\. Did you mean "openOrders"\? \(openOrders, orders, cancels\)$/,
    );
    assert.match(
      line('inexact-tick'),
      /BTC-USD: tick 0\.01 x lot 0\.000001 = 0\.00000001 USD, below USD's unit 0\.0000001: give USD 8 decimals, or/,
    );
    assert.match(
      line('unknown-input'),
      new RegExp(`^pipelines/plain\\.ts\\(${lineOf(MISWIRED, 'ingest.admited')},16\\) +error`),
    );
    assert.match(
      line('unknown-input'),
      /Input "ingest\.admited" of "risk" names no port\. Did you mean "ingest\.admitted"\? \(ingest\.admitted, ingest\.rejected\)$/,
    );
    assert.match(
      line('impure-operator'),
      /^operators\/draw\.ts\(2,27\) +error .* touches randomness: "Math\.random"\. Instead: derive ids from the cause$/,
    );
  });

  it('as JSON is one list with file, line, column, level, id, message', async () => {
    const { code, out } = await sluice(temporaryProject(BROKEN), 'lint', '--format', 'json');
    assert.equal(code, 1);
    const faults = JSON.parse(out.join('\n'));
    assert.ok(faults.length >= 6);
    for (const fault of faults) {
      assert.deepEqual(Object.keys(fault), ['file', 'line', 'column', 'level', 'id', 'message']);
      assert.ok(Number.isInteger(fault.line) && Number.isInteger(fault.column) && fault.message.length > 10);
      assert.ok(
        lintRules().some(({ id, level }) => id === fault.id && level === fault.level),
        JSON.stringify(fault),
      );
    }
  });

  it('for GitHub is one annotation a fault', async () => {
    const { code, out } = await sluice(temporaryProject(BROKEN), 'lint', '--format', 'github');
    assert.equal(code, 1);
    assert.ok(out.length >= 6);
    for (const line of out) assert.match(line, /^::(error|warning) file=[\w./-]+,line=\d+,col=\d+,title=[a-z-]+::\S/);
  });

  it('ends with 0 where there are only warnings, and with 1 where those are denied', async () => {
    const warned = temporaryProject({
      ...PLAIN_PROJECT,
      'pipelines/plain.ts': PLAIN_TOPOLOGY.replace("'gateway'", "'shown'").replace(
        'takes(ingest.rejected, risk.events);',
        "takes(ingest.rejected, risk.events);\n  log('lonely', MarketEvent, { key: 'symbol' });",
      ),
    });
    const told = await sluice(warned, 'lint');
    assert.deepEqual([told.code, told.out.at(-1)], [0, '0 errors, 1 warning'], told.out.join('\n'));
    assert.equal((await sluice(warned, 'lint', '--deny-warnings')).code, 1);
  });

  it('says where a file cannot be loaded, and goes on with the others', async () => {
    const unreadable = temporaryProject({
      ...BROKEN,
      'pipelines/plain.ts': "import { nothing } from './missing.ts';\nexport default nothing;\n",
    });
    const { code, out } = await sluice(unreadable, 'lint');
    assert.equal(code, 1);
    assert.ok(idsOf(out).includes('unreadable') && idsOf(out).includes('inexact-tick'), out.join('\n'));
    const syntax = temporaryProject({
      ...PLAIN_PROJECT,
      'pipeline.config.ts': 'export default {\n  pipeline: ,\n};\n',
    });
    const told = await sluice(syntax, 'lint');
    assert.match(told.out[0]!, /^pipeline\.config\.ts\(\d,\d+\) +error unreadable +It cannot be loaded: /);
    const thrown = temporaryProject({
      ...PLAIN_PROJECT,
      'pipelines/plain.ts': '\n\nthrow new Error("no graph today");\n',
    });
    assert.match(
      (await sluice(thrown, 'lint')).out[0]!,
      /^pipelines\/plain\.ts\(3,7\) +error unreadable +It cannot be loaded: no graph today$/,
    );
    const none = temporaryProject({ ...PLAIN_PROJECT, 'pipelines/plain.ts': 'export const graph = 1;\n' });
    assert.match((await sluice(none, 'lint')).out[0]!, /default export is no topology/);
  });

  it('names the pipeline that has no file, at the line that names it', async () => {
    const nowhere = temporaryProject({ 'pipeline.config.ts': PLAIN_CONFIG });
    const { code, out } = await sluice(nowhere, 'lint');
    assert.equal(code, 1);
    assert.match(out[0]!, /^pipeline\.config\.ts\(4,\d+\) +error unknown-pipeline +pipeline "plain" has no topology/);
  });

  it('refuses another format, other words, and a folder without a configuration', async () => {
    const folder = temporaryProject({});
    const format = await sluice(ROOT, 'lint', '--format', 'xml');
    assert.deepEqual(
      [format.code, format.err[0]],
      [2, 'sluice lint: --format: "xml" given, text, json, github are allowed'],
    );
    assert.match(format.err[1]!, /^usage: sluice lint/);
    assert.equal((await sluice(ROOT, 'lint', '--strict')).code, 2);
    assert.equal((await sluice(ROOT, 'lint', 'spot')).code, 2);
    const { code, err } = await sluice(folder, 'lint');
    assert.equal(code, 78);
    assert.match(err[0]!, /no pipeline\.config\.ts in .*: run this in the folder of the project/);
    assert.equal(err.at(-1), 'see infra/runbooks/78-configuration-refused.md');
  });

  it('opens no store: nothing is written', async () => {
    const folder = temporaryProject(PLAIN_PROJECT);
    await sluice(folder, 'lint');
    const { code, err } = await sluice(folder, 'status');
    assert.equal(code, 75, err.join('\n'));
    const { existsSync } = await import('node:fs');
    assert.equal(existsSync(join(folder, 'data')), false);
  });
});

describe('what refuses a faulty project', () => {
  it('every verb that needs one shows the same faults, and ends with 78', async () => {
    const folder = temporaryProject(BROKEN);
    for (const verb of ['graph', 'echo', 'list', 'run']) {
      const { code, err } = await sluice(folder, verb);
      assert.equal(code, 78, verb);
      assert.match(
        err.join('\n'),
        /the configuration is refused[\s\S]*inexact-tick[\s\S]*78-configuration-refused\.md$/,
      );
    }
  });

  it('run refuses a topology with an error before it touches the disk', async () => {
    const folder = temporaryProject({ ...PLAIN_PROJECT, 'pipelines/plain.ts': MISWIRED });
    const { code, err } = await sluice(folder, 'run');
    assert.equal(code, 78);
    assert.match(err.join('\n'), /unknown-input/);
    const { existsSync } = await import('node:fs');
    assert.equal(existsSync(join(folder, 'data')), false);
  });
});

describe('the page of lint rules', () => {
  const page = readFileSync(join(ROOT, 'docs/lint-rules.md'), 'utf8');

  it('lists every rule with its level and its line, and no other', () => {
    const listed = [...page.matchAll(/^\| `([a-z-]+)` \| (error|warn) \| (.+) \|$/gm)].map(
      ([, id, level, summary]) => `${id} ${level} ${summary}`,
    );
    const rules = lintRules().map(({ id, level, summary }) => `${id} ${level} ${summary}`);
    assert.deepEqual(listed, rules);
  });
});
