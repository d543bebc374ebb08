/** The spot exchange with its ledger and history, and nothing else to start. */
import spot from '../../../../pipelines/spot.ts';

const left = new Set(['archive', 'cache']);

export default {
  ...spot,
  id: 'stores',
  nodes: spot.nodes.filter(({ id }) => !left.has(id)),
  edges: spot.edges.filter(({ to }) => !left.has(to)),
};
