/**
 * CPU time by stage, in microseconds an order: the threads of this process by their names, and the processes of the stores.
 * What the machine's other work does to the clock does not show in it; what it does to the caches does.
 */
import { readFileSync } from 'node:fs';
import { childProcesses, cpuSecondsOf } from './process-cpu.ts';
import { threadsOfThisProcess } from './thread-cpu.ts';

/** Seconds of CPU by stage. */
export type CpuLook = ReadonlyMap<string, number>;

/** Microseconds of CPU an order, by stage, dearest first. */
export type Budget = readonly { readonly stage: string; readonly micros: number }[];

/** What V8 calls the threads that compile and collect for all the others. */
const STAGE_OF_THREAD: { readonly [name: string]: string } = { MainThread: 'main thread', V8Worker: 'V8 helpers' };

export function cpuNow(): CpuLook {
  const seconds = new Map<string, number>();
  const add = (stage: string, more: number) => seconds.set(stage, (seconds.get(stage) ?? 0) + more);
  for (const { name, seconds: own } of threadsOfThisProcess()) add(STAGE_OF_THREAD[name] ?? name, own);
  for (const id of childProcesses(process.pid)) add(nameOf(id), cpuSecondsOf(id));
  return seconds;
}

/** Stages that took less than a hundredth of a microsecond are left out. */
export function budgetBetween(before: CpuLook, after: CpuLook, orders: number): Budget {
  return [...after]
    .map(([stage, seconds]) => ({ stage, micros: ((seconds - (before.get(stage) ?? 0)) * 1e6) / orders }))
    .filter(({ micros }) => micros >= 0.01)
    .sort((a, b) => b.micros - a.micros);
}

/** `cores` cores give `1e6 * cores / rate` microseconds an order: what the stages took of that, and which took most. */
export function budgetText(budget: Budget, rate: number, cores: number): string {
  const taken = budget.reduce((sum, { micros }) => sum + micros, 0);
  const given = (cores * 1e6) / rate;
  const stages = budget.map(({ stage, micros }) => `${stage} ${micros.toFixed(2)}`).join(', ');
  const verdict =
    taken <= given
      ? `within the ${given.toFixed(1)} of ${cores} cores`
      : `${(taken - given).toFixed(1)} beyond the ${given.toFixed(1)} of ${cores} cores; dearest: ${budget
          .slice(0, 3)
          .map(({ stage }) => stage)
          .join(', ')}`;
  return `${taken.toFixed(1)} in all, ${verdict}: ${stages}`;
}

function nameOf(id: number): string {
  let words: string[] = [];
  try {
    words = readFileSync(`/proc/${id}/cmdline`, 'utf8').split('\0');
  } catch {
    // It ended between the two looks.
  }
  return /(^|\/)postgres/.test(words[0] ?? '') ? 'PostgreSQL' : 'history engine';
}
