// The backprop player: the panel beside the map, which says what the current step does.

const panelElement = element("section", { class: "panel", "aria-live": "polite", tabindex: -1 });
const showPanel = (content) => {
  keepFocus(panelElement, () => panelElement.replaceChildren(...content.flat(9).filter(Boolean)));
  panelElement.scrollTop = 0;
};
const soft = (...content) => element("div", { class: "soft" }, content);
const note = (...content) => element("p", { class: "note" }, content);
const formulaLine = (text) => element("code", { class: "formula" }, text);
const nodeName = (node) => `%${node}`;
const goTo = (step, text) => element("button", { class: "link", click: () => stepper.go(step) }, text);
/** `a, b, c` of elements or texts. */
const listed = (items) => items.flatMap((item, i) => (i ? [", ", item] : [item]));

// Formulas

const kNames = /[A-Za-z_']+[₀-₉]*/g;

/**
 * What the names in an op's formulas stand for, where that is told in the formula: tensors that the author of the step has
 * named, and with them all others of the op. Else formulas keep their letters, and each tensor says which of them it is.
 */
function tensorNames(op) {
  const nodes = [...op.inputs, ...op.outputs], names = [...op.inputNames, ...op.outputNames];
  const isNamed = isSmall || nodes.some((node) => pageData.nodes[node].name);
  if (!isNamed || names.length < nodes.length || names.some((name) => /[₁-₉]/.test(name))) return null;
  const words = `${op.formula.forward} ${op.formula.backward}`.match(kNames).filter((word) => !names.includes(word.replace(/^d/, "")) && !names.includes(word));
  const shown = (node) => {
    const name = pageData.nodes[node].name;
    return !name || words.includes(name) ? nodeName(node) : name;
  };
  return new Map(nodes.map((node, i) => [names[i], shown(node)]));
}

/** A formula's text in the words of the op's tensors. */
function inTensors(op, text) {
  const names = tensorNames(op);
  return !names ? text : text.replace(kNames, (word) => names.get(word)
    ?? (word[0] === "d" && names.has(word.slice(1)) ? `d${names.get(word.slice(1))}` : word));
}
/** What the formulas that the panel shows call a tensor; empty if that is its number. */
function nameInFormulas(op, name, node) {
  const names = tensorNames(op);
  return !names ? name ?? "" : names.get(name) === nodeName(node) ? "" : names.get(name);
}
const inputName = (op, position) => nameInFormulas(op, op.inputNames[position], op.inputs[position]);
const outputName = (op, position) => nameInFormulas(op, op.outputNames[position], op.outputs[position]);

/** The names of inputs that formulas speak of, and that this op was not given. */
function missingNames(op) {
  const known = op.inputNames.map((name) => name.replace(/[₁-₉]+$/, ""));
  return op.formula.inputs?.split(" ").map((name) => name.replace(/[?…]$/, "")).filter((name) => !known.includes(name)) ?? [];
}

/** The line of a formula that is about one of the inputs. */
function gradientLine(op, position) {
  const name = op.inputNames[position]?.replace(/[₁-₉]+$/, "");
  return op.formula.backward?.split("; ").find((line) => ["+=", "-="].some((sign) => line.startsWith(`d${name} ${sign}`))
    || line.startsWith(`d${name}[`));
}

/** The forward formula without the parts of a sum that the op was not given. */
function forwardFormula(op) {
  let text = op.formula.forward;
  if (!text) return element("p", { class: "soft" }, "no formula: the op's author can bring one, see add_formula");
  for (const name of missingNames(op)) text = text.replace(` + ${name}`, "").replace(`${name} + `, "");
  const lines = text.split("; ");
  return [lines.map((line) => formulaLine(inTensors(op, line))), op.name.endsWith("cross_entropy")
    ? soft(explained("with the target's distribution {q}; the loss is in {nats}")) : null, lines.length > 1
    ? element("p", { class: "soft" }, explained("A {fused} op: what is between its inputs and outputs it keeps to itself, and --unfused shows it.")) : null];
}

const backwardFormula = (op) => op.formula.backward?.split("; ")
  .filter((line) => !missingNames(op).some((name) => line.startsWith(`d${name} `))).map((line) => formulaLine(inTensors(op, line)));

// Tensors

function heading(op, phase) {
  const place = [hasModules ? op.path || "outside of modules" : "", op.column?.time ? timeText(op.column) : ""].filter(Boolean).join(" · ");
  const name = op.column?.name;
  return [
    element("h2", {}, `${phase} `, element("code", {}, `${op.outputs.map(nodeName).join(", ")} ${op.title}`)),
    place ? soft(terms[name] ? [place.slice(0, -name.length), term(name)] : place) : null,
  ];
}

function tensorLine(node, name, picture) {
  const op = opOf[node];
  return element("div", { class: "input" },
    element("div", {}, element("code", {}, `${name ? `${name} = ` : ""}${nodeName(node)}`), ` ${op.title} `,
      element("span", { class: "soft" }, shapeText(pageData.nodes[node].shape))),
    picture);
}

const namesOfInput = (op, node) => [...new Set(op.inputs.flatMap((other, i) => (other === node ? inputName(op, i) : [])))].filter(Boolean);
const inputsSection = (op) => [
  element("h3", {}, "inputs"),
  [...new Set(op.inputs)].map((node) => tensorLine(node, namesOfInput(op, node).join(" = "), heat(valueOf(node), nodeName(node)))),
];
const outputsSection = (op) => [
  element("h3", {}, "output"),
  op.outputs.map((node, i) => tensorLine(node, outputName(op, i), heat(valueOf(node), nodeName(node)))),
];

/** Who computes with a tensor, as links to their steps. */
const usersOf = (node, isBackward) => listed(ops.filter((op) => op.inputs.includes(node)).map((op) => {
  const times = op.inputs.filter((input) => input === node).length;
  return [goTo(stepOf(op, isBackward), `${nodeName(op.last)} ${op.name}`), times === 1 ? "" : times === 2 ? " twice" : ` ${times} times`];
}));

/** What the author of the step tells of its loss: a table, its first row a head. */
const lossTable = () => (pageData.lossTable.length ? element("div", { class: "wide" }, element("table", { class: "numbers" },
  pageData.lossTable.map((row, i) => element("tr", {}, row.map((text) => element("td", { class: i ? undefined : "soft" }, text)))))) : null);

function showForward(op) {
  const uses = op.outputs.flatMap((node) => usersOf(node, false));
  return [
    heading(op, "forward"), forwardFormula(op), op === lossOp ? lossTable() : null, inputsSection(op), outputsSection(op),
    uses.length ? element("p", {}, "used by ", uses) : null,
    op.run ? [element("h3", {}, "its derivative, for the way back"), backwardFormula(op)]
      : element("p", { class: "soft" }, op.node.needs ? "No gradient of the loss comes back here." : "Needs no gradient: nothing that is to be learned is behind it."),
  ];
}

// Gradients

/** Pictures side by side in an equation, with a sign before each but the first: [sign, picture, caption, name]. */
function equation(parts) {
  const scale = scaleOf(parts.filter(([, , , , own]) => !own).map(([, picture]) => picture));
  return element("div", { class: "sum" }, parts.map(([sign, picture, caption, name, own], i) => [
    i ? element("span", { class: "sign" }, sign) : null,
    element("figure", {}, heat(picture, name, own ? { ...scale, extent: picture.extent } : scale), element("figcaption", {}, caption)),
  ]));
}

/** The derivative of each number of the output by the number at the same place of the input: [its formula, picture]. */
function localDerivative(op, passed) {
  if (!op.formula.elementwise || !passed.part || passed.uses !== 1 || op.outputs.length !== 1) return null;
  const incoming = gradientOf(op.last), part = pictureOf(passed.to, passed.part);
  if (!incoming?.isWhole || !part.isWhole || shapeText(incoming.shape) !== shapeText(part.shape)) return null;
  // Where nothing comes in, nothing tells what it would have been multiplied by.
  const cells = Array.from(part.cells, (x, i) => (incoming.cells[i] === 0 ? null : x / incoming.cells[i]));
  const quotients = cells.filter((x) => x !== null);
  if (!quotients.length) return null;
  const picture = Object.assign(Object.create(Picture.prototype), part, {
    cells, least: Math.min(...quotients), most: Math.max(...quotients),
    mean: quotients.reduce((sum, x) => sum + x, 0) / quotients.length,
  });
  const y = op.outputNames[0], position = op.inputs.indexOf(passed.to);
  const [, sign, line] = /^\S+ ([+-])= (.*)$/.exec(gradientLine(op, position) ?? "") ?? [];
  const factor = line?.replace(`d${y} ∘ `, "").replace(`d${y}`, "1");
  const left = inTensors(op, y), right = inTensors(op, op.inputNames[position]);
  return [`∂${left}/∂${right}`, factor ? ` = ${sign === "-" ? "−" : ""}${inTensors(op, factor)}` : "", picture];
}

/** "2 of 3 gradients arrived" */
function badge(passed) {
  const expected = expectedAt(passed.to), until = passed.from + passed.uses;
  return element("span", { class: "badge" }, `${until} of ${expected} gradient${expected === 1 ? "" : "s"} arrived`);
}

/** What one closure adds to one gradient: before + contribution = after. */
function contribution(op, passed) {
  const node = passed.to, shape = pageData.nodes[node].shape;
  const others = arrivalsAt(node);
  const mine = others.findIndex((other) => other.op === op);
  const part = pictureOf(node, passed.part), after = pictureOf(node, passed.sum);
  const before = mine > 0 ? pictureOf(node, others.slice(0, mine).findLast((other) => other.sum)?.sum ?? null) : null;
  const local = localDerivative(op, passed);
  const name = `d${nodeName(node)}`, incoming = `d${nodeName(op.last)}`;
  const added = ["=", part, "contribution", `what ${nodeName(op.last)} adds to ${name}`];
  const first = others.length > 1 ? "contribution, the first to arrive" : "contribution";
  const sum = !part ? null : before
    ? [["", before, "before", `${name} before`], ["+", ...added.slice(1)], ["=", after, "after", `${name} after`]]
    : [["", part, first, added[3]]];
  const names = namesOfInput(op, node).map((input) => `d${input}`).join(" and ");
  return element("div", { class: "input" },
    element("div", {}, element("code", {}, `${names ? `${names} → ` : ""}${name}`), ` ${opOf[node].title} `,
      element("span", { class: "soft" }, shapeText(shape)), " ", badge(passed)),
    local ? [formulaLine(local[0] + local[1]), equation([["", gradientOf(op.last), incoming, incoming],
      ["∘", local[2], local[0], local[0], true], added]),
      local[2].cells.includes(null) ? soft(`–: cannot be told from ${incoming}, which is 0 there`) : null] : null,
    sum && !(local && !before) ? equation(sum) : null,
    passed.noted?.map((use) => notedUse(node, use)),
    !sum && !passed.noted ? soft(pageData.ranBefore ? "The tape had run backward before this page was made: only sums were left to be seen." : "nothing") : null,
    expectedAt(node) > 1 ? whyASum(node) : null,
    gradientTimes(node)[1] <= op.backwardStep ? doubt(node) : null);
}

const whyASum = (node) => note("A sum, since ", element("code", {}, nodeName(node)), " is used more than once: by ",
  usersOf(node, true), ". A change of it changes the loss by all these ways.");

/** A gradient as the sum of all that arrived, each part with a link to where it came from; null unless all are known. */
function partsOf(node, gradient) {
  const shape = pageData.nodes[node].shape;
  const places = ({ part, noted }) => (noted ? [...(part ? [part] : []), ...noted.map((use) => use.product)] : [part]);
  const parts = arrivalsAt(node).flatMap((arrival) => places(arrival).map((place) => [arrival.op, Picture.of(place, shape)]));
  const kMost = 16;
  if (parts.length < 2 || parts.length > kMost || parts.some(([, picture]) => !picture)) return null;
  return [element("h3", {}, "the parts that it is the sum of"), equation([
    ...parts.map(([op, picture]) => ["+", picture, goTo(op.backwardStep, `${nodeName(op.last)} ${op.name}`), `the part of ${nodeName(op.last)}`]),
    ["=", gradient, "gradient", `d${nodeName(node)}`]])];
}

/** `163 “the”`: a row of a parameter, and the name that it has. */
const rowText = (node, row) => `${row}${pageData.rows[node]?.[row] === undefined ? "" : ` “${pageData.rows[node][row]}”`}`;

function notedUse(node, use) {
  const shape = pageData.nodes[node].shape, columns = shape.slice(1).reduce((product, length) => product * length, 1);
  const left = Picture.of(use.left, [use.count, use.index ? columns : shape[0]]);
  const right = Picture.of(use.right, [use.count, use.cols]);
  const figure = (picture, caption) => element("figure", {}, heat(picture, caption), element("figcaption", {}, caption));
  return element("div", {},
    soft(explained("{noted|Noted}"), use.index
      ? `: row i of this is added to row ${use.index.slice(0, 12).map((row) => rowText(node, row)).join(", ")}${use.count > 12 ? ", …" : ""} of the gradient at the end of the step.`
      : `: a product of two matrices, leftᵀ right, added at the end of the step with those of all other uses.${use.count > 1 ? ` It is a sum over their ${use.count} rows.` : ""}`),
    element("div", { class: "sum" },
      left ? figure(left, `${use.index ? "rows" : "left"} ${shapeText(left.shape)}`) : null,
      right ? figure(right, `right ${shapeText(right.shape)}`) : null,
      use.product ? [element("span", { class: "sign" }, "→"), figure(Picture.of(use.product, shape), "what it will add")] : null));
}

/** So many digits of two numbers that their difference can be computed from them. */
function apart(a, b) {
  let digits = 8;
  while (digits < 17 && !(Math.abs(a.toPrecision(digits) - b.toPrecision(digits) - (a - b)) <= 1e-4 * Math.abs(a - b))) ++digits;
  return [a, b].map((x) => (a === b ? String(x) : x.toPrecision(digits)).replaceAll("-", "−"));
}

const verdicts = ["✓", "✗ a kink, or an error", "too small to tell"];

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
  const rows = checks.map(({ index, gradient, step, plus, minus, rounding, verdict }) => {
    const [larger, smaller] = apart(plus, minus);
    return element("tr", {}, element("td", {}, place(index)), element("td", {}, short(gradient)),
      element("td", {}, `(${larger} − ${smaller}) / (2 · ${short(step)})`),
      element("td", {}, `${short((plus - minus) / (2 * step))} ± ${short(rounding)}`), element("td", {}, verdicts[verdict]));
  });
  const head = element("tr", {}, ["number", "gradient", "loss with it larger − smaller", "slope", ""].map((text) => element("td", { class: "soft" }, text)));
  return element("details", { class: "doubt" }, element("summary", {}, "doubt it: finite differences"),
    element("div", { class: "wide" }, element("table", { class: "numbers" }, head, rows)),
    checks.some(({ verdict }) => verdict === 2) ? soft("Too small to tell: the loss changes by hardly more than what rounding may change it by (±), so that this shows nothing. "
      + "A step with a larger loss has larger gradients.") : null);
}

/** Where the gradient of a node came from. */
function origin(node) {
  if (node === pageData.loss) return element("span", { class: "soft" }, "the loss itself");
  const links = arrivalsAt(node).map(({ op }) => goTo(op.backwardStep, `${nodeName(op.last)} ${op.name}`));
  return links.length ? element("span", {}, links.length > 1 ? "the sum of what came from " : "came from ", listed(links)) : null;
}

function showBackward(op) {
  return [
    heading(op, "backward through"), backwardFormula(op),
    element("h3", {}, "gradient of the loss by the output"),
    op.outputs.map((node, i) => element("div", { class: "input" },
      element("div", {}, element("code", {}, `${outputName(op, i) ? `d${outputName(op, i)} = ` : ""}d${nodeName(node)}`), " ", origin(node)),
      gradientOf(node) ? [heat(gradientOf(node), `d${nodeName(node)}`), partsOf(node, gradientOf(node))] : soft("none: nothing that was computed from this output reaches the loss"))),
    element("h3", {}, "passed to the inputs"), op.run.passed.map((passed) => contribution(op, passed)),
    element("details", {}, element("summary", {}, "values of the forward pass"), inputsSection(op), outputsSection(op)),
  ];
}

/** How the gradient of a parameter is made of what its uses have noted. */
function sumOfNotes(node) {
  const uses = arrivalsAt(node), links = listed(uses.map(({ op }) => goTo(op.backwardStep, `${nodeName(op.last)} ${op.name}`)));
  if (uses.length > 1) return ["The gradient of this parameter is the sum over ", `${uses.length} ops that use it: `, links,
    ". The products that they have noted are computed together, as one."];
  const { noted } = uses[0], rows = Math.max(...noted.map(({ count }) => count));
  return ["The gradient of this parameter is what one op has noted that uses it, ", links, rows === 1 ? "." : [
    noted[0].index ? `, which looks up ${rows} rows of it` : `, once for each of ${rows} rows: of time steps, or words`,
    ". It is the sum over them; ", explained("where the op is {fused}, --unfused shows each.")]];
}

/** A leaf: what it is, what is told of its uses, and its gradient, as far as it has come by a step. */
function leafPage(op, now, uses = ["used by ", usersOf(op.last, now >= seedStep)]) {
  const node = op.last, [, complete] = gradientTimes(node);
  const gradient = gradientAt(node, now);
  const known = parameterOf.has(node) ? Picture.of(parameterOf.get(node).before, op.node.shape) : null;
  return [
    heading(op, op.name === op.title ? "" : op.name),
    element("p", {}, uses), element("h3", {}, "value"), heat(valueOf(node), op.title),
    element("h3", {}, now < complete && gradient ? "gradient so far" : "gradient"),
    gradient ? [heat(gradient, `d${nodeName(node)}`), now >= complete ? partsOf(node, gradient) : null]
      : soft(Number.isFinite(complete) ? ["comes with the backward pass, complete ", goTo(complete, `in step ${complete}`)]
        : op.node.needs ? "none: nothing that was computed from it reaches the loss" : "none is wanted: it is a constant"),
    known ? note("It was not zero before this step, to which this one adds: ", heat(known, "before")) : null,
    now >= complete ? doubt(node) : null,
  ];
}

const showGather = ({ op }, now) => leafPage(op, now, sumOfNotes(op.last));

function showStart() {
  const leaves = ops.filter((op) => op.isLeaf);
  const counts = ["parameter", "variable", "constant"].map((name) => [name, leaves.filter((op) => op.name === name).length]).filter(([, count]) => count)
    .map(([name, count]) => `${count} {${name}|${name}${count === 1 ? "" : "s"}}`);
  const inner = ops.length - leaves.length;
  return [
    element("h2", {}, "A step of training, from its first op to its last gradient"),
    element("p", {}, explained(`The {tape} has ${inner} {op|${inner === 1 ? "op" : "ops"}} over ${counts.join(" and ")}. `
      + "Forward, each op computes its output from its inputs, left to right. Then the {closure|closures} run from the last op to the first: each takes the {gradient} of the loss "
      + "by its op's output, multiplies it by the derivative of this one op, and adds the result to the gradients of the inputs. That is all of backpropagation.")),
    element("p", {}, "→ and ← step, space plays, Home and End jump. A click on an op goes to it, one on a leaf tells of it. ",
      isSmall ? "Each op stands to the right of all that it is computed from."
        : `Columns are ${columns.some((column) => column.time) ? "the time steps of what repeats itself" : "ops in their order"}${hasModules ? ", rows are modules" : ""}; they fold and unfold.`),
    element("p", {}, "map: ", element("span", { class: "value" }, "■ computed"), "  ", element("span", { class: "grad" }, "■ has a gradient"),
      element("span", { class: "soft" }, "  ┄ not yet"), element("br"), heatLegend()),
    pageData.checks.length ? null : soft("No finite differences stand beside the gradients: for them write_player needs a function that computes the loss again, and time."),
    glossary(),
    isSmall ? [element("h3", {}, "leaves"), leaves.map((op) => tensorLine(op.last, "", heat(valueOf(op.last), op.title)))] : null,
  ];
}

function showSeed() {
  return [
    heading(lossOp, "the loss"), heat(valueOf(lossOp.last), "loss"), lossTable(),
    element("p", {}, "From here on it goes back. The first gradient is known: if the loss grows by a little, the loss grows by just as much."),
    formulaLine("d loss / d loss = 1"),
  ];
}

const shows = { start: showStart, forward: ({ op }) => showForward(op), seed: showSeed, backward: ({ op }) => showBackward(op), gather: showGather };
