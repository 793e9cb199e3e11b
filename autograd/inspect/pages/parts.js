// Parts that all pages are made of: elements, numbers, heat maps, and what steps through something.

const pageData = JSON.parse(document.getElementById("data").textContent);

/** A new element: its attributes, functions for events, and children, which are elements or texts. */
const element = (tag, attributes = {}, ...children) => filled(document.createElement(tag), attributes, children);
const svgElement = (tag, attributes = {}, ...children) =>
  filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** A number with four digits, as short as it can be read. */
function short(x) {
  if (x === null || x === undefined) return "–";
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "NaN" : x > 0 ? "∞" : "−∞";
  if (x === 0) return "0";
  const size = Math.abs(x);
  const text = size >= 1e-4 && size < 1e6 ? String(Number(x.toPrecision(4))) : x.toExponential(2);
  return text.replaceAll("-", "−");
}

/** `(2, 3)` */
const shapeText = (shape) => `(${shape.join(", ")})`;

/** What JSON could not hold as numbers: 32-bit floats in base64. */
function decodeFloats(text) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}
const pageNumbers = decodeFloats(pageData.numbers);

/** An array as the page has it: whole, or as cells that each stand for a block of its numbers. */
class Picture {
  /** `place` is [begin, rows, columns] in `pageNumbers`, or null; `shape` is the array's own. */
  static of(place, shape) {
    return place ? new Picture(place, shape) : null;
  }
  constructor([begin, rows, columns], shape) {
    Object.assign(this, { rows, columns, shape });
    [this.least, this.mean, this.most] = pageNumbers.subarray(begin, begin + 3);
    this.cells = pageNumbers.subarray(begin + 3, begin + 3 + rows * columns);
    this.size = shape.reduce((product, length) => product * length, 1);
  }
  get isWhole() {
    return this.rows * this.columns === this.size;
  }
  /** The number farthest from 0, for colours. */
  get extent() {
    return Math.max(Math.abs(this.least), Math.abs(this.most));
  }
}

/** What the colours of heat maps mean, in a line. */
const heatLegend = () => element("span", { class: "legend" }, "heat maps: ", element("span", { class: "below" }, "■"), " below 0, ",
  element("span", { class: "above" }, "■"), " above 0, the stronger the farther from it; ", element("span", { class: "none" }, "■"), " no number");

const isDark = matchMedia("(prefers-color-scheme: dark)");

/** Blue below 0, orange above, the paper at 0; what is no number is magenta, and what is not known, null, the paper too. */
function colour(x, extent) {
  if (x !== null && !Number.isFinite(x)) return [214, 51, 180];
  const share = extent > 0 ? Math.min(1, Math.abs(x) / extent) ** 0.7 : 0;
  const paper = isDark.matches ? [27, 34, 43] : [255, 255, 255];
  const ink = isDark.matches ? (x < 0 ? [110, 180, 255] : [255, 160, 90]) : x < 0 ? [22, 82, 158] : [178, 62, 8];
  return paper.map((channel, i) => Math.round(channel + share * (ink[i] - channel)));
}

/** Draws a picture, a long row of numbers wrapped, into a canvas of about `width` by `height` points. */
function draw(canvas, picture, extent, width, height) {
  let { rows, columns } = picture;
  if (rows === 1 && columns > 24) {
    columns = Math.ceil(Math.sqrt(picture.columns * 2));
    rows = Math.ceil(picture.columns / columns);
  }
  const wide = Math.max(1, Math.min(16, Math.floor(width / columns)));
  const high = Math.max(1, Math.min(16, 4 * wide, Math.floor(height / rows)));
  canvas.width = columns;
  canvas.height = rows;
  canvas.style.width = `${columns * Math.min(wide, 4 * high)}px`;
  canvas.style.height = `${rows * high}px`;
  const image = new ImageData(columns, rows);
  picture.cells.forEach((x, i) => image.data.set([...colour(x, extent), 255], 4 * i));
  canvas.getContext("2d").putImageData(image, 0, 0);
}

function statistics(picture) {
  const wrapped = picture.rows === 1 && picture.columns > 24 ? ", wrapped" : "";
  return `${short(picture.least)} … ${short(picture.most)}, mean ${short(picture.mean)}${wrapped}`;
}

/** Whether an array is shown as a table of its numbers. */
const isTable = (picture) => picture.isWhole && picture.size <= 16 && (picture.rows === 1 || picture.columns <= 6);

/** What heat maps and tables beside each other have in common: equal colours for equal numbers, equal places below each
 * other. */
function scaleOf(pictures) {
  const shown = pictures.filter(Boolean), longest = shown.filter(isTable).flatMap(({ cells }) => Array.from(cells, (x) => short(x).length));
  return { extent: Math.max(0, ...shown.map(({ extent }) => extent)), columns: Math.max(1, Math.floor(44 / (Math.max(0, ...longest) + 2))) };
}

/** Shows an array: few numbers as a table, more as a heat map that a click enlarges. */
function heat(picture, name, scale = scaleOf([picture])) {
  if (!picture) return element("span", { class: "soft" }, "not seen");
  if (isTable(picture)) {
    const texts = Array.from(picture.cells, short), rows = [];
    const columns = Math.min(picture.rows === 1 ? scale.columns : 6, picture.columns); // a longer row goes on below
    for (let i = 0; i < texts.length; i += columns)
      rows.push(element("tr", {}, texts.slice(i, i + columns).map((text) => element("td", {}, text))));
    return element("div", { class: "wide" }, element("table", { class: "numbers", "aria-label": name }, rows));
  }
  const canvas = thumbnail(picture, name, scale.extent, 132, 84);
  return element("span", { class: "heat" }, canvas, element("span", { class: "stats" }, statistics(picture)));
}

/** A heat map of about that many points, which a click enlarges. */
function thumbnail(picture, name, extent, width, height) {
  const canvas = element("canvas", {
    role: "button", tabindex: 0, title: "open", "aria-label": `${name}: ${statistics(picture)}: open`,
    click: () => enlarge(picture, name, extent),
    keydown: (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault(); // or else the key would press the button that gets the focus
      enlarge(picture, name, extent);
    },
  });
  draw(canvas, picture, extent, width, height);
  return canvas;
}

/** Shows a heat map large, and the number under the pointer, or where the arrow keys lead. */
function enlarge(picture, name, extent = picture.extent) {
  const canvas = element("canvas", { tabindex: 0, autofocus: true, "aria-label": "cells: arrow keys lead from one to the next" });
  draw(canvas, picture, extent, Math.min(innerWidth * 0.85, 900), innerHeight * 0.6);
  const readout = element("p", { class: "mono", "aria-live": "polite" }, "point at a cell, or press an arrow key");
  const mark = element("span", { class: "mark", hidden: true });
  const what = picture.isWhole ? "all its numbers"
    : `${picture.rows} × ${picture.columns} cells, each the number farthest from 0 of its block`;
  let at = { column: 0, row: 0 };
  const read = (column, row) => {
    const i = row * canvas.width + column;
    if (column < 0 || row < 0 || column >= canvas.width || i >= picture.cells.length) return;
    at = { column, row };
    const [y, x] = picture.rows === 1 ? [0, i] : [Math.floor(i / picture.columns), i % picture.columns];
    const word = picture.rowNames?.[y];
    readout.textContent = `${picture.isWhole ? "" : "cell "}[${picture.rows === 1 ? x : `${y}, ${x}`}] = ${short(picture.cells[i])}${word ? `, of “${word}”` : ""}`;
    const wide = canvas.clientWidth / canvas.width, high = canvas.clientHeight / canvas.height;
    Object.assign(mark.style, { left: `${column * wide}px`, top: `${row * high}px`, width: `${wide + 2}px`, height: `${high + 2}px` });
    mark.hidden = false;
  };
  const point = (event) => {
    const box = canvas.getBoundingClientRect();
    read(Math.floor((event.clientX - box.left) / box.width * canvas.width), Math.floor((event.clientY - box.top) / box.height * canvas.height));
  };
  canvas.addEventListener("pointermove", point);
  canvas.addEventListener("pointerdown", point);
  canvas.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!move) return;
    event.preventDefault();
    if (mark.hidden) read(0, 0);
    else read(at.column + move[0], at.row + move[1]);
  });
  const dialog = element("dialog", { "aria-label": name, close: () => dialog.remove() },
    element("h2", {}, `${name} `, element("span", { class: "soft" }, shapeText(picture.shape))),
    element("p", { class: "soft" }, `${what}; ${statistics(picture)}. Full colour at ±${short(extent)}; `, heatLegend()),
    element("div", { class: "large" }, canvas, mark), readout,
    element("form", { method: "dialog" }, element("button", {}, "Close")));
  document.body.append(dialog);
  dialog.showModal();
}

/** Renders a part of the page anew. What had the focus in it has it again, if something there has one of its words in
 * `data-key`, or else the part itself. */
function keepFocus(part, render) {
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  render();
  if (!focused || focused === part) return;
  const keys = focused.dataset.key?.split(" ") ?? [];
  const again = keys.map((key) => part.querySelector(`[data-key~="${CSS.escape(key)}"]`)).find(Boolean);
  (again ?? part).focus({ preventScroll: true });
}

/** Steps through something by keys, buttons, a slider, and `#step=N` in the address. */
class Stepper {
  /** `show(step)` shows one of `count` steps; `say(step)` says in a few words which one it is. With Shift the arrows go to
   * `leap(step, ±1)`. */
  constructor(count, show, say, leap = (step, direction) => step + direction) {
    Object.assign(this, { count, show, say, leap, step: -1, timer: null });
    const button = (label, name, act) => element("button", { "aria-label": name, title: name, click: act }, label);
    this.playButton = button("play", "play (space)", () => this.play());
    this.slider = element("input", {
      type: "range", min: 0, max: count - 1, value: 0, "aria-label": "step", input: () => this.go(+this.slider.value),
    });
    this.said = element("output");
    this.controls = element("div", { class: "controls" },
      button("⇤", "first step (Home)", () => this.go(0)), button("←", "previous step (←)", () => this.go(this.step - 1)),
      this.playButton, button("→", "next step (→)", () => this.go(this.step + 1)),
      button("⇥", "last step (End)", () => this.go(count - 1)), this.slider, this.said);
    addEventListener("keydown", (event) => this.press(event));
    addEventListener("hashchange", () => this.readAddress());
    isDark.addEventListener("change", () => this.show(this.step));
  }
  readAddress() {
    const wanted = /^#step=(\d+)$/.exec(location.hash);
    this.go(wanted ? +wanted[1] : Math.max(0, this.step));
  }
  go(step) {
    step = Math.max(0, Math.min(this.count - 1, step));
    if (step === this.step) return;
    this.step = step;
    this.slider.value = step;
    this.said.textContent = this.say(step);
    history.replaceState(null, "", `#step=${step}`);
    this.show(step);
    if (step === this.count - 1) this.pause();
  }
  play() {
    if (this.timer) return this.pause();
    if (this.step === this.count - 1) this.go(0);
    this.timer = setInterval(() => this.go(this.step + 1), 900);
    this.playButton.textContent = "pause";
  }
  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.playButton.textContent = "play";
  }
  press(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
    const move = (direction) => this.go(event.shiftKey ? this.leap(this.step, direction) : this.step + direction);
    const acts = {
      ArrowRight: () => move(1), ArrowLeft: () => move(-1), " ": () => this.play(),
      Home: () => this.go(0), End: () => this.go(this.count - 1),
    };
    if (!acts[event.key] || (event.key === " " && event.target.closest("button, canvas, summary, a, [type=checkbox]"))) return;
    event.preventDefault();
    acts[event.key]();
  }
}

/** The title, and what is known of the whole. */
const pageHeader = () => element("header", {}, element("h1", {}, pageData.title),
  element("dl", {}, pageData.about.map(([name, text]) => element("div", {}, element("dt", {}, name), element("dd", {}, text)))));

/** Fills the page: header, controls, and the parts below each other or side by side. */
function showPage(stepper, ...parts) {
  document.body.append(pageHeader(), stepper.controls, element("main", {}, parts));
  stepper.readAddress();
}
