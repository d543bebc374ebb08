/** A step of a scenario: its words without the keyword, and the table below it. */
export interface GherkinStep {
  readonly text: string;
  readonly table: readonly (readonly string[])[];
  /** 1-based. */
  readonly line: number;
}

export interface GherkinScenario {
  readonly name: string;
  readonly steps: readonly GherkinStep[];
}

interface Block {
  kind: 'background' | 'scenario' | 'outline' | 'examples';
  name: string;
  steps: { text: string; table: string[][]; line: number }[];
  examples: string[][];
}

/**
 * Reads a feature file: background, scenarios, outlines with examples, steps with tables. Tags, comments and the
 * feature's own text are skipped. Each scenario comes with the background's steps before its own.
 */
export function readFeature(text: string): GherkinScenario[] {
  const blocks: Block[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) readLine(raw.trim(), index + 1, blocks);
  const background = blocks.find((block) => block.kind === 'background')?.steps ?? [];
  return blocks.flatMap((block) => {
    if (block.kind === 'scenario') return [{ name: block.name, steps: [...background, ...block.steps] }];
    if (block.kind === 'outline') return outlined(block, background);
    return [];
  });
}

function readLine(line: string, number: number, blocks: Block[]): void {
  if (line === '' || line.startsWith('#') || line.startsWith('@') || line.startsWith('Feature:')) return;
  const head = /^(Background|Scenario Outline|Scenario Template|Scenario|Example|Examples|Scenarios):\s*(.*)$/.exec(
    line,
  );
  const block = blocks.at(-1);
  if (head) {
    const [, keyword, name] = head;
    if ((keyword === 'Examples' || keyword === 'Scenarios') && block) block.kind = 'outline';
    if (keyword === 'Examples' || keyword === 'Scenarios') return;
    const outline = keyword === 'Scenario Outline' || keyword === 'Scenario Template';
    const kind = keyword === 'Background' ? 'background' : outline ? 'outline' : 'scenario';
    blocks.push({ kind, name: name!, steps: [], examples: [] });
    return;
  }
  if (!block) return;
  const step = /^(?:Given|When|Then|And|But|\*)\s+(.*)$/.exec(line);
  if (step) block.steps.push({ text: step[1]!, table: [], line: number });
  else if (line.startsWith('|')) {
    const cells = line.split('|').slice(1, -1);
    const row = cells.map((cell) => cell.trim());
    const last = block.steps.at(-1);
    if (block.kind === 'outline' && isExamples(block, number)) block.examples.push(row);
    else last?.table.push(row);
  }
}

/** Rows after `Examples:` belong to the outline, not to its last step: they do not follow on the step or its table. */
function isExamples(block: Block, line: number): boolean {
  if (block.examples.length > 0) return true;
  const last = block.steps.at(-1);
  return last === undefined || line > last.line + last.table.length + 1;
}

function outlined(block: Block, background: Block['steps']): GherkinScenario[] {
  const [names = [], ...rows] = block.examples;
  return rows.map((row) => {
    const fill = (text: string) =>
      names.reduce((filled, name, i) => filled.replaceAll(`<${name}>`, row[i] ?? ''), text);
    const steps = block.steps.map((step) => ({
      ...step,
      text: fill(step.text),
      table: step.table.map((cells) => cells.map(fill)),
    }));
    return { name: `${block.name} (${row.join(', ')})`, steps: [...background, ...steps] };
  });
}
