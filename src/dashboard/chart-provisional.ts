import type uPlot from 'uplot';
import { colourOf } from './colours.ts';

const STRIPE_PX = 6;

/** Draws stripes of the ground over the steps to which more may come, so that none of them looks like a fall. */
export function fadeProvisional(plot: uPlot, fromMs: number | null): void {
  if (fromMs === null) return;
  const { ctx, bbox } = plot;
  const right = bbox.left + bbox.width;
  const left = Math.max(bbox.left, plot.valToPos(fromMs / 1000, 'x', true));
  if (left >= right) return;
  const stripe = STRIPE_PX * devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, bbox.top, right - left, bbox.height);
  ctx.clip();
  ctx.fillStyle = colourOf('surface');
  ctx.globalAlpha = 0.35;
  ctx.fill();
  ctx.globalAlpha = 0.75;
  ctx.strokeStyle = colourOf('surface');
  ctx.lineWidth = stripe / 2;
  ctx.beginPath();
  for (let x = left - bbox.height; x < right; x += stripe) {
    ctx.moveTo(x, bbox.top + bbox.height);
    ctx.lineTo(x + bbox.height, bbox.top);
  }
  ctx.stroke();
  ctx.restore();
}
