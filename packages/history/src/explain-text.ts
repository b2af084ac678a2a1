// A counter-example for a terminal: its name, a time line with one row per process, when each operation began and
// ended (as a trace of the run tells it), and the sentence that says why no order explains it.
//
//   not-linearizable on x
//
//     a │ [write 1 ]  [write 2 ]
//     b │                         [read → 1 ]‼
//
//     1012 to 1015.5      a  write 1
//     ...
//
//   No order explains read → 1 by b ...
import { layOut, timesOf, wrap, type Timeline } from "./timeline.ts";
import type { Anomaly, Verdict } from "./verdict.ts";

const lineWidth = 100;

/** All anomalies of a verdict, or the one sentence of a good one. */
export function explainVerdictAsText(verdict: Verdict): string {
  if (verdict.anomalies.length === 0) return `${verdict.verdict}: ${verdict.explanation}\n`;
  return verdict.anomalies.map(explainAsText).join("\n");
}

export function explainAsText(anomaly: Anomaly): string {
  const timeline = layOut(anomaly);
  const nameWidth = Math.max(0, ...timeline.rows.map((name) => name.length));
  const lines = timeline.rows.map((name, row) => {
    let line = "";
    for (const box of timeline.boxes) {
      if (box.row !== row) continue;
      const inside = box.right - box.left - 2;
      const body = `${box.label}${box.isOpen ? " " : ""}`.padEnd(inside, box.isOpen ? "·" : " ");
      line = `${line.padEnd(box.left)}[${body}${box.isOpen ? ">" : "]"}${box.isCulprit ? "‼" : ""}`;
    }
    return `  ${name.padStart(nameWidth)} │ ${line}`;
  });
  const title = anomaly.key === undefined ? anomaly.kind : `${anomaly.kind} on ${anomaly.key}`;
  const arrows = (anomaly.because ?? []).map(({ from, to, label }) => {
    const nameOf = (id: number): string => anomaly.names?.[id] ?? `#${id}`;
    return anomaly.names === undefined ? undefined : `  ${nameOf(from.id)} → ${nameOf(to.id)}  (${label})`;
  });
  const parts = [title, "", ...lines, "", ...timesIn(timeline), "", ...arrows.filter((arrow) => arrow !== undefined)];
  return `${[...parts, ...wrap(anomaly.explanation, lineWidth)].join("\n")}\n`;
}

function timesIn({ boxes, rows }: Timeline): readonly string[] {
  const times = boxes.map(({ operation }) => timesOf(operation));
  const width = Math.max(0, ...times.map((text) => text.length));
  const nameWidth = Math.max(0, ...rows.map((name) => name.length));
  return boxes.map(({ row, label }, at) => {
    return `  ${(times[at] as string).padEnd(width)}  ${(rows[row] as string).padStart(nameWidth)}  ${label}`;
  });
}
