/**
 * The page in a real browser, against the exchange as it is started, with its simulated market trading: sign up, place,
 * see the order in book and chart, a fill, amend, cancel, reload, lose the connection, and see a market halted.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import { type CutProxy, openCutProxy } from './cut-proxy.ts';
import { findChromium } from './find-chromium.ts';
import { type RunningExchange, runExchange } from './running-exchange.ts';

/** What a loaded machine may take; nothing here is decided by how long it does. */
const WAIT_MS = 45_000;
const SYMBOL = 'BTC-USD';

const found = findChromium();
const skip = 'missing' in found ? found.missing : false;

describe('the page', { skip }, () => {
  let exchange: RunningExchange;
  let proxy: CutProxy;
  let browser: Browser;
  let page: Page;
  let pageUrl: string;
  const faults: string[] = [];

  before(async () => {
    exchange = await runExchange();
    const { hostname, port } = new URL(exchange.url);
    proxy = await openCutProxy({ host: hostname, port: Number(port) });
    pageUrl = `http://127.0.0.1:${proxy.port}/`;
    const executablePath = 'path' in found ? found.path : '';
    browser = await chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
    page = await newPage({ width: 1440, height: 900 });
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) faults.push(message.text());
    });
  });
  after(async () => {
    await browser?.close();
    await proxy?.close();
    await exchange?.stop();
  });

  async function newPage(viewport: { width: number; height: number }): Promise<Page> {
    const context = await browser.newContext({ viewport, locale: 'en-US' });
    context.setDefaultTimeout(WAIT_MS);
    return context.newPage();
  }

  const orderRow = () => page.locator('table.rows tr[data-order]');
  const openCount = (count: number) =>
    eventually(`${count} open orders`, async () => (await orderRow().count()) === count);

  async function place(size: string, price?: string): Promise<void> {
    await page.locator('body').press('Escape');
    await page.locator('body').press('b');
    if (price) await page.fill('#ticket-price', price);
    await page.fill('#ticket-size', size);
    await page.locator('#ticket-size').press('Enter');
    await page.getByRole('button', { name: 'Enter: buy now' }).waitFor();
    await page.keyboard.press('Enter');
  }

  /** The price of the best bid as the book shows it. */
  async function bestBid(): Promise<number> {
    const text = await page.locator('.book-row.bid .number').first().textContent();
    return Number((text ?? '').replaceAll(',', ''));
  }

  it('shows a live market to somebody who is not signed in', async () => {
    await eventually('the page is built', async () => (await fetch(pageUrl)).status === 200);
    await page.goto(pageUrl);
    await page.locator('.book-row.bid .number', { hasText: /\d/ }).first().waitFor();
    await page.locator('.book-row.ask .number', { hasText: /\d/ }).first().waitFor();
    await page.locator('.tape-row .number', { hasText: /\d/ }).first().waitFor();
    await page.locator('.connection', { hasText: 'live' }).waitFor();
    await eventually('the last price is in the title', async () => /^[\d,.]+ BTC-USD/.test(await page.title()));
  });

  it('gives a paper account at one click', async () => {
    await page.getByRole('button', { name: 'Paper account', exact: true }).click();
    await page.getByRole('heading', { name: 'Your paper account is ready' }).waitFor();
    await page.getByRole('button', { name: 'Trade', exact: true }).click();
    await page.locator('.figures dd', { hasText: '100,000 USD' }).waitFor();
  });

  it('places an order, marks it in the book and draws it on the chart, and tells of its fills', async () => {
    // At the best bid, and larger than what is traded in a while: it rests in sight, and is filled piece by piece.
    await page.locator('.book-row.bid').first().click();
    await place('1');
    await openCount(1);
    const id = await orderRow().getAttribute('data-order');
    await page.locator(`.order-line[data-order="${id}"]`).waitFor();
    await page.locator('.book-row.bid.own').first().waitFor();
    await page.locator('.toast.fill', { hasText: 'Bought' }).waitFor();
    await page.getByRole('tab', { name: 'Fills' }).click();
    await page
      .locator('table.rows td', { hasText: 'maker' })
      .or(page.locator('table.rows td', { hasText: 'taker' }))
      .first()
      .waitFor();
    await page.getByRole('tab', { name: /Open orders/ }).click();
  });

  it('amends in the row and along the line on the chart, and puts back what Escape was pressed on', async () => {
    const lower = ((await bestBid()) * 0.998).toFixed(2);
    await page
      .getByRole('button', { name: /^Amend the price/ })
      .first()
      .click();
    await page.getByRole('textbox', { name: 'New price' }).fill(lower);
    await page.keyboard.press('Enter');
    const shown = () =>
      page
        .getByRole('button', { name: /^Amend the price/ })
        .first()
        .textContent();
    const price = async () => Number((await shown())!.replaceAll(',', ''));
    await eventually('the row shows the new price', async () => (await price()) === Number(lower));

    const line = page.locator('.order-tag').first();
    await line.focus();
    await page.keyboard.press('ArrowDown');
    await page.locator('.order-line.moved').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.order-line.moved').waitFor({ state: 'detached' });
    assert.equal(await price(), Number(lower));
    for (let step = 0; step < 3; step += 1) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await eventually('the line moved its order by three ticks', async () => {
      return Math.abs((await price()) - (Number(lower) - 0.03)) < 0.001;
    });
  });

  it('says a refusal beside its field, in the words of the API', async () => {
    await place('0.001', String(Math.round((await bestBid()) * 0.5)));
    await page.locator('#ticket-price-reason', { hasText: /within .* of the reference price/ }).waitFor();
    await page.locator('body').press('Escape');
  });

  it('cancels at one click, and keeps order and session over a reload', async () => {
    await page
      .getByRole('button', { name: /^Cancel buy/ })
      .first()
      .click();
    await openCount(0);
    await place('0.5', ((await bestBid()) * 0.99).toFixed(2));
    await openCount(1);
    const id = await orderRow().getAttribute('data-order');
    await page.reload();
    await openCount(1);
    assert.equal(await orderRow().getAttribute('data-order'), id);
    await page.getByRole('tab', { name: 'History' }).click();
    await page.locator('table.rows td', { hasText: 'Cancelled by you.' }).first().waitFor();
    await page.getByRole('tab', { name: /Open orders/ }).click();
  });

  it('says that the connection is lost, and is whole again after it', async () => {
    proxy.cut();
    await page.locator('.connection', { hasText: 'offline' }).waitFor();
    await page.locator('.ticket-state', { hasText: 'Prices may be old' }).waitFor();
    // The market trades on meanwhile.
    const before = await serverBook(exchange.url);
    await eventually(
      'the book has moved on',
      async () => (await serverBook(exchange.url)).sequence > before.sequence + 50,
    );
    proxy.mend();
    await page.locator('.connection', { hasText: 'live' }).waitFor();
    await openCount(1);
    await place('0.001', ((await bestBid()) * 0.985).toFixed(2));
    await openCount(2);
  });

  it('shows a halt that an operator orders on the page, and the very book of the server', async () => {
    const operator = await newPage({ width: 1280, height: 800 });
    await operator.goto(exchange.url);
    await operator.getByRole('button', { name: 'Sign in', exact: true }).click();
    await operator.getByRole('button', { name: 'Paste a token' }).click();
    await operator.getByRole('textbox', { name: 'Token' }).fill(exchange.token);
    await operator.getByRole('button', { name: 'Use it' }).click();
    await operator.getByRole('link', { name: 'Admin' }).click();
    await operator
      .getByRole('row', { name: new RegExp(SYMBOL) })
      .getByRole('button', { name: 'Halt' })
      .click();
    const dialog = operator.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('the browser test');
    await dialog.getByRole('button', { name: 'Order it' }).click();
    await operator.locator('.actions', { hasText: 'the browser test' }).waitFor();
    await page.locator('.ticket-state', { hasText: `${SYMBOL} is halted: the browser test` }).waitFor();
    await page.locator('.state-chip', { hasText: 'halted' }).waitFor();

    // Cancels go on; between two looks at which the server stood still, both books must be the same.
    await eventually('the page shows the book of the server', async () => {
      const first = await serverBook(exchange.url);
      const shown = await shownBook(page);
      const second = await serverBook(exchange.url);
      if (first.sequence !== second.sequence) return false;
      return shown.bids.length > 3 && sameSide(shown.bids, first.bids) && sameSide(shown.asks, first.asks);
    });
  });

  it('fits every width: nothing sticks out, and fingers find their targets on a phone', async () => {
    for (const [width, height] of [
      [1440, 900],
      [1024, 768],
      [800, 900],
      [390, 844],
    ] as const) {
      await page.setViewportSize({ width, height });
      await page.locator('.symbol-price', { hasText: /\d/ }).waitFor();
      const over = await page.evaluate<string[]>(`
        [...document.querySelectorAll('.top-bar, .bar-end > *, .symbol-header > *, .panel, .thumb-bar > *, .ticket > *')]
          .filter((element) => element.getBoundingClientRect().right > innerWidth)
          .map(({ className }) => className)`);
      assert.deepEqual(over, [], `${width}: what sticks out`);
    }
    await page.getByRole('button', { name: 'Buy', exact: true }).click();
    await page.locator('.sheet').waitFor();
    const small = await page.evaluate<unknown[]>(`
      [...document.querySelectorAll('.sheet button:not(.sheet-handle), .sheet select, .thumb-bar button, .tab')]
        .map((element) => ({ name: element.textContent, height: element.getBoundingClientRect().height }))
        .filter(({ height }) => height > 0 && height < 40)`);
    assert.deepEqual(small, []);
    await page.keyboard.press('Escape');
  });

  it('never broke, and never met its own content policy', () => assert.deepEqual(faults, []));
});

interface ShownBook {
  readonly bids: readonly (readonly [price: number, quantity: number])[];
  readonly asks: readonly (readonly [price: number, quantity: number])[];
}

async function serverBook(url: string): Promise<ShownBook & { readonly sequence: number }> {
  const book = (await (await fetch(`${url}/v1/book/${SYMBOL}?depth=100`)).json()) as {
    readonly sequence: string;
    readonly bids: readonly [string, string][];
    readonly asks: readonly [string, string][];
  };
  const numbers = (side: readonly [string, string][]) =>
    side.map(([price, size]) => [Number(price), Number(size)] as const);
  return { sequence: Number(book.sequence), bids: numbers(book.bids), asks: numbers(book.asks) };
}

/** Rows of the book as they are on the screen, best first. */
function shownBook(page: Page): Promise<ShownBook> {
  return page.evaluate<ShownBook>(`(() => {
    const number = (cell) => Number(cell.textContent.replaceAll(',', ''));
    const side = (name) =>
      [...document.querySelectorAll('.book-row.' + name)]
        .map((row) => [...row.querySelectorAll('.number')].map(number).slice(0, 2))
        .filter(([price]) => price);
    return { bids: side('bid'), asks: side('ask').reverse() };
  })()`);
}

function sameSide(shown: ShownBook['bids'], served: ShownBook['bids']): boolean {
  return shown.every(([price, quantity], at) => served[at]?.[0] === price && served[at]?.[1] === quantity);
}

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    try {
      if (await holds()) return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    assert.ok(performance.now() < deadline, `${what}, within ${WAIT_MS / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
