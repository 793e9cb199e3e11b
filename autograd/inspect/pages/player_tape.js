// The backprop player: the tape, and the steps that go through it.

/** An op with all its outputs, or a leaf: what one box of the map stands for. */
class Op {
  constructor(first, last) {
    const node = pageData.nodes[last];
    Object.assign(this, { first, last, node, name: pageData.ops[node.op].name, formula: pageData.ops[node.op] });
    this.inputs = node.inputs ?? [];
    this.inputNames = pageData.names[node.names] ?? []; // as its formulas have them
    this.outputNames = this.formula.outputs?.split(" ") ?? [];
    this.path = pageData.paths[node.path] || this.pathOfParameters();
    this.outputs = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    this.isLeaf = this.inputs.length === 0;
    this.arrivals = []; // what closures pass to its outputs: {run, to, uses, from}
    this.run = null; // the closure that passes its gradient on
    this.forwardStep = 0;
    this.backwardStep = null;
  }
  /** Outside of all modules a parameter, or an op that uses some, stands where the parameter's name says. */
  pathOfParameters() {
    const names = [this.last, ...this.inputs].map((node) => pageData.nodes[node].leaf).filter(Boolean);
    return names.at(-1)?.split(".").slice(0, -1).join(".") ?? "";
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
  const [gradient, step, plus, minus, rounding, verdict] = numbers.map((x) => x ?? NaN); // JSON has null for what is not finite
  checksOf.get(node).push({ index, gradient, step, plus, minus, rounding, verdict });
}

/** The names of time steps, such as words, that the page has for `count` of them under a module's path. */
const stepNames = (path, count) =>
  pageData.steps.find((steps) => steps.names.length === count && `${path}.`.startsWith(`${steps.path}.`))?.names;

/** A picture of a node's value or gradient, which knows the names of its rows if it is clear which time steps they are. */
function pictureOf(node, place) {
  const { shape, leaf } = pageData.nodes[node];
  const picture = Picture.of(place, shape);
  const candidates = pageData.steps.filter(({ names }) => names.length === shape[0]);
  const isOfRows = shape.length === 2 && !leaf && opOf[node].name !== "transpose";
  if (picture && isOfRows && picture.rows === shape[0] && candidates.length === 1) picture.rowNames = candidates[0].names;
  return picture;
}
const valueOf = (node) => pictureOf(node, pageData.nodes[node].value);
const gradientOf = (node) => pictureOf(node, pageData.nodes[node].grad);
const arrivalsAt = (node) => opOf[node].arrivals.filter((arrival) => arrival.to === node);
const expectedAt = (node) => arrivalsAt(node).reduce((sum, arrival) => sum + arrival.uses, 0);

// The steps

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

/** When a gradient first reaches a node, and when the last part of it does; never: Infinity. */
function gradientTimes(node) {
  const times = arrivalsAt(node).map((arrival) => arrival.op.backwardStep);
  if (node === pageData.loss) times.push(seedStep);
  return times.length ? [Math.min(...times), Math.max(...times, opOf[node].gatherStep ?? 0)] : [Infinity, Infinity];
}
for (const op of ops) op.firstGradient = Math.min(...op.outputs.map((node) => gradientTimes(node)[0]));

/** Where a click on an op leads: to what it does in the pass that is shown. */
const stepOf = (op, isBackward) => (isBackward ? op.backwardStep ?? op.gatherStep : null) ?? op.forwardStep;

function sayStep(i) {
  const { kind, op } = steps[i];
  const backwards = pageData.runs.length, forwards = seedStep - 1;
  if (kind === "start") return "before the first op";
  if (kind === "forward") return `forward ${i} of ${forwards}: ${op.name}`;
  if (kind === "seed") return "d loss / d loss = 1";
  if (kind === "backward") return `backward ${i - seedStep} of ${backwards}: ${op.name}`;
  return `sum up: ${op.title}`;
}
