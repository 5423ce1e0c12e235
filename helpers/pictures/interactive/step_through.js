// One step of SGD: each slot of the drawing shows the quantity that the stage asks for.

function build(root, data) {
  const state = { hidden: 0, eta: 0, stage: 0 };
  const last = data.stages.length - 1;
  if (data.title) add(root, "p", { class: "stage-name" }, data.title);

  const controls = add(root, "div", { class: "controls" });
  select(controls, "hidden activation", data.hidden.map(function (h) { return h.name; }), 0,
    function (index) { state.hidden = index; show(); });
  select(controls, "learning rate η", data.etas.map(short), 0,
    function (index) { state.eta = index; show(); });
  const back = button(controls, "Back", function () { go(state.stage - 1); });
  const next = button(controls, "Next", function () { go(state.stage + 1); });
  const stages = slider(controls, "stage", last, 0,
    function (index) { return (index + 1) + " of " + (last + 1); }, go);

  const drawing = draw(root, data.drawing);
  const words = add(root, "div", { class: "stage", "aria-live": "polite" });
  const key = add(root, "p", { class: "key quiet" });
  add(key, "span", { class: "forward" }, "bold blue: new, forward");
  add(key, "span", { class: "backward" }, "bold italic orange-red, dashed: new, backward");
  add(key, "span", { class: "used" }, "framed: used for it");

  function go(stage) {
    state.stage = Math.max(0, Math.min(last, stage));
    show();
  }

  function show() {
    const stage = data.stages[state.stage], choice = data.hidden[state.hidden];
    const values = Object.assign({}, choice.before, choice.after[state.eta]);
    stages.move(state.stage);
    back.disabled = state.stage === 0;
    next.disabled = state.stage === last;

    for (const part of drawing.parts) {
      const quantity = stage.slots[part.slot];
      const names = ["new", "used", "backward"].filter(function (name) {
        return stage[name].indexOf(part.slot) >= 0;
      });
      part.group.setAttribute("class", names.join(" "));
      if (!part.text) continue;
      const value = quantity && at(values, quantity, part.at);
      const begin = part.slot === "E" && quantity === "E_new" ? "E_{new}" : part.begin;
      const text = quantity ? (begin ? begin + " = " : "") + written(quantity, value) : "";
      write(part.text, text);
      const kind = /^[zaE]/.test(quantity) ? "forward" : /^d/.test(quantity) ? "backward" : "given";
      part.text.setAttribute("class", (part.plate ? "weight value-" : "value-") + kind);
      if (part.plate) {
        const width = 8.6 * text.length + 4;
        set(part.plate, { x: part.x - width / 2, width: width });
      }
    }
    for (const heading of drawing.headings) {
      const quantity = heading.slot ? stage.slots[heading.slot] : "";
      const lines = heading.slot ? edgeHeading(heading.slot, quantity) : heading.lines.slice();
      if (heading.hidden) lines.push(choice.name);
      heading.texts.forEach(function (text, n) { write(text, lines[n] || ""); });
    }

    words.textContent = "";
    const head = add(words, "p");
    add(head, "span", { class: "stage-name" }, stage.name);
    add(head, "span", {}, stage.symbols);
    add(words, "p", {}, stage.sentence);
    const formulas = stage.formulas[stage.formulas.length > 1 ? state.hidden : 0];
    const lines = formulas.map(function (formula) { return fill(formula, values); });
    const long = lines.some(function (line) { return line.length > 62; });
    const list = add(words, "ul", { class: long ? "formulas long" : "formulas" });
    for (const line of lines) add(list, "li", {}, line);
    if (stage.left) {
      add(words, "p", { class: "quiet" }, "The other " + stage.left + " in the same way.");
    }
    if (state.stage === last) {
      const change = values.E_new[0] - values.E[0];
      add(words, "p", {}, change < 0 ? "The loss has fallen." :
        change > 0 ? "The loss has grown: for this step, the learning rate is too large." :
        "The loss is the same.");
    }
  }

  show();
}

function edgeHeading(slot, quantity) {
  const name = slot.replace(/_(.)/, "_{$1}");
  if (quantity[0] === "d") return ["gradients", "∂E/∂" + name];
  return [quantity === slot ? "weights" : "new weights", name];
}

// The number at a place of a quantity, a list or a list of lists.
function at(values, quantity, place) {
  return place.reduce(function (list, index) { return list[index]; }, values[quantity]);
}

// What is given is written as it is; what is computed keeps its four decimals, zeros too, so that
// numbers do not change their length from stage to stage. Whole numbers stay whole.
function written(quantity, value) {
  const given = ["x", "t", "W_h", "b_h", "W_o", "b_o", "eta"].indexOf(quantity) >= 0;
  const size = Math.abs(value);
  if (given || Number.isInteger(value) || size < 0.00005 || size >= 10) return short(value);
  return minus(value.toFixed(4));
}

// A formula with its numbers put in; a negative one in brackets behind an operator or below a power.
function fill(formula, values) {
  return formula.replace(/([·+−/] ?)?\[([^\]]+)\](\^)?/g, function (all, operator, path, power) {
    const [quantity, ...place] = path.split(".");
    const value = at(values, quantity, place.map(Number));
    const text = written(quantity, value);
    const bracketed = text[0] === "−" && (operator || power) ? "(" + text + ")" : text;
    return (operator || "") + bracketed + (power || "");
  });
}

// Edges below, cards above, numbers on top. Returns what changes from stage to stage.
function draw(root, drawing) {
  const svg = add(root, "svg", {
    viewBox: "0 0 " + drawing.size.join(" "), role: "img",
    "aria-label": "The network with its numbers; the stage and its formulas stand below."
  });
  const parts = [];
  for (const edge of drawing.edges) {
    const group = add(svg, "g");
    const [x1, y1, x2, y2] = edge.line;
    add(group, "line", { class: "edge", x1: x1, y1: y1, x2: x2, y2: y2 });
    parts.push({ group: group, slot: edge.slot });
  }
  for (const edge of drawing.edges) {
    if (!edge.place) continue;
    const [x, y] = edge.place;
    const group = add(svg, "g");
    const plate = add(group, "rect", { class: "plate", y: y - 8, height: 16, rx: 3 });
    const text = add(group, "text", { x: x, y: y + 5, "text-anchor": "middle" });
    parts.push({ group: group, slot: edge.slot, at: edge.at, begin: "", text: text, plate: plate,
      x: x });
  }
  for (const card of drawing.cards) {
    const [left, top, width, height] = card.box;
    add(svg, "rect", { class: "card", x: left, y: top, width: width, height: height, rx: 7 });
    add(svg, "rect", { class: "band", x: left + 1, y: top + 1, width: width - 2, height: 20, rx: 6 });
    add(svg, "text", { class: "name", x: left + width / 2, y: top + 16, "text-anchor": "middle" },
      card.name);
    for (const row of card.rows) {
      const [x, y, w, h] = row.box;
      const group = add(svg, "g");
      add(group, "rect", { class: "mark", x: x, y: y + 1, width: w, height: h - 2, rx: 3 });
      const text = add(group, "text", { x: x + 6, y: y + 13 });
      parts.push({ group: group, slot: row.slot, at: row.at, begin: row.begin, text: text });
    }
  }
  const headings = drawing.headings.map(function (heading) {
    const [x, y] = heading.place;
    const texts = [0, 18].map(function (down) {
      return add(svg, "text", { class: "heading", x: x, y: y + down, "text-anchor": "middle" });
    });
    return Object.assign({ texts: texts }, heading);
  });
  return { parts: parts, headings: headings };
}
