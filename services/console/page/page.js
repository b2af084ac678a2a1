// The console's page: asks /api/status again and again and rebuilds what it shows from the answer; a press on a button
// becomes one POST. All text enters as text nodes, so nothing that a process reports can become markup. While a
// button has the focus its card keeps it over a rebuild.

const refreshMs = 1000;
const actionsFor = {
  running: ["kill", "pause", "restart"],
  silent: ["kill", "pause", "restart"],
  paused: ["resume", "kill", "restart"],
  killed: ["restart"],
  stopped: ["restart"],
  exited: ["restart"],
  unreachable: [],
};
const troubleOf = { running: "good", paused: "warn", silent: "warn", stopped: "warn" };
const labels = { kill: "Kill", pause: "Pause", resume: "Resume", restart: "Restart" };
let nextRefresh;
const byId = (id) => document.getElementById(id);

/** Builds an element; children that are not elements become text. */
function element(tag, attributes, ...children) {
  const svg = ["path", "circle", "text", "title"].includes(tag);
  const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "accent") node.style.setProperty("--accent", value);
    else if (name === "onclick") node.addEventListener("click", value);
    else if (value !== false && value !== null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

async function refresh() {
  try {
    const reply = await fetch("/api/status");
    if (!reply.ok) throw new Error(`the console answered ${reply.status}`);
    show(await reply.json());
  } catch (error) {
    byId("summary").className = "summary bad";
    byId("summary").textContent = `The console does not answer (${error.message}); what is below is old.`;
  } finally {
    clearTimeout(nextRefresh);
    nextRefresh = setTimeout(refresh, document.hidden ? refreshMs * 5 : refreshMs);
  }
}

async function post(path, wish, what) {
  tell("");
  try {
    const reply = await fetch(`/api/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(wish),
    });
    const body = await reply.json();
    if (!reply.ok) tell(body.error ?? body.problems.join(" "));
    // A split may be over within a second.
    refresh();
  } catch (error) {
    tell(`${what}: ${error.message}`);
  }
}

function tell(sentence) {
  byId("message").textContent = sentence;
  byId("message").hidden = sentence === "";
}

function show(status) {
  const focused = document.activeElement?.dataset?.key;
  const accents = new Map(status.zones.map((zone, index) => [zone.name, `var(--zone-${index % 3})`]));
  const accentOfNode = new Map(status.nodes.map((node) => [node.name, accents.get(node.zone) ?? "var(--zone-none)"]));
  const [sentence, trouble] = summaryOf(status);
  byId("cluster").textContent = status.cluster;
  if (byId("summary").textContent !== sentence) byId("summary").textContent = sentence;
  byId("summary").className = `summary ${trouble}`;
  byId("endpoint").textContent = status.endpoint === null ? "" : `Endpoint ${status.endpoint}`;
  byId("zones").replaceChildren(...status.zones.map((zone) => zoneCard(zone, status, accents.get(zone.name))));
  byId("processes").replaceChildren(...[...status.routers, ...status.others].map((one) => processCard(one, status.at)));
  byId("partitions").replaceChildren(...status.partitions.map((one) => partitionRow(one, accentOfNode)));
  byId("ring").replaceChildren(...ringArcs(status, accentOfNode));
  if (focused !== undefined) document.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

function summaryOf(status) {
  const without = status.partitions.filter((partition) => !partition.quorum || partition.leader === null);
  const down = status.nodes.filter((node) => node.state !== "running");
  const nodes = `${status.nodes.length - down.length} of ${status.nodes.length} nodes run`;
  const { length } = status.partitions;
  if (!status.routers.some((router) => router.state === "running")) {
    return [`${nodes}; no router does, so no request gets in.`, "bad"];
  }
  if (length === 0) return [`${nodes}; no partition is known yet.`, "warn"];
  if (without.length > 0) return [`${nodes}; ${without.length} of ${length} partitions have no leader.`, "bad"];
  const all = length === 1 ? "the one partition has" : `all ${length} partitions have`;
  return [`${nodes}; ${all} a leader.`, down.length > 0 ? "warn" : "good"];
}

function zoneCard(zone, status, accent) {
  const nodes = status.nodes.filter((node) => node.zone === zone.name);
  const trouble = { up: "good", degraded: "warn", down: "bad" }[zone.state];
  const possible = new Set(nodes.filter((node) => node.controllable).flatMap((node) => actionsFor[node.state]));
  return element("article", { class: `zone ${zone.state}`, accent },
    element("div", { class: "zone-head" },
      element("h3", {}, zone.name),
      element("span", { class: `state ${trouble}` }, zone.state),
      buttons(zone.name, possible)),
    ...nodes.map((node) => processCard(node, status.at)));
}

function processCard(one, at) {
  const facts = [["for", one.since === null ? null : ageText(at - one.since)], ["pid", one.pid]];
  if (one.replicas !== undefined && one.state === "running") {
    facts.push(["replicas", one.replicas], ["leads", one.leading], ["log", bytesText(one.logBytes)]);
  }
  if (one.kind === "request-router") facts.push(["map", one.revision]);
  const possible = new Set(one.controllable ? actionsFor[one.state] : []);
  // The page is served by the console: killing it from here would leave nobody to restart it.
  if (one.kind === "console") possible.clear();
  return element("article", { class: "process" },
    element("div", { class: "process-head" },
      element("strong", {}, one.name),
      element("span", { class: `state ${troubleOf[one.state] ?? "bad"}` }, one.state)),
    element("dl", {}, ...facts.filter(([, value]) => value !== null)
      .map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, String(value))))),
    one.problem === null || ["killed", "paused", "stopped"].includes(one.state)
      ? null : element("p", { class: "problem" }, one.problem),
    one.kind === "console" ? null : buttons(one.name, possible));
}

function buttons(target, possible) {
  return element("div", { class: "buttons" }, ...Object.entries(labels).map(([action, label]) =>
    element("button", {
      type: "button",
      class: action,
      disabled: !possible.has(action),
      "data-key": `${action} ${target}`,
      "aria-label": `${label} ${target}`,
      onclick: () => post(action, { target }, `${label} ${target}`),
    }, label)));
}

function partitionRow(partition, accentOfNode) {
  const { firstToken, lastToken } = partition;
  const accent = accentOfNode.get(partition.leader);
  const leader = partition.leader === null
    ? element("span", { class: "bad" }, partition.quorum ? "none" : "none: no quorum")
    : element("span", { accent }, element("span", { class: "swatch" }), partition.leader);
  const replicas = partition.replicas.map((replica) =>
    element("span", {
      class: replica.role === "leader" ? "replica leads" : "replica",
      accent: accentOfNode.get(replica.node),
      title: `${replica.role}, term ${replica.term}, log ${replica.firstIndex} to ${replica.lastIndex}`,
    }, element("span", { class: "name" }, replica.node), String(replica.applied)));
  const range = firstToken === null ? "" : `${firstToken.slice(0, 4)} … ${lastToken.slice(0, 4)}`;
  const name = partition.table ?? (partition.group === 0 ? "control plane" : "");
  return element("tr", {},
    element("td", {}, String(partition.group)), element("td", {}, name),
    element("td", {}, element("div", { class: "range" }, element("code", {}, range), splitPart(partition))),
    element("td", {}, leader),
    element("td", { class: "number" }, String(partition.term)),
    element("td", { class: "number" }, String(partition.commit)),
    element("td", { class: "number" }, partition.group === 0 ? "–" : String(partition.items)),
    element("td", { class: "number" }, partition.group === 0 ? "–" : bytesText(partition.bytes)),
    element("td", {}, ...replicas));
}

/** A button, or how far the split is that was asked for; nothing for the control plane. */
function splitPart({ group, splitting, leader }) {
  if (group === 0) return null;
  if (splitting !== null) {
    const { child, at } = splitting;
    return element("span", { class: "state warn splitting" }, `splitting → ${child} at ${at.slice(0, 4)}…`);
  }
  return element("button", {
    type: "button",
    disabled: leader === null,
    "data-key": `split ${group}`,
    "aria-label": `Split partition ${group} in the middle`,
    onclick: () => post("split", { partition: group }, `Split ${group}`),
  }, "Split");
}

/** One circle for each table, the first outermost, an arc for each of its partitions. */
function ringArcs(status, accentOfNode) {
  const tables = [...new Set(status.partitions.map((one) => one.table).filter((table) => table !== null))].sort();
  const step = Math.min(16, 78 / Math.max(1, tables.length));
  const shapes = tables.flatMap((table, index) => {
    const radius = 98 - index * step;
    return status.partitions.filter((one) => one.table === table && one.firstToken !== null)
      .map((one) => arc(one, radius, step * 0.62, accentOfNode.get(one.leader) ?? "var(--zone-none)"));
  });
  if (shapes.length > 0) return shapes;
  return [
    element("circle", { r: "98", fill: "none", stroke: "var(--line)", "stroke-width": "10" }),
    element("text", { y: "3" }, "no table yet"),
  ];
}

function arc(partition, radius, width, colour) {
  const share = (token) => Number.parseInt(token.slice(0, 8), 16) / 2 ** 32;
  const gap = 0.004;
  const from = share(partition.firstToken) + gap;
  const to = (partition.lastToken.startsWith("ffffffff") ? 1 : share(partition.lastToken)) - gap;
  const point = (part) => `${radius * Math.sin(part * 2 * Math.PI)} ${-radius * Math.cos(part * 2 * Math.PI)}`;
  const long = to - from > 0.5 ? 1 : 0;
  return element("path", {
    d: `M ${point(from)} A ${radius} ${radius} 0 ${long} 1 ${point(to)}`,
    fill: "none", stroke: colour, "stroke-width": String(width),
  }, element("title", {}, `${partition.table}, group ${partition.group}, leader ${partition.leader ?? "none"}`));
}

function ageText(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

function bytesText(bytes) {
  if (bytes === null) return "–";
  if (bytes < 1048576) return `${Math.ceil(bytes / 1024)} KiB`;
  return `${(bytes / 1048576).toFixed(1)} MiB`;
}

refresh();
