/**
 * `node play-seeds.ts FIRST COUNT`: plays these seeds, one after the other, and prints what befell them as one line of
 * JSON; the first that fails ends it with its seed and code 1. A process of its own, since the hooks of a test runner
 * take longer than the runs.
 */
import { gapProofRun, noCounts } from './gap-proof-run.ts';
import { marketScript } from './market-script.ts';

const SCRIPTS = 16;
const COMMANDS = 160;

const [first = 0, count = 1] = process.argv.slice(2).map(Number);
const scripts = new Map<number, ReturnType<typeof marketScript>>();
const counts = noCounts();
for (let seed = first; seed < first + count; seed++) {
  const which = seed % SCRIPTS;
  const script = scripts.get(which) ?? marketScript(which, COMMANDS);
  scripts.set(which, script);
  try {
    await gapProofRun(script, seed, counts);
  } catch (error) {
    console.error(`seed ${seed} fails; node ${import.meta.filename} ${seed} plays it again`);
    console.error(error);
    process.exit(1);
  }
}
console.log(JSON.stringify(counts));
