// Gradients through time: findings in words, curves by distance, and a heat map of each model for one pair of sentences.

/** A number with two digits: `0.35`, `3.1×10⁻⁶`. */
function told(x) {
  if (x === 0) return "0";
  if (x >= 0.001 && x < 1000) return String(Number(x.toPrecision(2)));
  const [mantissa, exponent] = x.toExponential(1).split("e");
  return `${mantissa}×${power(exponent)}`;
}

/** `10⁻⁶` */
function power(exponent) {
  const digits = String(Number(exponent)).replace(/[-0-9]/g, (digit) => digit === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]);
  return `10${digits}`;
}

const steps = (count) => `${count} step${count === 1 ? "" : "s"}`;
const { models } = pageData;

// ---- Curves ----

// Apart from each other also to colour-blind eyes (after Okabe and Ito), by day and by night.
const LINES = [["#0072b2", "#56b4e9"], ["#d55e00", "#f09a50"], ["#009e73", "#3fd0a8"], ["#cc79a7", "#e6a3c8"], ["#7a5c00", "#d8bd5a"]];

/** A model and its untrained twin have one colour; the twin's line is dashed. */
models.forEach((model, i) => {
  model.colour = models.slice(0, i).filter((other) => other.trained).length - (model.trained ? 0 : 1);
});
const lineColour = (model) => LINES[model.colour % LINES.length][isDark.matches ? 1 : 0];
const dashes = (model) => model.trained ? (model.colour < LINES.length ? "none" : "8 3 2 3") : "5 4";

/** Curves of all models over the distance on a logarithmic axis, with a cursor that pointer, finger and arrow keys move. */
class Curves {
  constructor(part, title, note) {
    Object.assign(this, { part, at: 0 });
    this.distances = [...new Set(models.flatMap((model) => model[part].map(([distance]) => distance)))].sort((a, b) => a - b);
    this.holder = element("div", {});
    this.readout = element("output", { class: "readout", "aria-live": "polite" });
    this.figure = element("figure", { class: "chart" }, element("h3", {}, title), this.holder,
      element("figcaption", {}, note), this.readout);
  }

  show() {
    const width = Math.max(260, Math.min(720, this.figure.clientWidth || 320)), height = 290;
    const [left, right, top, bottom] = [52, 12, 10, 40];
    const logs = models.flatMap((model) => model[this.part]).map(([, share]) => Math.log10(share)).filter(Number.isFinite);
    let low = Math.floor(Math.min(...logs, 0)), high = Math.ceil(Math.max(...logs, low + 1));
    if (logs.length) low = Math.floor(Math.min(...logs)), high = Math.max(low + 1, Math.ceil(Math.max(...logs)));
    const last = this.distances.at(-1) ?? 1, first = this.distances[0] ?? 0;
    const x = (distance) => left + (distance - first) / Math.max(1, last - first) * (width - left - right);
    const y = (log) => top + (high - log) / (high - low) * (height - top - bottom);
    const svg = svgElement("svg", {
      viewBox: `0 0 ${width} ${height}`, height, tabindex: 0, role: "slider", "aria-label": `${this.part}: distance`,
      "aria-valuemin": first, "aria-valuemax": last,
      pointermove: (event) => this.point(event), pointerdown: (event) => this.point(event), keydown: (event) => this.press(event),
    });
    const every = Math.ceil((high - low) / 8);
    for (let log = Math.ceil(low / every) * every; log <= high; log += every) {
      svg.append(svgElement("line", { class: "rule", x1: left, x2: width - right, y1: y(log), y2: y(log) }),
        svgElement("text", { x: left - 6, y: y(log) + 4, "text-anchor": "end" }, log === 0 ? "1" : power(log)));
    }
    const stride = Math.max(1, Math.ceil((last - first) / 8));
    for (let distance = first === 1 && stride > 1 ? 0 : first; distance <= last; distance += stride) {
      const mark = Math.max(first, distance);
      svg.append(svgElement("text", { x: x(mark), y: height - bottom + 18, "text-anchor": "middle" }, String(mark)));
    }
    svg.append(svgElement("text", { x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" }, "distance: recurrent steps"));
    for (const model of models) {
      let path = "", drawing = false;
      for (const [distance, share] of model[this.part]) {
        if (share > 0 && Number.isFinite(share)) path += `${drawing ? "L" : "M"}${x(distance).toFixed(1)} ${y(Math.log10(share)).toFixed(1)}`;
        drawing = share > 0;
      }
      svg.append(svgElement("path", { d: path, stroke: lineColour(model), "stroke-dasharray": dashes(model), "data-model": model.name }));
    }
    this.cursor = svgElement("line", { class: "cursor", y1: top, y2: height - bottom });
    svg.append(this.cursor);
    Object.assign(this, { svg, x, width });
    this.holder.replaceChildren(svg);
    this.go(this.at);
  }

  point(event) {
    const box = this.svg.getBoundingClientRect(), place = (event.clientX - box.left) / box.width * this.width;
    const away = (i) => Math.abs(this.x(this.distances[i]) - place);
    this.go(this.distances.reduce((best, _, i) => away(i) < away(best) ? i : best, 0));
  }

  press(event) {
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, Home: -1e9, End: 1e9 }[event.key];
    if (!by) return;
    event.preventDefault();
    this.go(this.at + by);
  }

  go(at) {
    this.at = Math.max(0, Math.min(this.distances.length - 1, at));
    const distance = this.distances[this.at];
    this.cursor.setAttribute("x1", this.x(distance));
    this.cursor.setAttribute("x2", this.x(distance));
    const values = models.map((model) => {
      const found = model[this.part].find(([of]) => of === distance);
      return found && `${model.name} ${told(found[1])}`;
    }).filter(Boolean);
    const text = `${steps(distance)} away: ${values.join(" · ")}`;
    this.readout.textContent = text;
    this.svg.setAttribute("aria-valuenow", distance);
    this.svg.setAttribute("aria-valuetext", text);
  }
}

const charts = [
  new Curves("encoder", "states of the encoder", "By the recurrence alone: on to the end of the source that was read last, and then word by word through the decoder. Attention is a way around it."),
  new Curves("decoder", "states of the decoder", "0: the state of the word's own step."),
];
const drawCharts = () => charts.forEach((chart) => chart.show());

const legend = element("div", { class: "legend" });
function drawLegend() {
  legend.replaceChildren(...models.map((model) => element("span", {},
    svgElement("svg", { width: 34, height: 8, "aria-hidden": "true" },
      svgElement("line", { x1: 0, x2: 34, y1: 4, y2: 4, stroke: lineColour(model), "stroke-width": 3, "stroke-dasharray": dashes(model) })),
    element("span", {}, `${model.name} `, element("span", { class: "soft" }, `(${model.kind})`)))));
}

/** Mean norms at the four stations of the way back, and what is left of the first; the step that loses most is marked. */
function stationsTable() {
  const rows = models.map(({ name, attends, stations }) => {
    const losses = stations.map((norm, i) => i === 0 || stations[i - 1] === 0 ? 1 : norm / stations[i - 1]);
    const least = Math.min(...losses), worst = attends || least > 0.5 ? -1 : losses.indexOf(least);
    return element("tr", {}, element("th", { scope: "row" }, name), stations.map((norm, i) =>
      element("td", { class: i === worst ? "worst" : undefined }, element("span", {}, told(norm)),
        i > 0 && [" ", element("span", {}, `(${stations[0] ? told(norm / stations[0]) : "–"})`)])));
  });
  return element("div", { class: "wide" }, element("table", { class: "stations" },
    element("thead", {}, element("tr", {}, element("th", {}, "model"), pageData.stations.map((name) => element("th", { scope: "col" }, name)))),
    element("tbody", {}, rows)));
}

// ---- Heat maps ----

/** What the maps can show of a sentence: a title for rows and columns, and norms or null. */
const PARTS = {
  both: { name: "encoder, all directions", of: (sentence) => combined(matrix(sentence.forward), matrix(sentence.backward)) },
  forward: { name: "encoder, forward →h", of: (sentence) => sentence.reversed ? null : matrix(sentence.forward) },
  backward: { name: "encoder, backward ←h", of: (sentence) => matrix(sentence.reversed ? sentence.forward : sentence.backward) },
  decoder: { name: "decoder", of: (sentence) => matrix(sentence.decoder) },
};

/** Norms, row-major, as the page has them. */
function matrix(place) {
  if (!place) return null;
  const [begin, rows, columns] = place;
  return { rows, columns, norms: pageNumbers.subarray(begin, begin + rows * columns) };
}

function combined(a, b) {
  return b ? { ...a, norms: a.norms.map((norm, i) => Math.hypot(norm, b.norms[i])) } : a;
}

/** The norm at a word's own state of the decoder, the largest of its row. */
const ownNorm = (sentence, row) => Math.max(...matrix(sentence.decoder).norms.slice(row * sentence.target.length, (row + 1) * sentence.target.length));

/** The logarithmic scale of all maps of all models and sentences, eight powers of ten at most. */
const scale = (() => {
  let least = Infinity, most = 0;
  for (const norm of pageNumbers) {
    if (norm > 0) least = Math.min(least, norm);
    most = Math.max(most, norm);
  }
  const high = most > 0 ? Math.ceil(Math.log10(most)) : 0;
  return { high, low: Math.min(high - 1, Math.max(high - 8, least < Infinity ? Math.floor(Math.log10(least)) : -1)) };
})();

const DAY = [[255, 249, 244], [251, 220, 192], [240, 160, 95], [190, 84, 14], [84, 32, 2]];
const NIGHT = [[38, 31, 27], [88, 54, 28], [166, 98, 42], [242, 163, 101], [255, 236, 214]];

/** From paper to ink as the logarithm grows. */
function logColour(norm) {
  const share = Math.max(0, Math.min(1, (Math.log10(norm) - scale.low) / (scale.high - scale.low)));
  const stops = isDark.matches ? NIGHT : DAY, place = share * (stops.length - 1), below = Math.min(Math.floor(place), stops.length - 2);
  return `rgb(${stops[below].map((channel, i) => Math.round(channel + (place - below) * (stops[below + 1][i] - channel))).join(",")})`;
}

/** How far apart state and loss are by the recurrence, in words. */
function distanceText(sentence, part, row, column) {
  if (part === "decoder") return `${steps(row - column)} away`;
  const forward = sentence.source.length - column + row, backward = column + 1 + row;
  if (part === "backward" || sentence.reversed) return `${steps(backward)} away`;
  if (part === "forward" || !sentence.backward) return `${steps(forward)} away`;
  return `${steps(forward)} away forward, ${backward} backward`;
}

function mapOf(model, number, part) {
  const sentence = model.sentences[number], found = PARTS[part].of(sentence);
  const head = [element("h3", {}, model.name), element("p", { class: "soft" }, model.kind)];
  if (!found) return element("figure", {}, head, element("p", { class: "soft" }, "It has no such states."));
  const words = part === "decoder" ? sentence.target : sentence.source;
  const readout = element("output", { class: "readout", "aria-live": "polite" }, "point at a cell, touch it, or go there with tab and arrow keys");
  const columnHeads = words.map((word) => element("th", { scope: "col" }, element("span", {}, word)));
  const rowHeads = sentence.target.map((word) => element("th", { scope: "row", title: word }, word));
  const cells = [];
  const say = (row, column) => {
    for (const lit of table.querySelectorAll(".lit")) lit.classList.remove("lit");
    columnHeads[column].classList.add("lit");
    rowHeads[row].classList.add("lit");
    const state = part === "decoder" ? "the decoder's state at" : "the encoder's state at";
    const norm = found.norms[row * found.columns + column], own = ownNorm(sentence, row);
    readout.textContent = `loss of “${sentence.target[row]}” by ${state} “${words[column]}”: ` +
      `${told(norm)}, ${own ? `${told(norm / own)} of its own state's, ` : ""}${distanceText(sentence, part, row, column)}`;
  };
  const move = (event, row, column) => {
    const to = { ArrowRight: [row, column + 1], ArrowLeft: [row, column - 1], ArrowDown: [row + 1, column], ArrowUp: [row - 1, column],
      Home: [row, 0], End: [row, found.columns - 1] }[event.key];
    if (!to) return;
    event.preventDefault();
    cells[to[0]]?.[to[1]]?.focus();
  };
  const rows = sentence.target.map((_, row) => {
    cells.push([]);
    return element("tr", {}, rowHeads[row], words.map((_, column) => {
      if (part === "decoder" && column > row) return element("td", { class: "none" });
      const norm = found.norms[row * found.columns + column];
      const cell = element("td", {
        class: norm > 0 ? undefined : "zero", style: norm > 0 ? `background:${logColour(norm)}` : undefined, tabindex: -1,
        "aria-label": told(norm), pointerenter: () => say(row, column), click: () => cell.focus(), keydown: (event) => move(event, row, column),
        focus: () => {
          table.querySelector("td[tabindex='0']")?.setAttribute("tabindex", -1);
          cell.setAttribute("tabindex", 0);
          say(row, column);
        },
      }, norm > 0 ? null : "·");
      cells[row].push(cell);
      return cell;
    }));
  });
  const table = element("table", { class: "flowmap", role: "grid", "aria-label": `${model.name}, ${PARTS[part].name}` },
    element("thead", {}, element("tr", {}, element("td", { class: "none" }), columnHeads)), element("tbody", {}, rows));
  cells[0][0].setAttribute("tabindex", 0);
  return element("figure", {}, head, element("div", { class: "scroll" }, table), readout);
}

const maps = element("div", { class: "maps" });
const sentenceChoice = element("select", { id: "sentence", change: () => drawMaps() },
  models[0].sentences.map((sentence, i) => element("option", { value: i }, `${i + 1}: ${sentence.source.slice(0, -1).join(" ")}`)));
const partChoice = element("select", { id: "part", change: () => drawMaps() },
  Object.entries(PARTS).map(([part, { name }]) => element("option", { value: part }, name)));
partChoice.value = models.some(({ sentences }) => sentences[0].backward) ? "forward" : "both"; // one direction shows the fall
const drawMaps = () => maps.replaceChildren(...models.map((model) => mapOf(model, +sentenceChoice.value, partChoice.value)));

const scaleCanvas = element("canvas", { width: 64, height: 1, "aria-hidden": "true" });
function drawScale() {
  const context = scaleCanvas.getContext("2d");
  for (let i = 0; i < 64; ++i) {
    context.fillStyle = logColour(10 ** (scale.low + (i + 0.5) / 64 * (scale.high - scale.low)));
    context.fillRect(i, 0, 1, 1);
  }
}

// ---- The page ----

/** A finding, with the name of the model that it begins with in bold. */
function finding(text) {
  const model = models.find(({ name }) => text.startsWith(`${name}: `));
  return element("li", {}, model ? [element("b", {}, model.name), text.slice(model.name.length)] : text);
}

function drawAll() {
  drawLegend();
  drawCharts();
  drawScale();
  drawMaps();
}

document.body.append(
  pageHeader(),
  element("main", { class: "flow" },
    element("section", {},
      element("p", {}, "Each word of a translation has a loss, −log of its probability. Its gradient flows back through the decoder's states to those of the encoder, " +
        "and what arrives at a state is the norm of the total derivative, ‖∂loss / ∂state‖. A state here is the hidden state h alone: an LSTM's gradient also flows along its cells c, beside the states. Where it is next to nothing, training cannot " +
        "tell that state what to remember: every recurrent step multiplies the gradient by a Jacobian, and a product of many such factors below 1 vanishes.")),
    element("section", {},
      element("h2", {}, "By distance"),
      element("p", { class: "soft" }, "What comes to a state, as a share of what comes to the word's own state, the decoder's that it was predicted from: means over all words of all pairs, " +
        "each word counting alike, however small its loss. The axis is logarithmic: a straight fall is a constant factor a step. With attention a share can be " +
        "more than 1, for it is a way around the word's own state."),
      legend, element("div", { class: "charts" }, charts.map((chart) => chart.figure))),
    element("section", {},
      element("h2", {}, "What the numbers say"),
      element("ul", { class: "findings" }, pageData.findings.map(finding))),
    element("section", {},
      element("h2", {}, "Where on the way it is lost"),
      element("p", { class: "soft" }, "Mean norms at four states that the gradient passes on its way back, from left to right: the decoder's that the word was predicted from, the decoder's first, " +
        "and those of the encoder after the word that it read last and first. In brackets: what is left of the first number. Marked: where a model without attention loses most. A number can be larger than the one before it: the encoder's states " +
        "also get what came along the cells of the decoder's LSTM, which the decoder's first hidden state does not see; and there may be two directions of them."),
      stationsTable()),
    element("section", {},
      element("h2", {}, "Word by word"),
      element("div", { class: "pick" }, element("label", {}, "sentence", sentenceChoice), element("label", {}, "states", partChoice),
        element("span", { class: "scale" }, power(scale.low), scaleCanvas, power(scale.high), element("span", { class: "soft" }, "· none"))),
      element("p", { class: "soft" }, "A row is the loss of one target word, a column a state: that after a source word, or the decoder's at a target word. All maps have the same logarithmic colours. " +
        "An encoder that reads in both directions hands on both its ends, so that in “all directions” the first words are near as well as the last."),
      maps)));
drawAll();
isDark.addEventListener("change", drawAll);
let resizing = 0;
addEventListener("resize", () => {
  cancelAnimationFrame(resizing);
  resizing = requestAnimationFrame(drawCharts);
});
