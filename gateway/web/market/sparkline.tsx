/** The course of a day in a hand's breadth. A picture only: its figures stand beside it. */
const WIDTH = 56;
const HEIGHT = 22;

interface SparklineParts {
  readonly values: readonly number[];
  readonly last: string | undefined;
  readonly falls: boolean;
}

export function Sparkline({ values, last, falls }: SparklineParts) {
  const all = last === undefined ? values : [...values, Number(last)];
  const points = all.length < 2 ? '' : pointsOf(all);
  return (
    <svg className={`sparkline ${falls ? 'down' : 'up'}`} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      <polyline points={points} fill="none" stroke="currentColor" strokeWidth="1.25" strokeLinejoin="round" />
    </svg>
  );
}

function pointsOf(values: readonly number[]): string {
  const least = Math.min(...values);
  const span = Math.max(...values) - least || 1;
  return values
    .map((value, at) => {
      const x = (at / (values.length - 1)) * (WIDTH - 2) + 1;
      const y = HEIGHT - 2 - ((value - least) / span) * (HEIGHT - 4);
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    })
    .join(' ');
}
