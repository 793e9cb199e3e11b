// The backprop player: how ops are laid out, and the map of them.

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

/** Whether stretches of ops that are alike follow upon each other in time, each on what the one before has computed: by more
 * than an addition to a sum. */
function isRecurrent(before, after) {
  const reached = new Set(before);
  return after.some((op) => {
    if (!op.inputs.some((i) => reached.has(opOf[i]))) return false;
    reached.add(op);
    return op.name !== "add";
  });
}

/** Whether ops go from the end to the beginning: by the names that PyTorch gives the weights of that direction. */
const isReverse = (part) => part.some((op) => op.inputs.flatMap((i) => (opOf[i].name === "transpose" ? opOf[i].inputs : i))
  .some((i) => /_reverse(\.|$)/.test(pageData.nodes[i].leaf)));

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
    const parts = Array.from({ length: times }, (_, t) => inner.slice(i + t * period, i + (t + 1) * period));
    const inOrder = parts[0].map((op) => stepNames(op.path, times)).find(Boolean);
    const names = isReverse(parts[1]) ? inOrder && [...inOrder].reverse() : inOrder;
    const unit = isRecurrent(parts[0], parts[1]) ? "step" : "part";
    parts.forEach((part, t) => columns.push({ ops: part, series, time: t + 1, times, unit, name: names?.[t] }));
    i += times * period;
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

/** Of a column among others that are alike, which one it is: `step 3 of 8: noir` */
const timeText = ({ time, times, unit, name }) => `${unit} ${time} of ${times}${name === undefined ? "" : `: ${name}`}`;

// Lanes: the paths of modules, as a tree that folds.
const hasModules = ops.some((op) => op.path);
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

// The map

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
    class: opClasses(op, now), title: `%${op.last} ${op.title} ${shapeText(op.node.shape)}`, "data-op": op.last, "data-key": op.last,
    click: () => (op.isLeaf ? showPanel(leafPage(op, now)) : stepper.go(stepOf(op, now >= seedStep))),
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
  const gathered = op.node.leaf && now >= gradientTimes(node)[1] ? parameterOf.get(node) : null;
  if (gathered) return Picture.of(gathered.after, op.node.shape);
  const arrived = arrivalsAt(node).filter((arrival) => arrival.op.backwardStep <= now).at(-1);
  return arrived ? pictureOf(node, arrived.sum) : null;
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
    class: "fold", click: unfold, "data-key": group.map((op) => op.last).join(" "), title: `${counted.map((op) => op.name).slice(0, 12).join(", ")}: unfold`,
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
    const first = shown.folded[0], last = shown.folded.at(-1);
    const names = first.name === undefined ? "" : first === last ? `: ${first.name}` : `: ${first.name} … ${last.name}`;
    const text = first === last ? `${first.unit} ${first.time}` : `${first.unit}s ${first.time}–${last.time}`;
    const unfold = () => (shown.folded.forEach((column) => openColumns.add(column)), showMap(now));
    return element("button", { "aria-expanded": "false", click: unfold, title: "unfold", "data-key": `column-${columns.indexOf(first)}` }, `▸ ${text}${names}`);
  }
  if (shown.series) {
    const fold = () => (columns.filter((other) => other.series === shown.series).forEach((other) => openColumns.delete(other)),
      showMap(now));
    return element("button", { "aria-expanded": "true", click: fold, title: "fold", "data-key": `column-${columns.indexOf(shown.column)}` }, `▾ ${timeText(shown)}`);
  }
  return shown.title ?? "";
}

function laneTitle(lane, now) {
  if (isSmall || !hasModules) return null;
  const toggle = (path) => (foldedPaths.has(path) ? foldedPaths.delete(path) : foldedPaths.add(path), showMap(now));
  if (foldedPaths.has(lane)) {
    const count = paths.filter((path) => laneOf(path) === lane).length;
    return element("button", { "aria-expanded": "false", title: "unfold", "data-key": lane, click: () => toggle(lane) }, `▸ ${lane} (${count})`);
  }
  const parts = ancestors(lane);
  return lane === "" ? element("span", { class: "soft" }, "outside of modules") : parts.map((path, i) => [
    i ? "." : "",
    i + 1 < parts.length ? element("button", { class: "soft", title: `fold ${path}`, "data-key": path, click: () => toggle(path) }, path.split(".").at(-1))
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
          showMap(now);
        }));
      }
      if (!isSmall && isOpen && group.length > 1 && openCells.has(key))
        cell.append(element("button", { class: "fold", title: "fold", "data-key": group[0].last, click: () => (openCells.delete(key), showMap(now)) }, "◂"));
      grid.append(cell);
    }
  }
  const { scrollLeft, scrollTop } = mapElement;
  keepFocus(mapElement, () => mapElement.replaceChildren(grid));
  if (grid.offsetWidth > mapElement.clientWidth) grid.classList.add("tight");
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
