// The translation player: what each model computed, the steps, the words with their bars, the panel, the search.

// ---------------------------------------------------------------- The models

const models = pageData.models;
const S = models[0].source.length, T = models[0].target.length; // with </s>
const hasSaliency = Boolean(models[0].saliency);
const vector = (place) => (place ? new Picture(place, [place[2]]) : null);
const subscript = (number) => String(number).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]);
const fixed = (x, digits = 2) => (x === null || !Number.isFinite(x) ? "−∞" : x.toFixed(digits).replace("-", "−"));
/** A log-probability: those near 0 are small, but not nothing. */
const logged = (x, digits) => (x !== 0 && Math.abs(x) < 0.5 * 10 ** -digits ? x.toExponential(1).replaceAll("-", "−") : fixed(x, digits));
const percent = (share) => (share > 0 && share < 0.0005 ? "< 0.1 %" : `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`);
const quoted = (word) => `“${word}”`;
/** A word of the source, with its place where it stands there more than once: “the” (5). */
const sourceWord = ({ source }, j) => quoted(source[j]) + (source.indexOf(source[j]) === source.lastIndexOf(source[j]) ? "" : ` (${j + 1})`);
const largest = (numbers) => numbers.reduce((best, x, i) => ((x ?? -Infinity) > (numbers[best] ?? -Infinity) ? i : best), 0);

/** A word that is read from right to left, kept from moving what stands beside it. */
const isolated = (word) => (/[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u.test(word) ? `\u2068${word}\u2069` : word);

for (const model of models) {
  const { is } = model;
  for (const words of [model.source, model.target, model.vocabulary ?? []]) words.forEach((word, i) => (words[i] = isolated(word)));
  for (const step of model.steps) {
    step.read = isolated(step.read);
    for (const likely of [step.written, ...step.likeliest]) likely[0] = isolated(likely[0]);
  }
  // Bahdanau et al. call the decoder's states s and the encoder's h, Luong et al. h and h̄.
  const [state, encoded] = is.attend === "before" ? ["s", "h"] : ["h", "h̄"];
  model.symbols = {
    encoded,
    word: (t) => `y${subscript(t)}`, // t counts from 1, and y₀ is <s>
    state: (t) => `${state}${subscript(t)}`,
    query: (t) => `${state}${subscript(is.attend === "before" ? t - 1 : t)}`,
    context: (t) => `c${subscript(t)}`,
    fed: (t) => (is.attend === "before" ? `r${subscript(t)}` : `h̃${subscript(t)}`),
    readout: (t) => (is.attend === "after" && is.readout === "direct" ? `h̃${subscript(t)}` : `r${subscript(t)}`),
  };
  model.cellName = { lstm: "LSTM", gru: "GRU", "gru-reset-before": "GRU", rnn: "RNN" }[is.cell];
  model.directions = is.bidirectional ? ["→", "←"] : [is.reversed ? "←" : "→"];
  model.extent = Math.max(...model.states.flat().map((place) => vector(place).extent));
  model.steps.forEach((step, t) => {
    step.saliency = model.saliency?.slice(t * S, (t + 1) * S);
    // One score for each word; several heads have a row each, and the mean stands for them.
    step.score = step.weights.map((_, j) => step.scores.reduce((sum, head) => sum + (head[j] ?? -Infinity), 0) / step.scores.length);
  });
}

// ---------------------------------------------------------------- The formulas of a model

const scoreFormulas = {
  additive: (q, h) => `eⱼ = vᵀ tanh(W ${q} + b + U ${h}ⱼ)`,
  concat: (q, h) => `eⱼ = vᵀ tanh(W [${q}; ${h}ⱼ])`,
  dot: (q, h) => `eⱼ = ${q}ᵀ ${h}ⱼ`,
  general: (q, h) => `eⱼ = ${q}ᵀ W ${h}ⱼ`,
  "scaled-dot": (q, h) => `eⱼ = ${q}ᵀ ${h}ⱼ / √H`,
  "scaled-general": (q, h) => `eⱼ = ${q}ᵀ W ${h}ⱼ / √H`,
  location: (q) => `e = W ${q}   (from the query alone: a score for each position)`,
  cosine: (q, h) => `eⱼ = β cos(W ${q}, ${h}ⱼ)     β = exp(wᵀ ${q} + b)`,
  "multi-head": (q, h) => `eₖⱼ = (W_Q ${q})ₖᵀ (W_K ${h}ⱼ)ₖ / √(H/K)   in each head k`,
};

function scoreFormula({ is, symbols }, t) {
  const known = scoreFormulas[is.score] ?? ((q, h) => `eⱼ = ${is.score}(${q}, ${h}ⱼ)`);
  return known(symbols.query(t), symbols.encoded) + (is.coverage && t > 1 ? ` + (w ${symbols.query(t)} + b) Σ of the earlier weights of j` : "");
}

function weightFormulas({ is, symbols }, t) {
  if (is.scope === "monotonic" || is.scope === "mocha") {
    const stop = `k = the first position with eₖ + r > 0, from where the last word stopped`;
    return is.scope === "monotonic" ? [stop, "αₖ = 1, 0 at all others"]
      : [stop, `uⱼ = ${symbols.query(t)}ᵀ W ${symbols.encoded}ⱼ / √H`, `αⱼ = exp(uⱼ) / Σᵢ exp(uᵢ)   of the ${is.chunk} positions up to k; 0 at all others`];
  }
  const lines = [is.normalizer === "sparsemax" ? "αⱼ = max(eⱼ − τ, 0)   with the τ for which Σⱼ αⱼ = 1" : "αⱼ = exp(eⱼ) / Σᵢ exp(eᵢ)"];
  if (is.scope === "local-m") lines.push(`only of the positions ${t} − ${is.window} to ${t} + ${is.window}; all others get 0`);
  if (is.scope === "local-p") {
    lines.push(`p = S σ(v_pᵀ tanh(W_p ${symbols.query(t)}))   the position that the query predicts`,
      `αⱼ ← αⱼ exp(−(j − p)² / 2σ²)   σ = ${is.window / 2}; 0 farther than ${is.window} from p; not normalised again; j counts from 0`);
  }
  if (is.scope === "wait-k") lines.push(`only of the first ${t + is.waitK - 1} positions, those that are read by now; all others get 0`);
  if (is.scope === "hard") lines.push("α ← 1 at the largest, 0 at all others");
  return lines;
}

function contextFormulas({ is, symbols }, t) {
  const c = symbols.context(t);
  const lines = [is.heads > 1 && is.score === "multi-head" ? `${c} = W_O [c of head 1; …; c of head K]     cₖ = Σⱼ αₖⱼ W_V ${symbols.encoded}ⱼ`
    : `${c} = Σⱼ αⱼ ${symbols.encoded}ⱼ`];
  if (is.gate) lines.push(`${c} ← σ(W [${symbols.word(t - 1)}; ${symbols.query(t)}; ${c}]) ∘ ${c}   a gate lets part of it through`);
  return lines;
}

/** The recurrence of a decoder's step. */
function recurrence({ is, symbols, cellName }, t) {
  const parts = [symbols.word(t - 1)];
  if (is.attend === "before") parts.push(symbols.context(t));
  if (is.feeds) parts.push(symbols.fed(t - 1));
  const layers = is.decoderLayers > 1 ? `   (the last of ${is.decoderLayers} layers)` : "";
  return `${symbols.state(t)} = ${cellName}(${parts.length > 1 ? `[${parts.join("; ")}]` : parts[0]}, ${symbols.state(t - 1)})${layers}`;
}

/** What the recurrence is, in words and formulas, from the input x and the state h to h'. */
const cellNotes = {
  LSTM: "An LSTM has a cell c beside its state h. Gates between 0 and 1 say what of the cell stays (f), what comes into it (i), and what of it is shown (o); ∘ multiplies number by number.",
  GRU: "A GRU has two gates between 0 and 1: how much of the old state goes into the new one (r), and how much of the old one stays or makes room (z); ∘ multiplies number by number.",
  RNN: "A plain recurrent net has one layer and no gates.",
};
const gates = (names) => `${names} = σ(W [x; h] + b)   each with a W and a b of its own`;
const cellFormulas = {
  lstm: [gates("i, f, o"), "g = tanh(W [x; h] + b)", "c' = f ∘ c + i ∘ g     h' = o ∘ tanh(c')"],
  gru: [gates("r, z"), "n = tanh(W x + b + r ∘ (U h + b'))", "h' = (1 − z) ∘ n + z ∘ h"],
  "gru-reset-before": [gates("r, z"), "n = tanh(W x + U (r ∘ h) + b)", "h' = (1 − z) ∘ h + z ∘ n"],
  rnn: ["h' = tanh(W x + U h + b)"],
};

/** What is joined for the readout, and the layer that reads it: [the parts, formulas]. */
function combination({ is, symbols }, t) {
  const r = symbols.readout(t), y = symbols.word(t - 1), c = symbols.context(t);
  const layer = (what) => ({
    tanh: `${r} = tanh(W ${what} + b)`, direct: `${r} = ${what}`, maxout: `${r} = the larger of each pair of numbers of W ${what} + b`,
  })[is.readout];
  if (is.attend === "after") {
    const attentional = `h̃${subscript(t)} = tanh(W_c [${c}; ${symbols.state(t)}])`;
    return is.readout === "direct" ? [attentional] : [attentional, layer(`h̃${subscript(t)}`)];
  }
  const hidden = is.readout === "maxout" ? symbols.state(t - 1) : symbols.state(t);
  return [layer(`[${hidden}; ${c}; ${y}]`)];
}

// ---------------------------------------------------------------- From weights to words, computed anew

/** Σ of the terms x Wᵀ and of a base, if there is one. A matrix that comes again goes on with its next columns. */
function sumOfTerms(base, terms, size) {
  const sum = base ? Float64Array.from(base.cells) : new Float64Array(size), used = new Map();
  for (let k = 0; k < terms.length; k += 2) {
    const x = terms[k].cells, matrix = terms[k + 1], begin = used.get(matrix) ?? 0;
    used.set(matrix, begin + x.length);
    for (let row = 0; row < size; ++row) {
      let dot = 0;
      for (let i = 0, at = row * matrix.columns + begin; i < x.length; ++i, ++at) dot += matrix.cells[at] * x[i];
      sum[row] += dot;
    }
  }
  return sum;
}

const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const sumWithBase = (inputs, size) => sumOfTerms(inputs.length % 2 ? inputs[0] : null, inputs.slice(inputs.length % 2), size);
const pairwise = (f) => ([a, b], size) => Float64Array.from({ length: size }, (_, i) => f(a.cells[i % a.cells.length], b.cells[i % b.cells.length]));

/** The ops of ops/, for one row: (inputs, size of the output) => numbers of the output, or of each output. */
const compute = {
  add: pairwise((a, b) => a + b),
  mul: pairwise((a, b) => a * b),
  tanh: ([x]) => Float64Array.from(x.cells, Math.tanh),
  sigmoid: ([x]) => Float64Array.from(x.cells, sigmoid),
  reshape: ([x]) => x.cells,
  concat: (inputs) => Float64Array.from(inputs.flatMap((x) => [...x.cells])),
  max: ([x], size) => Float64Array.from({ length: size }, (_, i) => {
    const n = x.cells.length / size;
    return Math.max(...x.cells.subarray(i * n, (i + 1) * n));
  }),
  linear: ([x, matrix, bias], size) => sumOfTerms(bias, [x, matrix], size),
  linear_sum: sumWithBase,
  linear_sum_tanh: (inputs, size) => sumWithBase(inputs, size).map(Math.tanh),
  weighted_sum: ([weights, values], size) => {
    const context = new Float64Array(size);
    weights.cells.forEach((weight, j) => {
      for (let i = 0; i < size; ++i) context[i] += weight * values.cells[j * size + i];
    });
    return context;
  },
  lstm_cell: ([base, cell, ...terms], size) => {
    const a = sumOfTerms(base, terms, 4 * size), next = new Float64Array(size), hidden = new Float64Array(size);
    for (let i = 0; i < size; ++i) {
      next[i] = sigmoid(a[size + i]) * cell.cells[i] + sigmoid(a[i]) * Math.tanh(a[2 * size + i]);
      hidden[i] = sigmoid(a[3 * size + i]) * Math.tanh(next[i]);
    }
    return [hidden, next];
  },
  gru_cell: ([projected, matrix, bias, state], size) => {
    const x = projected.cells, h = sumOfTerms(bias, [state, matrix], 3 * size);
    const next = Float64Array.from({ length: size }, (_, i) => {
      const reset = sigmoid(x[i] + h[i]), keep = sigmoid(x[size + i] + h[size + i]);
      return (1 - keep) * Math.tanh(x[2 * size + i] + reset * h[2 * size + i]) + keep * state.cells[i];
    });
    return [next, next];
  },
};

/** What comes of other weights at a step: {context, probabilities}. */
function recompute(model, t, weights) {
  model.arrays ??= model.given.map((place) => vector(place));
  const values = [...model.arrays];
  values.push({ cells: Float64Array.from(weights) });
  let context = null;
  for (const [op, inputs, outputs, shape] of model.steps[t].chain) {
    const size = shape.reduce((product, length) => product * length, 1);
    const made = compute[op](inputs.map((id) => values[id]), size);
    outputs.forEach((id, k) => (values[id] = { cells: Array.isArray(made) ? made[k] : made }));
    if (op === "weighted_sum") context = values[outputs[0]].cells;
  }
  const logits = values.at(-1).cells, most = logits.reduce((a, b) => Math.max(a, b));
  const exps = logits.map((x) => Math.exp(x - most)), sum = exps.reduce((a, b) => a + b);
  return { context, probabilities: exps.map((x) => x / sum) };
}

/** How far a recomputation with the model's own weights is from the model's probabilities, at most. */
function recomputationError(model) {
  return Math.max(...model.steps.map((step, t) => {
    const { probabilities } = recompute(model, t, step.weights);
    return Math.max(...[step.written, ...step.likeliest].map(([, number, , logP]) => Math.abs(probabilities[number] - Math.exp(logP))));
  }));
}
for (const model of models) {
  if (model.obstacle) continue;
  model.error = recomputationError(model);
  if (!(model.error < 1e-4)) model.obstacle = `what this page computes is ${short(model.error)} from the model's own probabilities`;
}

/** Weights of the reader's own, by model and step. */
const hands = new Map();
const handKey = (model, t) => `${models.indexOf(model)} ${t}`;
const weightsAt = (model, t) => hands.get(handKey(model, t)) ?? model.steps[t].weights;

/** Gives position j a weight; the others share what is left of the whole, as they did. */
function setWeight(model, t, j, weight) {
  const old = weightsAt(model, t), whole = model.steps[t].weights.reduce((a, b) => a + b, 0) || 1;
  weight = Math.max(0, Math.min(whole, weight));
  const others = old.reduce((sum, x, i) => sum + (i === j ? 0 : x), 0);
  hands.set(handKey(model, t), old.map((x, i) => (i === j ? weight
    : others > 0 ? x * (whole - weight) / others : (whole - weight) / Math.max(1, S - 1))));
}

// ---------------------------------------------------------------- The steps

const parts = ["query", "scores", "weights", "context", "combine", "output"];
const steps = [{ kind: "start" }];
for (const direction of ["→", "←"]) {
  if (!models.some((model) => model.directions.includes(direction))) continue;
  for (let i = 0; i < S; ++i) steps.push({ kind: "encode", direction, j: direction === "→" ? i : S - 1 - i });
}
const firstWord = steps.length;
for (let t = 0; t < T; ++t) parts.forEach((_, part) => steps.push({ kind: "decode", t, part }));
steps.push({ kind: "end" });
const stepOf = (t, part) => firstWord + t * parts.length + part;

function sayStep(i) {
  const step = steps[i];
  if (step.kind === "start") return "before the first word";
  if (step.kind === "encode") return `read ${step.direction} ${step.j + 1} of ${S}: ${models[0].source[step.j]}`;
  if (step.kind === "end") return "the whole translation";
  return `word ${step.t + 1} of ${T}: ${step.part + 1}. ${parts[step.part]}`;
}

/** A whole word on or back, with the same part of it. */
function leap(i, direction) {
  const { kind, t, part } = steps[i];
  if (kind === "decode") return direction > 0 && t === T - 1 ? steps.length - 1 : direction < 0 && t === 0 ? firstWord - 1 : stepOf(t + direction, part);
  if (direction > 0) return i < firstWord ? firstWord : i;
  return kind === "end" ? stepOf(T - 1, parts.length - 1) : 0;
}

const isRead = (direction, j, now) => now >= firstWord || steps.findIndex((step) => step.direction === direction && step.j === j) <= now;
/** How far the word t has come: the number of its parts that are done. */
function progress(t, now) {
  const step = steps[now];
  if (step.kind === "end") return parts.length;
  return step.kind !== "decode" || step.t < t ? 0 : step.t > t ? parts.length : step.part + 1;
}

// ---------------------------------------------------------------- The words and their bars

const stageElement = element("div", { class: "map stage", tabindex: 0, "aria-label": "the translation" });

function targetLine(model, now) {
  const { kind } = steps[now], current = kind === "decode" ? steps[now].t : null, isSecret = kind === "decode" || kind === "encode";
  return element("div", { class: "written", "aria-label": "the translation so far" }, model.target.map((word, t) => {
    const done = progress(t, now) === parts.length;
    return element("button", {
      "data-key": `word-${models.indexOf(model)}-${t}`,
      class: `chip${t === current ? " now" : ""}${done ? " done" : ""}`, title: `to word ${t + 1}`, "aria-current": t === current && "step",
      click: () => stepper.go(stepOf(t, current === null ? parts.length - 1 : steps[now].part)),
    }, done || !isSecret ? word : t === current ? "?" : "·");
  }));
}

/** A weight as a bar, which can be dragged if what comes of it can be computed. */
function bar(model, t, j) {
  const weight = weightsAt(model, t)[j], own = model.steps[t].weights[j];
  const canHold = !model.obstacle;
  const slot = element("div", {
    "data-key": `weight-${models.indexOf(model)}-${j}`,
    class: `slot${canHold ? " held" : ""}`, role: canHold ? "slider" : "img", tabindex: 0, "aria-valuemin": canHold && 0, "aria-valuemax": canHold && 1,
    "aria-orientation": canHold && "vertical", "data-j": j, "aria-label": `weight of ${model.source[j]}`,
  }, element("div", { class: "own" }), element("div", { class: "fill" }),
  model.steps[t].saliency ? element("div", { class: "fill salient", title: `‖∂ log p / ∂ x‖ = ${short(model.steps[t].saliency[j])}` }) : null);
  if (canHold) {
    const choose = (value) => {
      setWeight(model, t, j, value);
      updateHand(model, t);
    };
    const drag = (event) => {
      const box = slot.getBoundingClientRect();
      choose((box.bottom - event.clientY) / box.height);
    };
    slot.addEventListener("pointerdown", (event) => {
      slot.setPointerCapture(event.pointerId);
      slot.focus();
      drag(event);
    });
    slot.addEventListener("pointermove", (event) => { if (slot.hasPointerCapture(event.pointerId)) drag(event); });
    slot.addEventListener("keydown", (event) => {
      const change = { ArrowUp: 0.05, ArrowDown: -0.05, PageUp: 0.25, PageDown: -0.25 }[event.key];
      if (!change) return;
      event.preventDefault();
      choose(weightsAt(model, t)[j] + change);
    });
  }
  sizeBar(slot, model, t, j, weight, own);
  return slot;
}

function sizeBar(slot, model, t, j, weight, own) {
  slot.querySelector(".fill").style.height = `${100 * Math.min(1, weight)}%`;
  slot.querySelector(".own").style.height = `${100 * Math.min(1, own)}%`;
  slot.querySelector(".own").hidden = weight === own;
  slot.setAttribute("aria-valuenow", weight.toFixed(3));
  slot.title = `${model.source[j]}: α = ${weight.toFixed(4)}${weight === own ? "" : `, the model's ${own.toFixed(4)}`}`;
  const salient = slot.querySelector(".salient");
  if (salient) salient.style.height = `${100 * salientShare(model, t)[j]}%`;
}

/** Saliency as shares of a whole, to stand beside weights. */
function salientShare(model, t) {
  const norms = model.steps[t].saliency, sum = norms.reduce((a, b) => a + b, 0) || 1;
  return norms.map((x) => x / sum);
}

/** Only differences of scores count for the weights: one that is so far below the largest, where softmax leaves e⁻⁶, has the colour of paper. */
const PALE = 6;

/** The style of a cell with the colour of a number, and black or white on it, whichever is easier to read. */
function painted(x, extent) {
  const rgb = colour(x, extent);
  const [r, g, b] = rgb.map((channel) => (channel / 255 <= 0.04045 ? channel / 255 / 12.92 : ((channel / 255 + 0.055) / 1.055) ** 2.4));
  const isLight = 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179; // where both have the same contrast
  return `background: rgb(${rgb.join(" ")}); color: ${isLight ? "#000" : "#fff"}`;
}

function strip(model, j, direction) {
  const place = model.states[j][model.directions.indexOf(direction)];
  const picture = vector(place);
  return thumbnail(picture, `${direction} state of ${model.source[j]}`, model.extent, 48, 32);
}

/** The source: words, states of both directions, scores and weights, a column each. */
function sourceGrid(model, now) {
  const step = steps[now], t = step.kind === "decode" ? step.t : null, made = t === null ? null : model.steps[t];
  const grid = element("div", { class: "source" });
  const few = S <= 12 && models.length === 1 && innerWidth > 700;
  grid.classList.toggle("roomy", few);
  grid.style.gridTemplateColumns = `max-content repeat(${S}, minmax(${few ? 4.6 : 3.1}rem, max-content))`;
  const row = (name, title, cell) => {
    grid.append(element("div", { class: "rowname", title }, name));
    for (let j = 0; j < S; ++j) grid.append(element("div", { class: "column-cell", "data-column": j }, cell(j)));
  };
  const best = made && step.part >= 1 ? largest(made.score) : null;
  row("source", "the words of the source", (j) => {
    const isUnknown = model.unknown.includes(j);
    return element("span", { class: `word${step.j === j ? " now" : ""}${best === j ? " best" : ""}${isUnknown ? " unknown" : ""}`,
      title: isUnknown && "not in the vocabulary: the model reads <unk>" }, model.source[j]);
  });
  for (const direction of model.directions) {
    row(`${direction} states`, direction === "→" ? "read from left to right" : "read from right to left", (j) =>
      (isRead(direction, j, now) ? strip(model, j, direction) : element("span", { class: "unread" }, "·")));
  }
  if (!made) return grid;
  if (step.part >= 1) {
    row(model.is.score === "multi-head" ? "scores e, mean" : "scores e", "how well each state answers the query; the farther below the largest, the paler", (j) =>
      element("span", { class: `score${best === j ? " best" : ""}`, style: painted(Math.max(0, PALE + made.score[j] - made.score[best]), PALE) }, fixed(made.score[j])));
  }
  if (step.part >= 2) {
    row([element("span", { class: "key-weight" }, "weights α"), hasSaliency ? element("span", { class: "key-salient" }, "saliency") : null],
      "a bar as high as the slot is the weight 1", (j) => bar(model, t, j));
    row("", "", (j) => element("span", { class: "number", "data-weight": j }, fixed(weightsAt(model, t)[j], 3)));
  }
  return grid;
}

function wordBars(rows, caption) {
  return element("div", { class: "likeliest" }, element("h3", {}, caption), rows.map(({ word, probability, before, isWritten, note }) =>
    element("div", { class: "likely" }, element("span", { class: `word${isWritten ? " best" : ""}` }, word),
      element("span", { class: "track" }, element("span", { class: "share", style: `width: ${100 * probability}%` }),
        before === undefined ? null : element("span", { class: "was", style: `left: ${100 * before}%`, title: `before: ${percent(before)}` })),
      element("span", { class: "mono" }, percent(probability)), element("span", { class: "soft note-right" }, note ?? ""))));
}

function likeliestWords(model, t) {
  const { likeliest, written, rank } = model.steps[t];
  const rows = likeliest.map(([word, number, logit, logP]) => ({
    word, probability: Math.exp(logP), isWritten: number === written[1], note: `log p ${logged(logP, 4)}` }));
  if (!rows.some((row) => row.isWritten))
    rows.push({ word: written[0], probability: Math.exp(written[3]), isWritten: true, note: `log p ${logged(written[3], 4)}, number ${rank}` });
  return wordBars(rows, "the likeliest words");
}

/** What comes of the reader's weights. */
function handResult(model, t) {
  const box = element("div", { class: "hand", "aria-live": "polite" });
  fillHand(box, model, t);
  return box;
}

function fillHand(box, model, t) {
  const weights = hands.get(handKey(model, t));
  if (!weights) {
    box.replaceChildren(element("p", { class: "soft" }, model.obstacle
      ? `The bars cannot be dragged here: ${model.obstacle}.`
      : "Doubt it: drag a bar, or press ↑ and ↓ on it, and see which word comes of other weights. The other bars share what is left."));
    return;
  }
  const now = recompute(model, t, weights), own = recompute(model, t, model.steps[t].weights);
  const size = (x) => Math.hypot(...x), apart = size(now.context.map((x, i) => x - own.context[i]));
  const order = [...now.probabilities.keys()].sort((a, b) => now.probabilities[b] - now.probabilities[a]).slice(0, 5);
  const written = model.steps[t].written[1], before = largest([...own.probabilities]);
  if (!order.includes(written)) order.push(written);
  const rows = order.map((number) => ({
    word: model.vocabulary[number], probability: now.probabilities[number], before: own.probabilities[number], isWritten: number === order[0] }));
  const verdict = order[0] === before ? ["With your weights the likeliest word is still ", element("b", {}, quoted(model.vocabulary[before])), "."]
    : ["With your weights the likeliest word is ", element("b", {}, quoted(model.vocabulary[order[0]])), " instead of ", element("b", {}, quoted(model.vocabulary[before])), "."];
  box.replaceChildren(
    element("div", { class: "note" }, element("span", { class: "verdict" }, verdict), " ",
      `The context has moved by ${short(apart / size(own.context))} times its own length. `,
      element("button", { class: "reset", click: () => { hands.delete(handKey(model, t)); updateHand(model, t); } }, "back to the model's weights")),
    wordBars(rows, "with your weights; the mark is where it was"));
}

/** Shows new weights without making the bars anew: a finger may be on one. */
function updateHand(model, t) {
  const box = stageElement.querySelector(`[data-model="${models.indexOf(model)}"]`);
  box.querySelectorAll(".slot").forEach((slot) => {
    const j = +slot.dataset.j, weight = weightsAt(model, t)[j];
    sizeBar(slot, model, t, j, weight, model.steps[t].weights[j]);
    box.querySelector(`[data-weight="${j}"]`).textContent = fixed(weight, 3);
  });
  fillHand(box.querySelector(".hand"), model, t);
}

function showWords(now) {
  const step = steps[now];
  return element("div", { class: "models" }, models.map((model, m) => element("section", { class: "model", "data-model": m },
    models.length > 1 ? element("h2", {}, model.name) : null,
    element("h3", {}, "translation"), targetLine(model, now),
    element("div", { class: "scroll" }, sourceGrid(model, now)),
    step.kind === "decode" && step.part === parts.length - 1 ? likeliestWords(model, step.t) : null,
    step.kind === "decode" && step.part >= 2 ? handResult(model, step.t) : null,
    step.kind === "decode" || step.kind === "encode" ? null : weightsOf(model, now))));
}

// ---------------------------------------------------------------- All weights at once

function weightTable(model, now, name, number, look) {
  const t = steps[now].kind === "decode" ? steps[now].t : null;
  const head = element("tr", {}, element("th"), model.source.map((word) => element("th", { scope: "col" }, element("span", {}, word))));
  const rows = model.target.map((word, i) => element("tr", { class: i === t ? "now" : "" },
    element("th", { scope: "row" }, element("button", { class: "link", click: () => stepper.go(stepOf(i, 2)) }, word)),
    model.source.map((source, j) => element("td", { style: look(number(i, j)), title: `${source} → ${word}: ${fixed(number(i, j), 4)}` },
      Math.abs(number(i, j)) >= 0.05 ? Math.round(100 * number(i, j)).toString().replace("-", "−") : ""))));
  return element("figure", { class: "weights" }, element("figcaption", {}, name), element("div", { class: "scroll" }, element("table", {}, head, rows)));
}

const mixed = (name) => (share) =>
  `background: color-mix(in srgb, var(${name}) ${Math.round(100 * Math.min(1, share))}%, var(--panel))${share > 0.65 ? "; color: var(--panel)" : ""}`;

const weightsOf = (model, now, name = "") =>
  weightTable(model, now, `attention weights${name}, in per cent: a row a word of the translation, a column a word of the source`,
    (t, j) => model.steps[t].weights[j], mixed("--value"));

function showAll(now) {
  const [a, b] = models, name = (model) => (b ? `, ${model.name}` : "");
  const tables = models.map((model) => weightsOf(model, now, name(model)));
  if (b) {
    tables.push(weightTable(a, now, `the difference of the attention weights, in per cent: where ${a.name} has more it is orange, where ${b.name} has more it is blue`,
      (t, j) => a.steps[t].weights[j] - b.steps[t].weights[j], (x) => painted(x, 1)));
  }
  for (const model of hasSaliency ? models : []) {
    const shares = model.steps.map((_, t) => salientShare(model, t));
    tables.push(weightTable(model, now, `saliency${name(model)}: ‖∂ log p / ∂ x‖ as a share of its row, in per cent`, (t, j) => shares[t][j], mixed("--grad")));
  }
  return element("div", { class: "tables" }, tables);
}

// ---------------------------------------------------------------- The search

const tree = pageData.tree;
const treeColumns = [];
if (tree) {
  tree.nodes = tree.nodes.map(([parent, step, word, logP, fate, score], number) => ({ parent, step, word: isolated(word), logP, fate, score, number }));
  for (const node of tree.nodes) (treeColumns[node.step] ??= []).push(node);
  for (let number = tree.best; number >= 0; number = tree.nodes[number].parent) tree.nodes[number].won = true;
}
let showsPruned = true;
const MOST_ROWS = 40; // of a wide beam the likeliest, and the winner
const fateText = { kept: "kept", ended: "ended", pruned: "pruned: not among the likeliest", hopeless: "dropped: could not win any more" };

/** The whole text of a hypothesis. */
function textOf(node) {
  const words = [];
  for (let at = node; at; at = tree.nodes[at.parent]) words.unshift(at.word);
  return words.join(" ");
}

function nodeBox(node, isWide) {
  const text = `${textOf(node)}: log P = ${logged(node.logP, 3)}; ${fateText[node.fate]}${node.fate === "ended" ? `, score ${logged(node.score, 4)}` : ""}`;
  return element("div", { class: `node ${node.fate}${node.won ? " won" : ""}`, title: text, "data-node": node.number, tabindex: isWide ? 0 : -1, "aria-label": text },
    isWide ? [element("span", {}, node.word), element("small", {}, logged(node.fate === "ended" ? node.score : node.logP, 2))] : "");
}

function showTree(now) {
  const step = steps[now], t = step.kind === "decode" ? step.t : step.kind === "end" ? T - 1 : 0;
  const reach = innerWidth < 700 ? 1 : 3; // columns that are shown wide on each side
  const grid = element("div", { class: "tree" });
  const svg = svgElement("svg", { class: "edges" });
  treeColumns.forEach((nodes, column) => {
    const isWide = treeColumns.length <= 2 * reach + 3 || Math.abs(column - t) <= reach;
    grid.append(element("div", { class: `beam${column === t ? " now" : ""}${isWide ? "" : " narrow"}` },
      element("button", { class: "link", title: `to word ${column + 1}`, click: () => stepper.go(stepOf(Math.min(column, T - 1), parts.length - 1)) }, String(column + 1)),
      nodes.filter((node, row) => node.won || (row < MOST_ROWS && (showsPruned || node.fate === "kept" || node.fate === "ended")))
        .map((node) => nodeBox(node, isWide))));
  });
  grid.append(svg);
  requestAnimationFrame(() => drawTree(grid, svg));
  const winner = tree.nodes[tree.best];
  const penalty = tree.penalty === "wu" ? `((5 + words) / 6)^${tree.power}` : `words^${tree.power}`;
  return element("div", {}, element("p", { class: "lead" }, `A beam of ${tree.beam}: at each word the ${tree.beam} likeliest hypotheses are kept, here from left to right, the likeliest on top. `
    + `A number is log P of all words so far; of those that end, it is the score: log P / ${penalty}${tree.coverage ? ` + ${tree.coverage} · coverage` : ""}. The largest, ${logged(winner.score, 4)}, wins.`
    + (tree.beam * 2 > MOST_ROWS ? ` The ${MOST_ROWS} likeliest of each word are shown.` : "")),
    element("p", { class: "legend" }, element("span", { class: "node won" }, "the winner"), element("span", { class: "node kept" }, "kept"), element("span", { class: "node ended" }, "ended"),
      element("span", { class: "node pruned" }, "pruned"), element("label", {}, element("input", { type: "checkbox", checked: showsPruned, change: (event) => { showsPruned = event.target.checked; showStep(stepper.step); } }), " show what was pruned")),
    element("div", { class: "scroll" }, grid));
}

function drawTree(grid, svg) {
  const origin = grid.getBoundingClientRect();
  const box = (number) => grid.querySelector(`[data-node="${number}"]`)?.getBoundingClientRect();
  const lines = tree.nodes.map((node) => {
    const from = node.parent < 0 ? null : box(node.parent), to = box(node.number);
    if (!from || !to) return "";
    const [x1, y1, x2, y2] = [from.right - origin.left, from.top + from.height / 2 - origin.top, to.left - origin.left, to.top + to.height / 2 - origin.top];
    const middle = (x1 + x2) / 2;
    return `<path class="${node.won ? "forward" : node.fate}" d="M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}"/>`;
  });
  svg.innerHTML = lines.join("");
  svg.setAttribute("width", grid.scrollWidth);
  svg.setAttribute("height", grid.scrollHeight);
  const current = grid.querySelector(".beam.now"), scroll = grid.parentElement;
  if (current) scroll.scrollLeft = current.offsetLeft - (scroll.clientWidth - current.offsetWidth) / 2;
}

// ---------------------------------------------------------------- The panel

const panelElement = element("aside", { class: "panel", tabindex: 0, "aria-label": "this step" });
const formula = (...lines) => lines.flat().map((line) => element("code", { class: "formula" }, line));
const shown = (place, name, caption) => (place ? element("figure", {}, heat(vector(place), name), element("figcaption", {}, caption)) : null);
const sign = (text) => element("span", { class: "sign" }, text);

function encodePart(model, { direction, j }) {
  const { encoded } = model.symbols, at = model.directions.indexOf(direction), word = model.source[j];
  if (at < 0) return element("p", { class: "soft" }, `This model does not read ${direction === "→" ? "from left to right" : "from right to left"}.`);
  const before = direction === "→" ? j - 1 : j + 1, name = (i) => `${direction}${encoded}${subscript(i + 1)}`;
  const layers = model.is.encoderLayers > 1 ? `   (the last of ${model.is.encoderLayers} layers)` : "";
  const isFirst = before < 0 || before >= S;
  return [
    formula(`${name(j)} = ${model.cellName}(x${subscript(j + 1)}, ${isFirst ? "0" : name(before)})${layers}`),
    element("p", {}, `The encoder reads ${quoted(word)}${isFirst ? ", the first word that it sees in this direction," : ""} and changes its state. `
      + `So this state knows ${quoted(word)} and all that is ${direction === "→" ? "left" : "right"} of it.`),
    element("div", { class: "sum" }, isFirst ? null : shown(model.states[before][at], name(before), `${name(before)}, before`), isFirst ? null : sign("→"),
      shown(model.states[j][at], name(j), `${name(j)}, after ${quoted(word)}`)),
    model.directions.length > 1 ? element("p", { class: "soft" }, `${encoded}${subscript(j + 1)} = [→${encoded}${subscript(j + 1)}; ←${encoded}${subscript(j + 1)}]: attention sees both, side by side.`) : null,
  ];
}

/** Why a word got the most weight, in words. */
function reason(model, t) {
  const { score, weights } = model.steps[t], best = largest(score), others = score.map((x, j) => (j === best ? -Infinity : x)), second = largest(others);
  const most = largest(weights);
  const word = (j) => sourceWord(model, j);
  const text = [`The decoder looked most at `, element("b", {}, word(most)), ` (${percent(weights[most])}). `];
  if (S === 1) return element("p", { class: "reason" }, text);
  if (model.is.score === "multi-head") return element("p", { class: "reason" }, text, "That is the mean over the heads, each with scores of its own.");
  if (most !== best) return element("p", { class: "reason" }, text, `The largest score is that of ${word(best)}, but the scope moved the weight.`);
  const gap = score[best] - score[second];
  text.push(`Why: its score is the largest, ${fixed(score[best])}; `);
  if (!Number.isFinite(gap)) text.push("no other position has one.");
  else if (model.is.normalizer === "softmax" && model.is.scope === "global") text.push(`the next, ${fixed(score[second])}, is that of ${word(second)}, ${fixed(gap, 4)} less. `
    + `Softmax makes a factor of that: e^${fixed(gap, 4)} ≈ ${Number(Math.exp(gap).toPrecision(3))} times the weight.`);
  else text.push(`the next, ${fixed(score[second])}, is that of ${word(second)}.`);
  return element("p", { class: "reason" }, text);
}

function queryPart(model, t) {
  const { symbols, is } = model, step = model.steps[t], q = symbols.query(t + 1);
  if (is.attend === "after") {
    return [formula(recurrence(model, t + 1)),
      element("p", {}, `The decoder reads the word before, ${quoted(step.read)}, and goes on to a new state. This state is the query: it asks the source for what comes next.`),
      element("div", { class: "sum" }, shown(step.embedded, "word vector", `${symbols.word(t)}, the vector of ${quoted(step.read)}`), sign("→"), shown(step.query, q, `${q}, the query`))];
  }
  return [formula(`q = ${q}`),
    element("p", {}, `Before the decoder reads on, its state ${q} asks the source for what comes next. `
      + (t === 0 ? { zero: "This first state is 0.", learned: "This first state was learned, and is the same for all sentences." }[is.bridge] ?? "This first state was made of the encoder's states." : `It was left by the step before, which wrote ${quoted(step.read)}.`)),
    shown(step.query, q, `${q}, the query`)];
}

/** The terms whose sum is the score of position j, the largest first: {i, term, factors}; null for scores that are no such sum. */
function scoreTerms(model, t, j) {
  const { scoring } = model.steps[t];
  if (!scoring) return null;
  const [op, ...places] = scoring, [query, keys, v] = places.map((place) => place && vector(place)?.cells);
  const size = query.length, scale = model.is.score.startsWith("scaled") ? 1 / Math.sqrt(size) : 1;
  return Array.from(query, (q, i) => {
    const k = keys[j * size + i];
    return { i, factors: v ? [q, k, v[i]] : [q, k], term: op === "additive_scores" ? v[i] * Math.tanh(q + k) : scale * q * k };
  }).sort((a, b) => Math.abs(b.term) - Math.abs(a.term));
}

/** What the score of position j is the sum of. */
function termsNote(model, t, j) {
  const terms = scoreTerms(model, t, j), MOST = 4;
  if (!terms) return null;
  const q = model.symbols.query(t + 1), h = `${model.symbols.encoded}${subscript(j + 1)}`, isAdditive = terms[0].factors.length === 3;
  const parts = { additive: `q = W ${q} + b, k = U ${h}`, concat: `W [${q}; ${h}] = q + k` }[model.is.score] ?? (model.is.score.endsWith("general") ? `q = ${q}, k = W ${h}` : `q = ${q}, k = ${h}`);
  const sum = (list) => fixed(list.reduce((total, { term }) => total + term, 0));
  return [
    element("p", {}, `The score of ${sourceWord(model, j)} is a sum of ${terms.length} terms, ${isAdditive ? "vᵢ tanh(qᵢ + kᵢ)" : `qᵢ kᵢ${model.is.score.startsWith("scaled") ? " / √H" : ""}`} with ${parts}. The largest:`),
    element("div", { class: "wide" }, element("table", { class: "numbers terms" },
      element("tr", {}, ["i", "qᵢ", "kᵢ", isAdditive && "vᵢ", "term"].filter(Boolean).map((text) => element("td", { class: "soft" }, text))),
      terms.slice(0, MOST).map(({ i, factors, term }) => element("tr", {}, element("td", { class: "soft" }, String(i)), factors.map((x) => element("td", {}, fixed(x, 3))), element("td", {}, fixed(term)))),
      element("tr", {}, element("td", { class: "soft", colspan: terms[0].factors.length + 1 }, `the ${Math.max(0, terms.length - MOST)} others`), element("td", {}, sum(terms.slice(MOST)))),
      element("tr", {}, element("td", { class: "soft", colspan: terms[0].factors.length + 1 }, "the score"), element("td", {}, sum(terms)))))];
}

function scoresPart(model, t) {
  const step = model.steps[t], best = largest(step.score);
  return [formula(scoreFormula(model, t + 1)),
    element("p", {}, `The query meets the state of each word of the source, and the score says how well they fit. The largest${step.scores.length > 1 ? ", in the mean over the heads," : ","} ${fixed(step.score[best])}, is that of `,
      element("b", {}, sourceWord(model, best)), ". Only differences of scores count: the paler one is, the farther it is below the largest."),
    termsNote(model, t, best),
    step.scores.length > 1 ? element("p", { class: "soft" }, `${step.scores.length} heads have scores of their own; their mean stands under the words.`) : null,
    step.scores.length > 1 ? element("div", { style: "overflow-x: auto" }, element("table", { class: "numbers" }, step.scores.map((head, k) =>
      element("tr", {}, element("td", { class: "soft" }, `head ${k + 1}`), head.map((x) => element("td", {}, fixed(x))))))) : null];
}

function weightsPart(model, t) {
  const step = model.steps[t], sum = step.weights.reduce((a, b) => a + b, 0);
  const isSoft = model.is.normalizer === "softmax" && model.is.scope === "global" && step.scores.length === 1;
  const order = [...step.weights.keys()].sort((a, b) => step.weights[b] - step.weights[a]).slice(0, 6);
  const most = Math.max(...step.score);
  const rows = order.map((j) => element("tr", {}, element("td", { class: "soft" }, String(j + 1)), element("td", {}, model.source[j]), element("td", {}, fixed(step.score[j])),
    isSoft ? element("td", {}, short(Math.exp(step.score[j] - most))) : null, element("td", {}, fixed(step.weights[j], 4)),
    step.saliency ? element("td", {}, short(step.saliency[j])) : null));
  const head = element("tr", {}, ["j", "word", "eⱼ", isSoft ? "exp(eⱼ − max)" : null, "αⱼ", step.saliency ? "‖∂ log p / ∂ xⱼ‖" : null]
    .filter(Boolean).map((text) => element("td", { class: "soft" }, text)));
  return [formula(weightFormulas(model, t + 1)), reason(model, t),
    element("div", { style: "overflow-x: auto" }, element("table", { class: "numbers" }, head, rows)),
    element("p", { class: "soft" }, `All weights are ${fixed(sum, 3)} together.${S > 6 ? " These are the largest." : ""}`),
    step.saliency ? saliencyNote(model, t) : null, models.length > 1 && model === models[1] ? apartNote(t) : null];
}

function saliencyNote(model, t) {
  const { weights, saliency } = model.steps[t], [a, b] = [largest(weights), largest(saliency)].map((j) => sourceWord(model, j));
  return element("p", { class: "note" }, `Attention is not explanation. Saliency, in orange, asks another question: how much would log p of ${quoted(model.target[t])} change if the vector of a word changed a little? `
    + (a === b ? `Here both point at ${a}.` : `The weight is largest at ${a}, the gradient at ${b}: a state knows its neighbours, so what is attended at one place may come from another.`));
}

function apartNote(t) {
  const [a, b] = models.map((model) => model.steps[t].weights);
  return element("p", { class: "note" }, `The two models put ${percent(a.reduce((sum, x, j) => sum + Math.abs(x - b[j]), 0) / 2)} of their weight elsewhere.`);
}

function contextPart(model, t) {
  const step = model.steps[t], { symbols } = model, c = symbols.context(t + 1);
  const order = [...step.weights.keys()].sort((a, b) => step.weights[b] - step.weights[a]).filter((j) => step.weights[j] > 0.005).slice(0, 3);
  const whole = (j) => element("div", {}, model.states[j].map((place) => heat(vector(place), `state of ${model.source[j]}`, { ...scaleOf([vector(place)]), extent: model.extent })));
  return [formula(contextFormulas(model, t + 1)),
    element("p", {}, "The states are mixed, each as far as its weight goes. The context is as long as a state, however long the sentence is."),
    element("div", { class: "mix" }, order.map((j, i) => element("figure", {},
      element("figcaption", {}, `${i ? "+ " : ""}${fixed(step.weights[j], 3)} × ${symbols.encoded}${subscript(j + 1)} of ${quoted(model.source[j])}`), whole(j)))),
    order.length < S ? element("p", { class: "soft" }, `+ ${fixed(Math.max(0, step.weights.reduce((a, b) => a + b, 0) - order.reduce((sum, j) => sum + step.weights[j], 0)), 3)} for all others`) : null,
    shown(step.context, c, `= ${c}`)];
}

function combinePart(model, t) {
  const step = model.steps[t], { symbols, is } = model, size = (place) => place[2];
  const c = symbols.context(t + 1), s = symbols.state(t + 1), y = symbols.word(t), r = symbols.readout(t + 1);
  const word = () => shown(step.embedded, "word vector", `${y}, ${quoted(step.read)}`);
  const context = () => shown(step.context, c, `${c}, the context`), state = () => shown(step.state, s, `${s}, the state`);
  const readout = shown(step.readout, r, `${r}, ${is.attend === "after" && is.readout === "direct" ? "the attentional state" : "the readout"}`);
  if (is.attend === "after") {
    return [formula(combination(model, t + 1)),
      element("p", {}, `Context and state are put behind each other, ${size(step.context)} + ${size(step.state)} numbers, and one layer makes the attentional state of them`
        + `${is.readout === "direct" ? "" : "; another makes the readout"}.`),
      element("div", { class: "sum" }, context(), sign(";"), state(), sign("→"),
        is.readout === "direct" ? null : [shown(step.attentional, "attentional state", `h̃${subscript(t + 1)}, the attentional state`), sign("→")], readout)];
  }
  const isOld = is.readout === "maxout", hidden = isOld ? shown(step.query, "state", `${symbols.query(t + 1)}, the query`) : state();
  return [formula(recurrence(model, t + 1)),
    element("p", {}, `The recurrence reads the word before, ${quoted(step.read)}, and the context, and goes on to the state ${s}.`),
    element("div", { class: "sum" }, word(), sign(";"), context(), sign("→"), state()),
    formula(combination(model, t + 1)),
    element("p", {}, `Then ${isOld ? symbols.query(t + 1) : s}, context and word are put behind each other: ${size(step.state)} + ${size(step.context)} + ${size(step.embedded)} numbers`
      + `${is.readout === "direct" ? "." : ", of which one layer makes the readout."}`),
    element("div", { class: "sum" }, hidden, sign(";"), context(), sign(";"), word(), sign("→"), readout)];
}

function outputPart(model, t) {
  const step = model.steps[t], r = model.symbols.readout(t + 1), [word, , logit, logP] = step.written;
  const sum = model.steps.slice(0, t + 1).reduce((total, other) => total + other.written[3], 0);
  return [formula(`z = W ${r} + b`, `p(y${subscript(t + 1)}) = softmax(z)`),
    element("p", {}, "A score for each word of the vocabulary, and softmax once more: this time over words."),
    element("p", {}, step.rank === 1 ? ["The likeliest word is written: ", element("b", {}, quoted(word))] : ["Written is ", element("b", {}, quoted(word)), `, number ${step.rank} of this step: `
      + (tree ? "the search looks at the whole sentence, not at one word" : "the translation was given")], `. z = ${fixed(logit)}, p = ${short(Math.exp(logP))}, log p = ${logged(logP, 4)}.`),
    element("p", { class: "soft" }, `log P of all words so far: ${logged(sum, 4)}.`), reason(model, t)];
}

const decodeParts = [queryPart, scoresPart, weightsPart, contextPart, combinePart, outputPart];
const partTitles = ["Query", "Scores", "Weights", "Context", "Combine", "Output"];

function endPart(model) {
  const rows = model.steps.map((step, t) => element("tr", {}, element("td", {}, model.target[t]), element("td", {}, `${sourceWord(model, largest(step.weights))} ${percent(Math.max(...step.weights))}`),
    element("td", {}, logged(step.written[3], 4))));
  return [element("div", { style: "overflow-x: auto" }, element("table", { class: "numbers" },
    element("tr", {}, ["word", "looked most at", "log p"].map((text) => element("td", { class: "soft" }, text))), rows,
    element("tr", {}, element("td", {}, "log P"), element("td"), element("td", { class: "logp" }, fixed(model.logProbability, 4))))),
    element("p", { class: "soft" }, "log P of the translation is the sum of the logarithms: the probabilities multiplied.")];
}

function startPart(model) {
  const { is, symbols } = model;
  return [element("p", {}, `Attention: ${is.score} scores, ${is.scope === "global" ? "of all words" : `scope ${is.scope}`}, ${is.normalizer}; `
    + (is.attend === "before" ? "it comes before the recurrence, as with Bahdanau et al. (2014)." : "it comes after the recurrence, as with Luong et al. (2015).")),
    formula(scoreFormula(model, 1), weightFormulas(model, 1), contextFormulas(model, 1), recurrence(model, 1), combination(model, 1),
      `p(y₁) = softmax(W ${symbols.readout(1)} + b)`),
    element("p", {}, cellNotes[model.cellName]), formula(cellFormulas[is.cell])];
}

const introduction = [
  element("h2", {}, "How a translation is made"),
  element("p", {}, "An encoder reads the source and leaves a state for each word. Then a decoder writes the translation, one word at a time. For each it asks all states with a query, gets a score from each, "
    + "makes weights of the scores, and the states mixed by these weights, the context, tell it what to write."),
  element("p", {}, "<s> stands before the first word, and </s>, the end of the sentence, is a word like any other. A word that the vocabulary does not have is read, or written, as <unk>."),
  element("p", {}, "→ and ← step, with Shift by a whole word; space plays; Home and End jump. A click on a word of the translation goes to it. All numbers are the model's own."),
];

function panelOf(now) {
  const step = steps[now];
  const each = (part) => models.map((model) => [models.length > 1 ? element("h3", { class: "name" }, model.name) : null, part(model)]);
  if (step.kind === "start") return [introduction, each(startPart)];
  if (step.kind === "encode") return [element("h2", {}, step.direction === "→" ? "Read, from left to right" : "Read, from right to left"), each((model) => encodePart(model, step))];
  if (step.kind === "end") return [element("h2", {}, "The whole translation"), each(endPart)];
  return [element("h2", {}, `${step.part + 1}. ${partTitles[step.part]}`), element("div", { class: "soft" }, `for word ${step.t + 1} of ${T}`), each((model) => decodeParts[step.part](model, step.t))];
}

// ---------------------------------------------------------------- All together

const views = { words: ["word by word", showWords], all: ["all weights", showAll], ...(tree ? { search: ["the search", showTree] } : {}) };
let view = "words";
const tabs = element("nav", { class: "tabs", role: "tablist" }, Object.entries(views).map(([name, [label]]) => element("button", {
  role: "tab", "data-view": name, "data-key": name, click: () => showView(name) }, label)));
tabs.addEventListener("keydown", (event) => {
  const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!move) return;
  event.stopPropagation(); // arrows step through the translation elsewhere
  const names = Object.keys(views);
  showView(names[(names.indexOf(view) + move + names.length) % names.length]);
  tabs.querySelector(`[data-view=${view}]`).focus();
});

function showView(name) {
  view = name;
  showStep(stepper.step);
}

function showStep(now) {
  for (const tab of tabs.children) {
    tab.setAttribute("aria-selected", tab.dataset.view === view);
    tab.tabIndex = tab.dataset.view === view ? 0 : -1; // arrows lead to the others
  }
  const scrolled = stageElement.querySelector(".scroll")?.scrollLeft ?? 0;
  keepFocus(stageElement, () => stageElement.replaceChildren(tabs, views[view][1](now)));
  keepFocus(panelElement, () => panelElement.replaceChildren(...[panelOf(now)].flat(9).filter(Boolean)));
  panelElement.scrollTop = 0;
  if (view === "words") scrollToFocus(now, scrolled);
}

/** Brings the word that the step is about into sight. */
function scrollToFocus(now, scrolled) {
  const step = steps[now];
  stageElement.querySelectorAll(".model").forEach((box, m) => {
    const scroll = box.querySelector(".scroll");
    scroll.scrollLeft = scrolled;
    const j = step.kind === "encode" ? step.j : step.kind === "decode" && step.part > 0 ? largest(models[m].steps[step.t].weights) : null;
    const cell = j === null ? null : box.querySelector(`[data-column="${j}"]`);
    if (!cell) return;
    const left = cell.offsetLeft - scroll.offsetLeft;
    if (left < scroll.scrollLeft + 90 || left + cell.offsetWidth > scroll.scrollLeft + scroll.clientWidth) scroll.scrollLeft = left - scroll.clientWidth / 2;
  });
}

const stepper = new Stepper(steps.length, showStep, sayStep, leap);
addEventListener("resize", () => showStep(stepper.step));
showPage(stepper, stageElement, panelElement);
