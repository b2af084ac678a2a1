// A counter-example as a small picture that stands by itself: title, time line (processes as rows, operations as boxes
// from invocation to return, unknown outcomes open to the right, the culprit in red), arrows for what must come
// before what, and the sentence that says why no order explains it.
import { layOut, timesOf, wrap, type Box, type Timeline } from "./timeline.ts";
import type { Anomaly } from "./verdict.ts";

const characterWidth = 7.3;
const rowHeight = 64;
const boxHeight = 28;
const margin = 24;
const titleHeight = 64;
const lineHeight = 19;
const widthMin = 640;
/** Of the sentence's letters, on average and with some room. */
const letterWidth = 7.7;
/** Between arrows that connect the same two operations. */
const arrowSpread = 44;

const style = `
  text { font: 12px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #1f2733; }
  .title { font: 600 17px system-ui, "Helvetica Neue", Arial, sans-serif; }
  .sentence { font: 14px system-ui, "Helvetica Neue", Arial, sans-serif; fill: #333f50; }
  .process { font-weight: 600; fill: #56637a; }
  .row { stroke: #e3e8ef; stroke-width: 1; }
  .box { fill: #e4effc; stroke: #3b79c4; stroke-width: 1.2; }
  .refused { fill: #fdf0d5; stroke: #c08a1e; }
  .failed { fill: #eceff3; stroke: #8b96a6; }
  .unknown { fill: #f1ecfb; stroke: #8464c4; stroke-dasharray: 5 3; }
  .culprit { fill: #fde3e1; stroke: #cc3327; stroke-width: 2.2; }
  .arrow { fill: none; stroke: #56637a; stroke-width: 1.4; marker-end: url(#head); }
  .label { font-size: 11px; fill: #56637a; paint-order: stroke; stroke: #fff; stroke-width: 4px; }
  .axis { stroke: #9aa6b8; stroke-width: 1; marker-end: url(#head); }`;

export function explainAsSvg(anomaly: Anomaly): string {
  const timeline = layOut(anomaly);
  const gutter = margin + Math.max(4, ...timeline.rows.map((name) => name.length)) * characterWidth + 16;
  const width = Math.max(widthMin, gutter + timeline.width * characterWidth + margin);
  const rowsBottom = titleHeight + timeline.rows.length * rowHeight;
  const sentences = wrap(anomaly.explanation, Math.floor((width - 2 * margin) / letterWidth));
  const height = rowsBottom + 44 + sentences.length * lineHeight + margin / 2;
  const place = placer(gutter, width - margin);
  const arrows = drawArrows(anomaly, timeline, place);
  const title = anomaly.key === undefined ? anomaly.kind : `${anomaly.kind} on ${anomaly.key}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${round(width)} ${round(height)}" ` +
      `width="${round(width)}" height="${round(height)}" role="img" aria-label="${escapeXml(title)}">`,
    `<style>${style}\n</style>`,
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" ' +
      'orient="auto-start-reverse"><path d="M0 0.8 L8 4 L0 7.2 z" fill="#56637a"/></marker></defs>',
    `<rect width="100%" height="100%" rx="8" fill="#fff"/>`,
    `<text class="title" x="${margin}" y="34">${escapeXml(title)}</text>`,
    ...rowsOf(timeline, gutter, width),
    ...arrows.map(({ path }) => path),
    ...timeline.boxes.map((box) => drawBox(box, place)),
    ...arrows.map(({ text }) => text),
    horizontal("axis", gutter, width - margin, rowsBottom + 6),
    `<text class="label" x="${margin}" y="${rowsBottom + 10}">time</text>`,
    ...sentences.map((line, at) => {
      return `<text class="sentence" x="${margin}" y="${rowsBottom + 40 + at * lineHeight}">${escapeXml(line)}</text>`;
    }),
    "</svg>\n",
  ].join("\n");
}

interface Place {
  readonly left: number;
  readonly right: number;
  readonly middle: number;
}

/** Unknown ends reach to the right edge. */
function placer(gutter: number, edge: number): (box: Box) => Place {
  return (box) => ({
    left: gutter + box.left * characterWidth,
    right: box.isOpen ? edge : gutter + box.right * characterWidth,
    middle: titleHeight + (box.row + 0.5) * rowHeight,
  });
}

function rowsOf(timeline: Timeline, gutter: number, width: number): string[] {
  return timeline.rows.map((name, row) => {
    const middle = titleHeight + (row + 0.5) * rowHeight;
    const text = `<text class="process" x="${margin}" y="${middle + 4}">${escapeXml(name)}</text>`;
    return horizontal("row", gutter, width - margin, middle) + text;
  });
}

function horizontal(kind: string, from: number, to: number, y: number): string {
  return `<line class="${kind}" x1="${round(from)}" x2="${round(to)}" y1="${y}" y2="${y}"/>`;
}

function drawBox(box: Box, place: (box: Box) => Place): string {
  const { left, right, middle } = place(box);
  const top = middle - boxHeight / 2;
  const culprit = box.isCulprit ? " culprit" : "";
  const shape = box.isOpen
    ? `M${round(right)} ${top} H${round(left)} V${top + boxHeight} H${round(right)}`
    : `M${round(left)} ${top} H${round(right)} V${top + boxHeight} H${round(left)} Z`;
  const text = `<text x="${round(left + 2 * characterWidth)}" y="${middle + 4}">${escapeXml(box.label)}</text>`;
  const title = `<title>${escapeXml(timesOf(box.operation))} ms</title>`;
  return `<g>${title}<path class="box ${box.operation.outcome}${culprit}" d="${shape}"/>${text}</g>`;
}

/** The curve goes below the boxes, its label above them. */
interface Arrow {
  readonly path: string;
  readonly text: string;
}

function drawArrows(anomaly: Anomaly, timeline: Timeline, place: (box: Box) => Place): Arrow[] {
  const boxById = new Map(timeline.boxes.map((box) => [box.operation.id, box]));
  return (anomaly.because ?? []).flatMap(({ from, to, label }, at) => {
    const [first, second] = [boxById.get(from.id), boxById.get(to.id)];
    if (first === undefined || second === undefined || first === second) return [];
    return [drawArrow(place(first), place(second), label, at)];
  });
}

/** Order in time goes from an end to a beginning; other arrows go between the boxes' middles. */
function drawArrow(from: Place, to: Place, label: string, number: number): Arrow {
  const isTime = label === "real time" || label === "process";
  const offset = (number % 2 === 0 ? -0.5 : 0.5) * arrowSpread;
  const pointOf = (one: Place): number => {
    const middle = (one.left + Math.min(one.right, one.left + 40 * characterWidth)) / 2;
    return Math.max(one.left + 6, Math.min(one.right - 6, middle + offset));
  };
  const startX = isTime ? from.right - 4 : pointOf(from);
  const endX = isTime ? to.left + 4 : pointOf(to);
  const sameRow = from.middle === to.middle;
  const goesDown = sameRow ? -1 : Math.sign(to.middle - from.middle);
  const startY = from.middle + (goesDown * boxHeight) / 2;
  const endY = to.middle + ((sameRow ? goesDown : -goesDown) * boxHeight) / 2;
  const bend = sameRow ? -34 : 0;
  const middleY = (startY + endY) / 2 + bend;
  const [start, end] = [round(startX), round(endX)];
  const curve = `M${start} ${startY} C${start} ${middleY} ${end} ${middleY} ${end} ${endY}`;
  // Beside the head of the arrow, where no box can be.
  const isLeft = isTime || number % 2 === 0;
  const labelX = endX + (isLeft ? -8 : 8);
  const labelY = goesDown > 0 ? endY - 12 : sameRow ? endY - 8 : endY + 18;
  const text = `<text class="label" text-anchor="${isLeft ? "end" : "start"}" x="${round(labelX)}" ` +
    `y="${labelY}">${escapeXml(label)}</text>`;
  return { path: `<path class="arrow" d="${curve}"/>`, text };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeXml(text: string): string {
  const names: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replaceAll(/[&<>"]/g, (character) => names[character] as string);
}
