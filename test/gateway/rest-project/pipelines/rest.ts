/** The spot exchange without its stores: the same head, the same gateway, nothing else to start. */
import spot from '../../../../pipelines/spot.ts';

const stores = new Set(['ledger', 'history', 'archive']);

export default {
  ...spot,
  id: 'rest',
  nodes: spot.nodes.filter(({ id }) => !stores.has(id)),
  edges: spot.edges.filter(({ to }) => !stores.has(to)),
  dropped: new Map([...spot.dropped, ['settle.posted', 'no ledger here'], ['depth.top', 'no history here']]),
};
