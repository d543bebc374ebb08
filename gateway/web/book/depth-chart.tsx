/** Cumulative size on both sides of the middle, drawn on a canvas, at most once a frame. */
import { useEffect, useRef } from 'react';
import { exchange } from '../exchange/the-exchange.ts';
import { compact } from '../format/numbers.ts';
import { formatPrice, type SymbolRules } from '../format/symbol-rules.ts';
import { settings } from '../stores/settings.ts';
import { useStore } from '../stores/store.ts';
import type { Level } from '../ticket/estimate.ts';

const PAD_BELOW = 22;

export function DepthChart() {
  const { rules } = useStore(exchange.selected);
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const host = canvas.current;
    if (!host || !rules) return;
    let pointer: number | undefined;
    const draw = () => drawDepth(host, rules, pointer);
    const move = (event: PointerEvent) => {
      pointer = event.offsetX;
      draw();
    };
    const leave = () => {
      pointer = undefined;
      draw();
    };
    const resized = new ResizeObserver(draw);
    resized.observe(host);
    host.addEventListener('pointermove', move);
    host.addEventListener('pointerleave', leave);
    const ends = [exchange.book.subscribe(draw), settings.subscribe(draw)];
    return () => {
      resized.disconnect();
      host.removeEventListener('pointermove', move);
      host.removeEventListener('pointerleave', leave);
      for (const end of ends) end();
    };
  }, [rules]);
  return <canvas className="depth-canvas" ref={canvas} role="img" aria-label="Depth of the book on both sides" />;
}

function drawDepth(canvas: HTMLCanvasElement, rules: SymbolRules, pointer: number | undefined): void {
  const { width, height } = canvas.getBoundingClientRect();
  const scale = devicePixelRatio;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const context = canvas.getContext('2d');
  const { bids, asks } = exchange.book;
  const bid = bids[0]?.price;
  const ask = asks[0]?.price;
  if (!context) return;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  const style = getComputedStyle(canvas);
  const colour = (name: string) => style.getPropertyValue(name);
  context.font = `11px ${style.fontFamily}`;
  if (bid === undefined || ask === undefined) {
    context.fillStyle = colour('--muted');
    context.textAlign = 'center';
    context.fillText('The book has one side only.', width / 2, height / 2);
    return;
  }
  const middle = (bid + ask) / 2;
  const reach = Math.max(
    Math.min(middle - bids.at(-1)!.price, asks.at(-1)!.price - middle),
    (ask - bid) * 2,
    rules.tickUnits * 5,
  );
  const floor = height - PAD_BELOW;
  const within = (levels: readonly Level[]) => levels.filter(({ price }) => Math.abs(price - middle) <= reach);
  const sum = (levels: readonly Level[]) => levels.reduce((total, { quantity }) => total + quantity, 0);
  const most = Math.max(sum(within(bids)), sum(within(asks)), 1);
  const x = (price: number) => ((price - middle + reach) / (2 * reach)) * width;
  const y = (total: number) => floor - (total / most) * (floor - 14);
  for (const [levels, name, edge] of [
    [within(bids), '--up', 0],
    [within(asks), '--down', width],
  ] as const) {
    let total = 0;
    context.beginPath();
    context.moveTo(x(levels[0]?.price ?? middle), floor);
    for (const level of levels) {
      context.lineTo(x(level.price), y(total));
      total += level.quantity;
      context.lineTo(x(level.price), y(total));
    }
    context.lineTo(edge, y(total));
    context.strokeStyle = colour(name);
    context.lineWidth = 1.5;
    context.stroke();
    context.lineTo(edge, floor);
    context.closePath();
    context.globalAlpha = 0.14;
    context.fillStyle = colour(name);
    context.fill();
    context.globalAlpha = 1;
  }
  context.fillStyle = colour('--muted');
  const label = (price: number, align: CanvasTextAlign) => {
    context.textAlign = align;
    const at = align === 'left' ? 6 : align === 'right' ? width - 6 : x(price);
    context.fillText(formatPrice(Math.round(price), rules), at, height - 7);
  };
  label(middle - reach, 'left');
  label(middle, 'center');
  label(middle + reach, 'right');
  if (pointer === undefined) return;
  const price = middle - reach + (pointer / width) * 2 * reach;
  const levels =
    price < middle ? bids.filter((level) => level.price >= price) : asks.filter((level) => level.price <= price);
  const total = sum(levels) / 10 ** rules.quantityDecimals;
  context.strokeStyle = colour('--line-strong');
  context.beginPath();
  context.moveTo(pointer, 0);
  context.lineTo(pointer, floor);
  context.stroke();
  context.fillStyle = colour('--text');
  context.textAlign = pointer > width / 2 ? 'right' : 'left';
  context.fillText(
    `${compact(total)} ${rules.base} to ${formatPrice(Math.round(price), rules)}`,
    pointer + (pointer > width / 2 ? -8 : 8),
    14,
  );
}
