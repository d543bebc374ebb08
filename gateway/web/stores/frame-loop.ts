/** Draws at most once a frame, what changed: stores mark themselves, one animation frame tells their readers. */
export interface Drawn {
  draw(): void;
}

const marked = new Set<Drawn>();
let asked = false;

/** Bounded by the number of stores: in a hidden tab no frame comes, and what changed is told when it is shown again. */
export function drawNextFrame(drawn: Drawn): void {
  marked.add(drawn);
  if (asked) return;
  asked = true;
  requestAnimationFrame(drawMarked);
}

function drawMarked(): void {
  asked = false;
  const now = [...marked];
  marked.clear();
  for (const drawn of now) drawn.draw();
}
