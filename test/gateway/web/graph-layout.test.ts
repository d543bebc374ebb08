import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backEdges, type Graph, placeGraph } from '../../../gateway/web/pipeline/graph-layout.ts';
import { csvOf } from '../../../gateway/web/query/csv.ts';
import { describeRoutes } from '../../../gateway/web/rest-page/describe-routes.ts';

const graph: Graph = {
  id: 'small',
  nodes: [
    { id: 'intake', kind: 'source' },
    { id: 'simulator', kind: 'source' },
    { id: 'commands', kind: 'log', key: 'account' },
    { id: 'risk', kind: 'stage' },
    { id: 'orders', kind: 'log', key: 'symbol' },
    { id: 'match', kind: 'stage' },
    { id: 'market', kind: 'log', key: 'symbol' },
    { id: 'archive', kind: 'sink' },
  ],
  edges: [
    { from: { node: 'market', port: '' }, to: 'simulator' },
    { from: { node: 'intake', port: 'commands' }, to: 'commands' },
    { from: { node: 'simulator', port: 'commands' }, to: 'commands' },
    { from: { node: 'commands', port: '' }, to: 'risk' },
    { from: { node: 'risk', port: 'accepted' }, to: 'orders' },
    { from: { node: 'orders', port: '' }, to: 'match' },
    { from: { node: 'match', port: 'fills' }, to: 'commands' },
    { from: { node: 'match', port: 'events' }, to: 'market' },
    { from: { node: 'commands', port: '' }, to: 'archive' },
    { from: { node: 'market', port: '' }, to: 'archive' },
  ],
};

test('what leads back is told from what leads on', () => {
  assert.deepEqual([...backEdges(graph)].sort(), ['market -> simulator', 'match.fills -> commands']);
});

test('records flow from left to right, sinks stand at the end, and no two boxes share a place', () => {
  const placed = placeGraph(graph);
  const column = (id: string) => placed.find(({ node }) => node.id === id)!.column;
  const back = backEdges(graph);
  for (const { from, to } of graph.edges) {
    const name = `${from.port ? `${from.node}.${from.port}` : from.node} -> ${to}`;
    if (!back.has(name)) assert.ok(column(from.node) < column(to), name);
  }
  assert.equal(column('archive'), Math.max(...placed.map((each) => each.column)));
  assert.equal(new Set(placed.map((each) => `${each.column} ${each.row}`)).size, graph.nodes.length);
  assert.deepEqual(placeGraph(graph), placed, 'the same graph is the same picture');
});

test('a table becomes CSV that a spreadsheet reads as text and numbers, not as formulas', () => {
  assert.equal(
    csvOf(
      ['name', 'value'],
      [
        ['a,b', 1],
        ['say "x"', null],
        ['=1+1', -2.5],
        ['@x', { a: 1 }],
      ],
    ),
    'name,value\r\n"a,b",1\r\n"say ""x""",\r\n\'=1+1,-2.5\r\n\'@x,"{""a"":1}"\r\n',
  );
});

test('a description of REST becomes routes with their fields and an example', () => {
  const routes = describeRoutes({
    info: { title: 'T', version: '1' },
    paths: {
      '/v1/orders': {
        post: {
          operationId: 'placeOrder',
          tags: ['Orders'],
          summary: 'place an order',
          security: [{ token: [] }],
          requestBody: {
            content: {
              'application/json': {
                schema: {
                  properties: { side: { enum: ['buy', 'sell'] }, price: { description: 'a decimal' } },
                  required: ['side'],
                },
                examples: { first: { value: { side: 'buy' } } },
              },
            },
          },
          responses: { 201: { description: 'placed' } },
        },
      },
    },
  });
  assert.deepEqual(routes, [
    {
      id: 'placeOrder',
      title: 'Place order',
      subject: 'Orders',
      method: 'POST',
      path: '/v1/orders',
      summary: 'Place an order.',
      says: undefined,
      isPublic: false,
      fields: [
        { name: 'side', place: 'body', required: true, says: 'buy, sell' },
        { name: 'price', place: 'body', required: false, says: 'a decimal' },
      ],
      example: { side: 'buy' },
      answers: [{ status: '201', says: 'placed' }],
    },
  ]);
});
