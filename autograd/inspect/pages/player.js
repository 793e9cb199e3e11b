// The backprop player: which steps there are, how they are laid out, the map, the panel.

// ---------------------------------------------------------------- The tape

/** An op with all its outputs, or a leaf: what one box of the map stands for. */
class Op {
  constructor(first, last) {
    const node = pageData.nodes[last];
    Object.assign(this, { first, last, node, name: pageData.ops[node.op].name, formula: pageData.ops[node.op] });
    this.path = pageData.paths[node.path];
    this.inputs = node.inputs ?? [];
    this.outputs = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    this.isLeaf = this.inputs.length === 0;
    this.arrivals = []; // what closures pass to its outputs: {run, to, uses, from}
    this.run = null; // the closure that passes its gradient on
    this.forwardStep = 0;
    this.backwardStep = null;
  }
  get title() {
    const name = this.node.leaf ?? this.node.name;
    return name && !this.isLeaf ? `${name} = ${this.name}` : name ?? this.name;
  }
}

const opOf = []; // of each node
const ops = [];
for (let last = 0, first = 0; last < pageData.nodes.length; ++last) {
  // The last of several outputs says how many there are; before it, they look like ops of one output.
  const count = pageData.nodes[last].outputs ?? 1;
  for (first = last; count > last - first + 1 && ops.length > 0; ) first = ops.pop().first;
  const op = new Op(first, last);
  ops.push(op);
  for (const node of op.outputs) opOf[node] = op;
}
pageData.runs.forEach((run) => {
  const op = opOf[run.node];
  op.run = run;
  for (const passed of run.passed) {
    const to = opOf[passed.to];
    const from = to.arrivals.filter((other) => other.to === passed.to).reduce((sum, other) => sum + other.uses, 0);
    to.arrivals.push(Object.assign(passed, { from, op }));
  }
});
const parameterOf = new Map(pageData.parameters.map((parameter) => [parameter.node, parameter]));
const checksOf = new Map();
for (const [node, index, ...numbers] of pageData.checks) {
  if (!checksOf.has(node)) checksOf.set(node, []);
  const [gradient, step, plus, minus, rounding] = numbers.map((x) => x ?? NaN); // JSON has null for what is not finite
  checksOf.get(node).push({ index, gradient, step, plus, minus, rounding });
}

const valueOf = (node) => Picture.of(pageData.nodes[node].value, pageData.nodes[node].shape);
const gradientOf = (node) => Picture.of(pageData.nodes[node].grad, pageData.nodes[node].shape);
const arrivalsAt = (node) => opOf[node].arrivals.filter((arrival) => arrival.to === node);
const expectedAt = (node) => arrivalsAt(node).reduce((sum, arrival) => sum + arrival.uses, 0);

// ---------------------------------------------------------------- The steps

const steps = [{ kind: "start" }];
for (const op of ops) {
  if (op.isLeaf) continue;
  op.forwardStep = steps.length;
  steps.push({ kind: "forward", op });
}
const lossOp = opOf[pageData.loss];
const seedStep = steps.length;
steps.push({ kind: "seed", op: lossOp });
for (const run of pageData.runs) {
  const op = opOf[run.node];
  op.backwardStep = steps.length;
  steps.push({ kind: "backward", op });
}
for (const parameter of pageData.parameters) {
  if (!arrivalsAt(parameter.node).some((arrival) => arrival.noted)) continue;
  opOf[parameter.node].gatherStep = steps.length;
  steps.push({ kind: "gather", op: opOf[parameter.node], parameter });
}

/** When a gradient first reaches an op's outputs, and when the last part of it does; never: Infinity. */
for (const op of ops) {
  const times = op.arrivals.map((arrival) => arrival.op.backwardStep);
  if (op === lossOp) times.push(seedStep);
  op.firstGradient = Math.min(...times);
  op.lastGradient = times.length ? Math.max(...times, op.gatherStep ?? 0) : Infinity;
}

/** Where a click on an op leads: to what it does in the pass that is shown. */
function stepOf(op, isBackward) {
  if (!isBackward) return op.isLeaf ? Math.min(...ops.filter((user) => user.inputs.some((i) => opOf[i] === op))
    .map((user) => user.forwardStep), seedStep) : op.forwardStep;
  if (op.backwardStep !== null) return op.backwardStep;
  return Number.isFinite(op.lastGradient) ? op.lastGradient : op.forwardStep;
}

function sayStep(i) {
  const { kind, op } = steps[i];
  const backwards = pageData.runs.length, forwards = seedStep - 1;
  if (kind === "start") return "before the first op";
  if (kind === "forward") return `forward ${i} of ${forwards}: ${op.name}`;
  if (kind === "seed") return "d loss / d loss = 1";
  if (kind === "backward") return `backward ${i - seedStep} of ${backwards}: ${op.name}`;
  return `sum up: ${op.title}`;
}

// ---------------------------------------------------------------- The layout

/** The longest stretch from `begin` on that repeats itself at least three times: [its length, how often]. */
function repeats(likeness, begin) {
  let best = [1, 1];
  const left = likeness.length - begin;
  for (let period = 1; period <= Math.min(400, left / 3); ++period) {
    let same = 0;
    while (begin + period + same < likeness.length && likeness[begin + same] === likeness[begin + period + same]) ++same;
    const times = 1 + Math.floor(same / period);
    if (times >= 3 && (times - 1) * period > (best[1] - 1) * best[0]) best = [period, times];
  }
  return best;
}

/** Columns: the ops of a stretch that does not repeat, or of one of the time steps of one that does. */
function columnsByTime() {
  const inner = ops.filter((op) => !op.isLeaf);
  const names = new Map();
  const likeness = inner.map((op) => {
    const text = `${op.path}|${op.name}|${op.inputs.length}`;
    if (!names.has(text)) names.set(text, names.size);
    return names.get(text);
  });
  const columns = [];
  let stretch = null, series = 0;
  for (let i = 0; i < inner.length; ) {
    const [period, times] = repeats(likeness, i);
    if (times === 1 || (period === 1 && times < 6)) {
      if (!stretch) columns.push((stretch = { ops: [] }));
      stretch.ops.push(inner[i++]);
      continue;
    }
    stretch = null;
    ++series;
    for (let t = 0; t < times; ++t, i += period)
      columns.push({ ops: inner.slice(i, i + period), series, time: t + 1, times });
  }
  // A leaf stands where it is first used, parameters at the left of all.
  const columnOf = new Map();
  columns.forEach((column) => column.ops.forEach((op) => columnOf.set(op, column)));
  const parameters = { ops: [], title: "parameters" };
  for (const op of ops) {
    if (!op.isLeaf) continue;
    if (op.node.leaf) {
      parameters.ops.push(op);
      continue;
    }
    const user = inner.find((other) => other.first > op.last) ?? inner.at(-1);
    columnOf.get(user)?.ops.push(op);
  }
  columns.forEach((column) => column.ops.sort((a, b) => a.first - b.first));
  return parameters.ops.length ? [parameters, ...columns] : columns;
}

/** Columns by depth: an op stands behind all that it is computed of. For a graph that can be seen as a whole. */
function columnsByDepth() {
  const depth = new Map();
  for (const op of ops) if (!op.isLeaf) depth.set(op, 1 + Math.max(...op.inputs.map((i) => depth.get(opOf[i]) ?? 0)));
  for (const op of ops) {
    if (!op.isLeaf) continue;
    const users = ops.filter((user) => user.inputs.some((i) => opOf[i] === op)).map((user) => depth.get(user));
    depth.set(op, users.length ? Math.min(...users) - 1 : 0);
  }
  const columns = [];
  for (const op of ops) ((columns[depth.get(op)] ??= { ops: [] }).ops).push(op);
  const row = new Map();
  for (const column of columns) {
    const place = (op) => op.isLeaf ? row.get(op) : op.inputs.reduce((sum, i) => sum + row.get(opOf[i]), 0) / op.inputs.length;
    column.ops.forEach((op, i) => row.set(op, i));
    column.ops.sort((a, b) => place(a) - place(b));
    column.ops.forEach((op, i) => row.set(op, i));
  }
  return columns;
}

const isSmall = ops.length <= 40;
const columns = isSmall ? columnsByDepth() : columnsByTime();
columns.forEach((column) => column.ops.forEach((op) => (op.column = column)));

// Lanes: the paths of modules, as a tree that folds.
const paths = [...new Set(ops.map((op) => (isSmall ? "" : op.path)))];
const foldedPaths = new Set();
const ancestors = (path) => path.split(".").map((_, i, parts) => parts.slice(0, i + 1).join("."));
/** The lane of a path: the outermost folded module around it, or the path itself. */
const laneOf = (path) => ancestors(path).find((ancestor) => foldedPaths.has(ancestor)) ?? path;
const lanes = () => [...new Set(paths.map(laneOf))];
/** Folds modules, the deepest first, until so many lanes are left. */
function foldTo(count) {
  const inner = [...new Set(paths.flatMap((path) => ancestors(path).slice(0, -1)))];
  inner.sort((a, b) => b.split(".").length - a.split(".").length);
  while (lanes().length > count && inner.length) foldedPaths.add(inner.shift());
}
foldTo(14);

// What the reader has unfolded: columns of a series, and cells, "lane|column".
const openColumns = new Set(), openCells = new Set();
const unfoldAll = ops.length <= 80;

// ---------------------------------------------------------------- The map

const mapElement = element("div", { class: "map", tabindex: 0, "aria-label": "the tape" });
const placeOf = new Map(); // the element on which each op stands

function opClasses(op, now) {
  const classes = ["box"];
  if (op.isLeaf) classes.push("leaf");
  if (now >= op.firstGradient) classes.push("back");
  else if (op.isLeaf || now >= op.forwardStep) classes.push("open");
  else classes.push("idle");
  if (steps[now].op === op) classes.push("now");
  return classes.join(" ");
}

function opBox(op, now) {
  const box = element("button", {
    class: opClasses(op, now), title: `%${op.last} ${op.title} ${shapeText(op.node.shape)}`, "data-op": op.last,
    click: () => stepper.go(stepOf(op, now >= seedStep)),
  }, op.node.leaf ? op.node.leaf.split(".").at(-1) : op.title);
  if (isSmall) {
    const number = (picture) => (picture.size <= 3 ? Array.from(picture.cells, short).join(" ") : shapeText(picture.shape));
    if (op.isLeaf || now >= op.forwardStep) box.append(element("small", { class: "value" }, number(valueOf(op.last))));
    const gradient = now >= op.firstGradient ? gradientAt(op.last, now) : null;
    if (gradient) box.append(element("small", { class: "grad" }, `d ${number(gradient)}`));
  }
  placeOf.set(op, box);
  return box;
}

/** The gradient of a node as far as it has come by a step. */
function gradientAt(node, now) {
  if (node === pageData.loss && now >= seedStep) return gradientOf(node);
  const op = opOf[node];
  const gathered = op.node.leaf && now >= op.lastGradient ? parameterOf.get(node) : null;
  if (gathered) return Picture.of(gathered.after, op.node.shape);
  const arrived = arrivalsAt(node).filter((arrival) => arrival.op.backwardStep <= now).at(-1);
  return arrived ? Picture.of(arrived.sum, pageData.nodes[node].shape) : null;
}

/** A pill for ops that are folded: how many they are, and how many of them are done. */
function foldedBox(group, now, unfold) {
  const inner = group.filter((op) => !op.isLeaf);
  const counted = inner.length ? inner : group;
  const isBackward = now >= seedStep;
  const done = counted.filter((op) => (isBackward ? now >= op.firstGradient : op.isLeaf || now >= op.forwardStep)).length;
  const share = Math.round(100 * done / counted.length);
  const colours = isBackward ? ["--grad-soft", "--value-soft"] : ["--value-soft", "--panel"];
  const direction = isBackward ? "to left" : "to right";
  const box = element("button", {
    class: "fold", click: unfold, title: `${counted.map((op) => op.name).slice(0, 12).join(", ")}: unfold`,
    style: `background: linear-gradient(${direction}, var(${colours[0]}) ${share}%, var(${colours[1]}) ${share}%)`,
  }, counted.length === 1 ? counted[0].title.split(".").at(-1) : `${counted.length} ${inner.length ? "ops" : "leaves"}`);
  for (const op of group) placeOf.set(op, box);
  return box;
}

/** Columns as they are shown: those of a series that nobody looks at are one. */
function shownColumns(current) {
  const shown = [];
  for (const column of columns) {
    const isOpen = !column.series || column === current || openColumns.has(column) || (unfoldAll && column.times <= 4);
    const before = shown.at(-1);
    if (!isOpen && before?.folded && before.folded[0].series === column.series) {
      before.folded.push(column);
      before.ops.push(...column.ops);
    } else {
      shown.push(isOpen ? { ...column, column } : { folded: [column], ops: [...column.ops] });
    }
  }
  return shown;
}

function columnTitle(shown, now) {
  if (shown.folded) {
    const [from, to] = [shown.folded[0].time, shown.folded.at(-1).time];
    const text = from === to ? `step ${from}` : `steps ${from}–${to}`;
    const unfold = () => (shown.folded.forEach((column) => openColumns.add(column)), showStep(now));
    return element("button", { "aria-expanded": "false", click: unfold, title: "unfold" }, `▸ ${text}`);
  }
  if (shown.series) {
    const fold = () => (columns.filter((other) => other.series === shown.series).forEach((other) => openColumns.delete(other)),
      showStep(now));
    return element("button", { "aria-expanded": "true", click: fold, title: "fold" }, `▾ step ${shown.time} of ${shown.times}`);
  }
  return shown.title ?? "";
}

function laneTitle(lane, now) {
  if (isSmall) return null;
  const toggle = (path) => (foldedPaths.has(path) ? foldedPaths.delete(path) : foldedPaths.add(path), showStep(now));
  if (foldedPaths.has(lane)) {
    const count = paths.filter((path) => laneOf(path) === lane).length;
    return element("button", { "aria-expanded": "false", title: "unfold", click: () => toggle(lane) }, `▸ ${lane} (${count})`);
  }
  const parts = ancestors(lane);
  return lane === "" ? element("span", { class: "soft" }, "top level") : parts.map((path, i) => [
    i ? "." : "",
    i + 1 < parts.length ? element("button", { class: "soft", title: `fold ${path}`, click: () => toggle(path) }, path.split(".").at(-1))
      : path.split(".").at(-1),
  ]);
}

function showMap(now) {
  const current = steps[now].op ?? null;
  placeOf.clear();
  const shown = shownColumns(current?.column);
  const rows = lanes();
  const grid = element("div", { class: "grid" });
  grid.style.gridTemplateColumns = `max-content repeat(${shown.length}, max-content)`;
  if (!isSmall) {
    grid.append(element("div", { class: "lane" }));
    for (const column of shown) grid.append(element("div", { class: "column" }, columnTitle(column, now)));
  }
  for (const lane of rows) {
    grid.append(element("div", { class: "lane" }, laneTitle(lane, now)));
    for (const column of shown) {
      const group = column.ops.filter((op) => isSmall || laneOf(op.path) === lane);
      const key = `${lane}|${columns.indexOf(column.column ?? column.folded[0])}`;
      const isOpen = !column.folded && (isSmall || unfoldAll || openCells.has(key) || group.includes(current));
      const cell = element("div", { class: `cell${isSmall ? " tall" : ""}${group.length ? "" : " empty"}` });
      if (group.length && isOpen) cell.append(...group.map((op) => opBox(op, now)));
      else if (group.length) {
        cell.append(foldedBox(group, now, () => {
          openCells.add(key);
          for (const folded of column.folded ?? []) openColumns.add(folded);
          showStep(now);
        }));
      }
      if (!isSmall && isOpen && group.length > 1 && openCells.has(key))
        cell.append(element("button", { class: "fold", title: "fold", click: () => (openCells.delete(key), showStep(now)) }, "◂"));
      grid.append(cell);
    }
  }
  const { scrollLeft, scrollTop } = mapElement;
  mapElement.replaceChildren(grid);
  mapElement.scrollTo(scrollLeft, scrollTop);
  showEdges(grid, now);
  if (current) reveal(placeOf.get(current));
}

/** Scrolls the map so that an element is inside, with some room around it. */
function reveal(target) {
  if (!target) return;
  const box = target.getBoundingClientRect(), view = mapElement.getBoundingClientRect(), room = 60;
  const left = mapElement.querySelector(".lane").getBoundingClientRect().right + 12; // lanes stay and hide what is below
  const right = Math.max(view.right - room, left + box.width);
  if (box.left < left) mapElement.scrollLeft -= left - box.left;
  else if (box.right > right) mapElement.scrollLeft += Math.min(box.right - right + room, box.left - left);
  if (box.top < view.top + room) mapElement.scrollTop -= view.top + room - box.top;
  else if (box.bottom > view.bottom - room) mapElement.scrollTop += box.bottom - view.bottom + room;
}

/** Draws what the current op reads, or passes gradients to; in a small graph all edges besides. */
function showEdges(grid, now) {
  const origin = grid.getBoundingClientRect();
  const svg = svgElement("svg", { class: "edges", width: origin.width, height: origin.height });
  const edge = (from, to, kind) => {
    const a = placeOf.get(from)?.getBoundingClientRect(), b = placeOf.get(to)?.getBoundingClientRect();
    if (!a || !b || placeOf.get(from) === placeOf.get(to)) return;
    const x1 = a.right - origin.left, y1 = (a.top + a.bottom) / 2 - origin.top;
    const x2 = b.left - origin.left, y2 = (b.top + b.bottom) / 2 - origin.top;
    const bend = Math.max(18, Math.min(90, Math.abs(x2 - x1) / 2));
    svg.append(svgElement("path", { class: kind, d: `M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}` }));
  };
  if (isSmall) for (const op of ops) for (const input of new Set(op.inputs)) edge(opOf[input], op, "");
  const { kind, op } = steps[now];
  if (kind === "forward") for (const input of new Set(op.inputs)) edge(opOf[input], op, "forward");
  if (kind === "backward") for (const passed of op.run.passed) edge(opOf[passed.to], op, "back");
  grid.prepend(svg);
}

// ---------------------------------------------------------------- The panel

const panelElement = element("section", { class: "panel", "aria-live": "polite" });
const formulaLine = (text) => element("code", { class: "formula" }, text);
const nodeName = (node) => `%${node}`;
const goTo = (step, text) => element("button", { class: "link", click: () => stepper.go(step) }, text);

/** The names that a formula gives to an op's inputs: "x" for one, the last of "x…" for all that are left. */
function inputName(op, position) {
  const names = op.formula.inputs?.split(" ") ?? [];
  const name = names[Math.min(position, names.length - 1)];
  return !name ? "" : name.endsWith("…") ? name.slice(0, -1) + String(position - names.length + 2).replace(/\d/g, (d) => "₀₁₂₃₄₅₆₇₈₉"[d]) : name;
}
const outputName = (op, position) => op.formula.outputs?.split(" ")[position] ?? "";

/** The line of a formula that is about one of the inputs. */
function gradientLine(op, position) {
  const name = inputName(op, position).replace(/[₀-₉]+$/, "");
  return op.formula.backward?.split("; ").find((line) => ["+=", "-="].some((sign) => line.startsWith(`d${name} ${sign}`))
    || line.startsWith(`d${name}[`));
}

/** The forward formula; a sum's last part is left out if the op was not given it. */
function forwardFormula(op) {
  let text = op.formula.forward;
  if (!text) return element("p", { class: "soft" }, "no formula: the op's author can bring one, see add_formula");
  for (const name of op.formula.inputs.split(" ").slice(op.inputs.length)) text = text.replace(` + ${name}`, "");
  return text.split("; ").map(formulaLine);
}

const backwardFormula = (op) => op.formula.backward?.split("; ").filter((line) => {
  const missing = op.formula.inputs.split(" ").slice(op.inputs.length);
  return !missing.some((name) => line.startsWith(`d${name} `));
}).map(formulaLine);

function heading(op, phase) {
  const place = op.column?.time ? ` · step ${op.column.time} of ${op.column.times}` : "";
  return [
    element("h2", {}, `${phase} `, element("code", {}, `${op.outputs.map(nodeName).join(", ")} ${op.title}`)),
    element("div", { class: "soft" }, `${op.path || "top level"}${place}`),
  ];
}

function tensorLine(node, name, picture) {
  const op = opOf[node];
  return element("div", { class: "input" },
    element("div", {}, element("code", {}, `${name ? `${name} = ` : ""}${nodeName(node)}`), ` ${op.title} `,
      element("span", { class: "soft" }, shapeText(pageData.nodes[node].shape))),
    picture);
}

const inputsSection = (op) => [
  element("h3", {}, "inputs"),
  [...new Set(op.inputs)].map((node) =>
    tensorLine(node, op.inputs.flatMap((other, i) => (other === node ? inputName(op, i) : [])).join(" = "), heat(valueOf(node), nodeName(node)))),
];
const outputsSection = (op) => [
  element("h3", {}, "output"),
  op.outputs.map((node, i) => tensorLine(node, outputName(op, i), heat(valueOf(node), nodeName(node)))),
];

/** Who computes with a tensor, as links to their steps. */
function usersOf(node, isBackward) {
  const users = ops.filter((op) => op.inputs.includes(node));
  return users.flatMap((op, i) => [i ? ", " : "", goTo(stepOf(op, isBackward), `${nodeName(op.last)} ${op.name}`)]);
}

function showForward(op) {
  const uses = op.outputs.flatMap((node) => usersOf(node, false));
  return [
    heading(op, "forward"), forwardFormula(op), inputsSection(op), outputsSection(op),
    uses.length ? element("p", {}, "used by ", uses) : null,
    op.run ? [element("h3", {}, "its derivative, for the way back"), backwardFormula(op)]
      : element("p", { class: "soft" }, op.node.needs ? "No gradient of the loss comes back here." : "Needs no gradient: nothing that is to be learned is behind it."),
  ];
}

/** The derivative of each number of the output by the number at the same place of the input: [its formula, picture]. */
function localDerivative(op, passed) {
  if (!op.formula.elementwise || !passed.part || passed.uses !== 1 || op.outputs.length !== 1) return null;
  const incoming = gradientOf(op.last), part = Picture.of(passed.part, pageData.nodes[passed.to].shape);
  if (!incoming?.isWhole || !part.isWhole || shapeText(incoming.shape) !== shapeText(part.shape)) return null;
  const known = incoming.cells.map((_, i) => i).filter((i) => incoming.cells[i] !== 0);
  if (!known.length) return null;
  const cells = part.cells.map((x, i) => (incoming.cells[i] === 0 ? NaN : x / incoming.cells[i]));
  const quotients = known.map((i) => cells[i]);
  const picture = Object.assign(Object.create(Picture.prototype), part, {
    cells, least: Math.min(...quotients), most: Math.max(...quotients),
    mean: quotients.reduce((sum, x) => sum + x, 0) / quotients.length,
  });
  const y = outputName(op, 0), position = op.inputs.indexOf(passed.to);
  const [, sign, line] = /^\S+ ([+-])= (.*)$/.exec(gradientLine(op, position) ?? "") ?? [];
  const factor = line?.replace(`d${y} ∘ `, "").replace(`d${y}`, "1");
  return [`∂${y}/∂${inputName(op, position)}${factor ? ` = ${sign === "-" ? "−" : ""}${factor}` : ""}`, picture];
}

/** "2 of 3 gradients arrived" */
function badge(passed) {
  const expected = expectedAt(passed.to), until = passed.from + passed.uses;
  return element("span", { class: "badge" }, `${until} of ${expected} gradient${expected === 1 ? "" : "s"} arrived`);
}

/** What one closure adds to one gradient: before + contribution = after. */
function contribution(op, passed) {
  const shape = pageData.nodes[passed.to].shape;
  const position = op.inputs.indexOf(passed.to);
  const others = arrivalsAt(passed.to);
  const mine = others.findIndex((other) => other.op === op);
  const part = Picture.of(passed.part, shape), after = Picture.of(passed.sum, shape);
  const before = mine > 0 ? Picture.of(others.slice(0, mine).findLast((other) => other.sum)?.sum ?? null, shape) : null;
  const extent = Math.max(...[part, after, before].map((picture) => picture?.extent ?? 0));
  const figure = (picture, caption, range = extent) =>
    element("figure", {}, heat(picture, caption, range), element("figcaption", {}, caption));
  const local = localDerivative(op, passed);
  const sign = (text) => element("span", { class: "sign" }, text);
  const name = `d${nodeName(passed.to)}`;
  const sum = !part ? null : before
    ? [figure(before, "before"), sign("+"), figure(part, "contribution"), sign("="), figure(after, "after")]
    : [figure(part, others.length > 1 || passed.uses > 1 ? "contribution, the first to arrive" : "contribution")];
  const names = op.inputs.flatMap((other, i) => (other === passed.to ? inputName(op, i) : [])).join(" and ");
  return element("div", { class: "input" },
    element("div", {}, element("code", {}, `${names ? `d${names} → ` : ""}${name}`), ` ${opOf[passed.to].title} `,
      element("span", { class: "soft" }, shapeText(shape)), " ", badge(passed)),
    passed.uses > 1 ? element("div", { class: "soft" }, `It is ${passed.uses} of the inputs here: the contributions come together.`) : null,
    local ? [formulaLine(local[0]), element("div", { class: "sum" }, figure(gradientOf(op.last), `d${outputName(op, 0)}`),
      sign("∘"), figure(local[1], local[0].split(" = ")[0], local[1].extent), sign("="), figure(part, "contribution"))] : null,
    sum && !(local && !before) ? element("div", { class: "sum" }, sum) : null,
    passed.noted?.map((use) => notedUse(passed.to, use)),
    !sum && !passed.noted ? element("div", { class: "soft" }, pageData.ranBefore
      ? "The tape had run backward before this page was made: only sums were left to be seen." : "nothing") : null,
    expectedAt(passed.to) > passed.uses ? whyASum(passed.to) : null,
    isComplete(passed.to, op.backwardStep) ? doubt(passed.to) : null);
}

const isComplete = (node, now) => opOf[node].lastGradient <= now;

function whyASum(node) {
  return element("p", { class: "note" }, "A sum, since ", element("code", {}, nodeName(node)), " is used more than once: by ",
    usersOf(node, true), ". A change of it changes the loss by all these ways.");
}

function notedUse(node, use) {
  const shape = pageData.nodes[node].shape, columns = shape.slice(1).reduce((product, length) => product * length, 1);
  const left = Picture.of(use.left, [use.count, use.index ? columns : shape[0]]);
  const right = Picture.of(use.right, [use.count, use.cols]);
  return element("div", {},
    element("div", { class: "soft" }, use.index
      ? `Noted: row i of this is added to row ${use.index.slice(0, 12).join(", ")}${use.count > 12 ? ", …" : ""} of the gradient at the end of the step.`
      : "Noted as a product of two matrices, leftᵀ right, and added at the end of the step, with those of all other uses."),
    element("div", { class: "sum" },
      left ? element("figure", {}, heat(left, "left"), element("figcaption", {}, `${use.index ? "rows" : "left"} ${shapeText(left.shape)}`)) : null,
      right ? element("figure", {}, heat(right, "right"), element("figcaption", {}, `right ${shapeText(right.shape)}`)) : null,
      use.product ? [element("span", { class: "sign" }, "→"),
        element("figure", {}, heat(Picture.of(use.product, shape), "its part"), element("figcaption", {}, "what it will add"))] : null));
}

/** Finite differences beside gradients, behind a button. */
function doubt(node) {
  const checks = checksOf.get(node);
  if (!checks) return null;
  const shape = pageData.nodes[node].shape;
  const place = (index) => {
    const at = [];
    for (const length of [...shape].reverse()) {
      at.unshift(index % length);
      index = Math.floor(index / length);
    }
    return `[${at.join(", ")}]`;
  };
  const rows = checks.map(({ index, gradient, step, plus, minus, rounding }) => {
    const slope = (plus - minus) / (2 * step);
    const apart = Math.abs(slope - gradient);
    const agrees = apart <= rounding + 0.02 * Math.max(Math.abs(slope), Math.abs(gradient));
    return element("tr", {}, element("td", {}, place(index)), element("td", {}, short(gradient)),
      element("td", {}, `(${plus.toPrecision(8)} − ${minus.toPrecision(8)}) / (2 · ${short(step)})`),
      element("td", {}, `${short(slope)} ± ${short(rounding)}`), element("td", {}, agrees ? "✓" : "✗ a kink, or an error"));
  });
  const head = element("tr", {}, ["number", "gradient", "loss with it larger − smaller", "slope", ""].map((text) => element("td", { class: "soft" }, text)));
  return element("details", { class: "doubt" }, element("summary", {}, "doubt it: finite differences"),
    element("div", { style: "overflow-x: auto" }, element("table", { class: "numbers" }, head, rows)));
}

/** Where the gradient of a node came from. */
function origin(node) {
  if (node === pageData.loss) return element("span", { class: "soft" }, "the loss itself");
  const from = arrivalsAt(node);
  const links = from.flatMap(({ op }, i) => [i ? ", " : "", goTo(op.backwardStep, `${nodeName(op.last)} ${op.name}`)]);
  return element("span", {}, from.length > 1 ? `the sum of what came from ` : "came from ", links);
}

function showBackward(op) {
  return [
    heading(op, "backward through"), backwardFormula(op),
    element("h3", {}, "gradient of the loss by the output"),
    op.outputs.map((node, i) => element("div", { class: "input" },
      element("div", {}, element("code", {}, `d${outputName(op, i)} = d${nodeName(node)}`), " ", origin(node)),
      gradientOf(node) ? heat(gradientOf(node), `d${nodeName(node)}`) : element("div", { class: "soft" }, "none: nobody used this output"))),
    element("h3", {}, "passed to the inputs"), op.run.passed.map((passed) => contribution(op, passed)),
    element("details", {}, element("summary", {}, "values of the forward pass"), inputsSection(op), outputsSection(op)),
  ];
}

function showGather({ op, parameter }) {
  const shape = op.node.shape;
  const uses = arrivalsAt(op.last);
  const links = uses.flatMap((arrival, i) => [i ? ", " : "", goTo(arrival.op.backwardStep, `${nodeName(arrival.op.last)} ${arrival.op.name}`)]);
  return [
    heading(op, "sum up"),
    element("p", {}, uses.length === 1 ? "What this parameter's one use in this step has noted: "
      : `The gradient of this parameter is the sum over its ${uses.length} uses in this step: `, links,
      uses.length === 1 ? "." : ". The products that they have noted are computed together, as one."),
    parameter.before ? element("p", { class: "note" }, "Its gradient was not zero before this step, to which this one adds: ",
      heat(Picture.of(parameter.before, shape), "before")) : null,
    element("h3", {}, "gradient"), heat(Picture.of(parameter.after, shape), op.title),
    element("h3", {}, "value"), heat(valueOf(op.last), op.title), doubt(op.last),
  ];
}

function showStart() {
  const leaves = ops.filter((op) => op.isLeaf);
  const count = (name) => leaves.filter((op) => op.name === name).length;
  return [
    element("h2", {}, "A step of training, from its first op to its last gradient"),
    element("p", {}, `The tape has ${ops.length - leaves.length} ops over ${count("parameter")} parameters, ${count("variable")} variables and ${count("constant")} constants. `
      + "Forward, each op computes its output from its inputs, left to right. Then the closures run from the last op to the first: each takes the gradient of the loss "
      + "by its op's output, multiplies it by the derivative of this one op, and adds the result to the gradients of the inputs. That is all of backpropagation."),
    element("p", {}, "→ and ← step, space plays, Home and End jump. A click on an op goes to it. Columns are time steps, rows are modules; they fold and unfold."),
    element("p", {}, element("span", { class: "value" }, "■ computed"), "  ", element("span", { class: "grad" }, "■ has a gradient"),
      element("span", { class: "soft" }, "  ┄ not yet")),
    isSmall ? [element("h3", {}, "leaves"), leaves.map((op) => tensorLine(op.last, "", heat(valueOf(op.last), op.title)))] : null,
  ];
}

function showSeed() {
  return [
    heading(lossOp, "the loss"), heat(valueOf(lossOp.last), "loss"),
    element("p", {}, "From here on it goes back. The first gradient is known: if the loss grows by a little, the loss grows by just as much."),
    formulaLine("d loss / d loss = 1"),
  ];
}

const shows = { start: showStart, forward: ({ op }) => showForward(op), seed: showSeed, backward: ({ op }) => showBackward(op), gather: showGather };

// ---------------------------------------------------------------- All together

function showStep(now) {
  showMap(now);
  const step = steps[now];
  panelElement.replaceChildren(...[shows[step.kind](step)].flat(9).filter(Boolean));
  panelElement.scrollTop = 0;
}

const stepper = new Stepper(steps.length, showStep, sayStep);
addEventListener("resize", () => showStep(stepper.step));
showPage(stepper, mapElement, panelElement);
