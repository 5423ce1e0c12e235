// What both pictures use: elements, text with subscripts, numbers, controls.

const SVG = "http://www.w3.org/2000/svg";

// A new element in `parent`: of HTML, or of SVG inside one.
function add(parent, tag, attributes, text) {
  const inside = tag === "svg" || parent.namespaceURI === SVG;
  const element = document.createElementNS(inside ? SVG : "http://www.w3.org/1999/xhtml", tag);
  set(element, attributes);
  if (text !== undefined) write(element, text);
  parent.appendChild(element);
  return element;
}

function set(element, attributes) {
  for (const name of Object.keys(attributes || {})) element.setAttribute(name, attributes[name]);
}

// Writes text such as "w_{h,11}" or "10^{3}", with its subscripts and exponents as such.
function write(element, text) {
  element.textContent = "";
  let shift = 0;
  for (const part of text.split(/([_^]\{[^}]*\})/)) {
    const raised = { "_": 3, "^": -5 }[/^[_^]\{/.test(part) ? part[0] : ""] || 0;
    const words = raised ? part.slice(2, -1) : part;
    if (!words) continue;
    if (element.namespaceURI !== SVG) {
      const place = raised ? add(element, raised > 0 ? "sub" : "sup") : element;
      place.appendChild(document.createTextNode(words));
    } else {
      const piece = add(element, "tspan", { dy: raised - shift });
      if (raised) piece.setAttribute("style", "font-size: 75%");
      piece.textContent = words;
      shift = raised;
    }
  }
}

// A number to four significant digits; null stands for one that is too large to be of interest.
function significant(value) {
  if (value === null) return "huge";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) {
    const [digits, power] = value.toExponential(3).split("e");
    return minus(digits + " · 10^{" + Number(power) + "}");
  }
  return minus(size < 1e4 ? value.toPrecision(4) : value.toFixed(0));
}

// A number to four decimals without zeros at the end, or as short where it is large or tiny.
function short(value) {
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.00005 || size >= 1e6)) {
    return minus(value.toExponential(1).replace("+", ""));
  }
  const decimals = size < 10 ? 4 : Math.max(0, 5 - Math.floor(size).toString().length);
  return minus(String(Number(value.toFixed(decimals))));
}

function minus(text) {
  return text.replace(/-/g, "−");
}

// A range input with its label, and what it is at behind it. `show(index)` returns that text.
function slider(parent, name, last, value, show, change) {
  const label = add(parent, "label");
  add(label, "span", {}, name);
  const input = control(label, "input", { type: "range", min: 0, max: last, step: 1 });
  const now = add(label, "span", { class: "now" });
  input.addEventListener("input", function () { change(Number(input.value)); });
  function move(index) {
    input.value = index;
    const text = show(index);
    write(now, text);
    input.setAttribute("aria-valuetext", now.textContent);
  }
  move(value);
  return { input: input, move: move };
}

function select(parent, name, options, value, change) {
  const label = add(parent, "label");
  add(label, "span", {}, name);
  const input = control(label, "select");
  options.forEach(function (text, index) { add(input, "option", { value: index }, text); });
  input.value = value;
  input.addEventListener("change", function () { change(Number(input.value)); });
  return input;
}

function button(parent, text, press) {
  const element = control(parent, "button", { type: "button" }, text);
  element.addEventListener("click", press);
  return element;
}

// A control keeps its keys to itself: neither the notebook nor the slides act on them.
function control(parent, tag, attributes, text) {
  const element = add(parent, tag, attributes, text);
  element.setAttribute("data-lm-suppress-shortcuts", "true"); // JupyterLab and Notebook
  element.addEventListener("keydown", function (event) { event.stopPropagation(); });
  return element;
}

// Builds every picture of this program on the page that has not been built yet. A page that was
// saved after its scripts ran holds what they built: that is built anew.
function start(program, build) {
  const found = document.querySelectorAll('.backprop-picture[data-program="' + program + '"]');
  for (const root of found) {
    if (root.backpropReady) continue;
    root.backpropReady = true;
    for (const old of root.querySelectorAll(":scope > p, :scope > .built")) old.remove();
    const data = JSON.parse(root.querySelector('script[type="application/json"]').textContent);
    const built = add(root, "div", { class: "built" });
    root.prepend(built); // before the scripts, so that a saved page has it when they run
    build(built, data);
  }
}
