/** CPU time of other processes, from /proc; where there is none, nothing is known and nothing is said. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** The kernel counts in hundredths of a second on every platform that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Processes below this one, at any depth. */
export function childProcesses(parent: number): number[] {
  if (!existsSync('/proc/self/stat')) return [];
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const fields = statOf(Number(name));
    if (fields) parents.set(Number(name), Number(fields[1]));
  }
  const below = (id: number): boolean => {
    const above = parents.get(id);
    return above !== undefined && (above === parent || below(above));
  };
  return [...parents.keys()].filter(below);
}

export function cpuSecondsOf(id: number): number {
  const fields = statOf(id);
  return fields ? (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND : 0;
}

/** Fields of /proc/ID/stat behind the name, so that state is the first. */
function statOf(id: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${id}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
