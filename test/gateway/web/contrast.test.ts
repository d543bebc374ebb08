import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const css = readFileSync(new URL('../../../gateway/web/style/tokens.css', import.meta.url), 'utf8');

const base = readFileSync(new URL('../../../gateway/web/style/base.css', import.meta.url), 'utf8');

/** How much of its colour a digit keeps that did not change. */
function unchangedShare(theme: string): number {
  const rule =
    theme === 'light'
      ? /\[data-theme="light"\] \.same-digits \{\s*opacity: ([\d.]+)/
      : /^\.same-digits \{\s*opacity: ([\d.]+)/m;
  return Number(rule.exec(base)![1]);
}

/** Tokens as the document has them with these attributes: later blocks win, as in the browser. */
function tokens(theme: string, palette: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, selector, body] of css.matchAll(/^([^@{}]+)\{([^{}]*)\}/gm)) {
    const fits = selector!.split(',').some((part) => {
      const asked = [...part.matchAll(/\[data-(theme|palette)="([^"]+)"\]/g)];
      if (asked.length === 0) return part.includes(':root');
      return asked.every(([, name, value]) => value === (name === 'theme' ? theme : palette));
    });
    if (!fits) continue;
    for (const [, name, value] of body!.matchAll(/--([a-z-]+):\s*(#[0-9a-f]{6})/g)) found.set(name!, value!);
  }
  return found;
}

/** WCAG 2.2, contrast ratio. */
function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((left, right) => right - left) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** `share` of a colour over another: digits that did not change are drawn so. */
function over(front: string, ground: string, share: number): string {
  const mixed = [1, 3, 5].map((at) => {
    const [top, below] = [front, ground].map((colour) => Number.parseInt(colour.slice(at, at + 2), 16)) as [
      number,
      number,
    ];
    return Math.round(top * share + below * (1 - share))
      .toString(16)
      .padStart(2, '0');
  });
  return `#${mixed.join('')}`;
}

test('text keeps a contrast of 4.5 on every ground, in each theme and palette', () => {
  const low: string[] = [];
  for (const theme of ['dark', 'light']) {
    for (const palette of ['green-red', 'blue-orange']) {
      const colours = tokens(theme, palette);
      const check = (name: string, front: string, ground: string) => {
        const ratio = contrast(front, ground);
        if (ratio < 4.5) low.push(`${theme} ${palette}: ${name} ${ratio.toFixed(2)}`);
      };
      const colour = (name: string) => {
        const value = colours.get(name);
        assert.ok(value, `${theme} ${palette} has no --${name}`);
        return value;
      };
      for (const ground of ['bg', 'panel', 'raised']) {
        for (const name of ['text', 'muted', 'up', 'down', 'accent', 'warn']) {
          check(`${name} on ${ground}`, colour(name), colour(ground));
        }
      }
      check('warn on warn-ground', colour('warn'), colour('warn-ground'));
      for (const fill of ['up-fill', 'down-fill', 'accent-fill']) check(`on ${fill}`, colour('on-fill'), colour(fill));
      const share = unchangedShare(theme);
      for (const side of ['up', 'down']) {
        check(`${side}, unchanged digits`, over(colour(side), colour('panel'), share), colour('panel'));
      }
    }
  }
  assert.deepEqual(low, []);
});
