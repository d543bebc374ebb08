/**
 * Takes the pictures of the page that the README shows, from a running exchange:
 *
 *   node infra/bootstrap/run.mjs test/e2e/take-pictures.ts http://127.0.0.1:7717 TOKEN docs/pictures
 *
 * The token is the one that the start printed. One paper account trades, one is empty; a market is halted and resumed.
 */
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { findChromium } from './find-chromium.ts';

const [url, token, folder] = process.argv.slice(2);
if (!url || !token || !folder) throw new Error('usage: take-pictures.ts URL TOKEN FOLDER');
const found = findChromium();
if ('missing' in found) throw new Error(found.missing);

const SCREENS = { wide: [1440, 900], medium: [1024, 768], phone: [390, 844] } as const;
type Screen = keyof typeof SCREENS;
type Theme = 'dark' | 'light';

const browser: Browser = await chromium.launch({
  executablePath: found.path,
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
});
try {
  for (const theme of ['dark', 'light'] as const) {
    for (const screen of ['wide', 'medium', 'phone'] as const) {
      const page = await open(screen, theme);
      await picture(page, `market-${screen}-${theme}`);
      await signUp(page);
      if (screen === 'wide') await picture(page, `account-empty-${theme}`);
      await trade(page);
      await picture(page, `trade-${screen}-${theme}`);
      if (screen === 'phone') {
        await page.getByRole('button', { name: 'Sell', exact: true }).click();
        await page.fill('#ticket-size', '0.05');
        await picture(page, `ticket-${screen}-${theme}`);
      }
      await halted(page, `halted-${screen}-${theme}`);
      await offline(page, `offline-${screen}-${theme}`);
      await page.context().close();
    }
    for (const screen of ['wide', 'phone'] as const) {
      const page = await open(screen, theme, token);
      for (const place of ['pipeline', 'query', 'api', 'admin']) {
        await page.goto(`${url}/#/${place}`);
        await page.waitForTimeout(2_500);
        if (place === 'query') {
          await page.getByText('Newest trades').click();
          await page.waitForTimeout(2_500);
        }
        await picture(page, `${place}-${screen}-${theme}`);
      }
      await page.context().close();
    }
  }
} finally {
  await browser.close();
}

async function open(screen: Screen, theme: Theme, signedIn?: string): Promise<Page> {
  const [width, height] = SCREENS[screen];
  const context: BrowserContext = await browser.newContext({ viewport: { width, height }, locale: 'en-US' });
  await context.addInitScript(
    `if (!localStorage.getItem('sluice.settings')) localStorage.setItem('sluice.settings', '{"theme":"${theme}"}');` +
      (signedIn ? `sessionStorage.setItem('sluice.token', '${signedIn}');` : ''),
  );
  const page = await context.newPage();
  await page.goto(url!);
  await page.waitForTimeout(3_500);
  return page;
}

async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(folder!, `${name}.png`), animations: 'disabled' });
}

async function signUp(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Paper account', exact: true }).click();
  await page.getByRole('button', { name: 'Trade', exact: true }).click();
  await page.waitForTimeout(500);
}

/** Some orders on both sides, and some fills. */
async function trade(page: Page): Promise<void> {
  const rules = `(async () => (await (await fetch('/v1/book/BTC-USD?depth=1')).json()))()`;
  const { bids, asks } = await page.evaluate<{ bids: [string, string][]; asks: [string, string][] }>(rules);
  for (const [side, price, size] of [
    ['b', Number(bids[0]![0]), '0.25'],
    ['b', Number(bids[0]![0]) * 0.9985, '0.4'],
    ['s', Number(asks[0]![0]) * 1.0012, '0.3'],
  ] as const) {
    await page.keyboard.press('Escape');
    await page.keyboard.press(side);
    await page.fill('#ticket-price', price.toFixed(2));
    await page.fill('#ticket-size', size);
    await page.locator('#ticket-size').press('Enter');
    await page.waitForTimeout(100);
    await page.keyboard.press('Enter');
    await page.waitForTimeout(700);
  }
  await page.keyboard.press('Escape');
  await page.waitForTimeout(1_500);
}

async function halted(page: Page, name: string): Promise<void> {
  await order('halted', 'an operator looks at a price');
  await page.keyboard.press('Escape');
  await page.waitForTimeout(1_200);
  await picture(page, name);
  await order('trading', 'all is well');
  await page.waitForTimeout(500);
}

async function order(state: string, reason: string): Promise<void> {
  const { admin_port } = (await (await fetch(`${url}/page.json`)).json()) as { admin_port: number };
  const address = new URL(url!);
  address.port = String(admin_port);
  await fetch(`${address.origin}/admin/v1/market-states`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ symbol: 'BTC-USD', state, reason }),
  });
}

/** `setOffline` leaves sockets that are open alone, so the page is made to forget its own. */
async function offline(page: Page, name: string): Promise<void> {
  await page.context().setOffline(true);
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', {
    offline: true,
    latency: 0,
    downloadThroughput: 0,
    uploadThroughput: 0,
  });
  await page.waitForTimeout(9_000);
  await picture(page, name);
}
