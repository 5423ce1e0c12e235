// Gradient descent: the surface with the path on the left, the loss against the step on the right.

function build(root, data) {
  const svg = add(root, "svg", {
    viewBox: "0 0 " + data.size.join(" "), role: "img",
    "aria-label": "Left, the loss over two weights as contours with the path of gradient descent; " +
      "right, the loss against the step. The numbers stand below."
  });
  const surface = frame(svg, data.surface, data.labels[0], data.labels[1]);
  data.surface.contours.forEach(function (contour) {
    add(surface.back, "path", { class: "contour", d: contour.d, "fill-rule": "evenodd" });
  });
  data.surface.contours.forEach(function (contour) {
    if (!contour.label) return;
    const place = { x: contour.label[0], y: contour.label[1] + 3.5, "text-anchor": "middle" };
    add(surface.back, "text", Object.assign({ class: "contour-label" }, place), contour.label[2]);
  });
  const curve = frame(svg, data.curve, "step", "loss E");

  const controls = add(root, "div", { class: "controls" });
  const state = { eta: Math.floor(data.etas.length / 2), step: data.steps, timer: 0 };
  const etas = slider(controls, "learning rate η", data.etas.length - 1, state.eta,
    function (index) { return short(data.etas[index]); },
    function (index) { state.eta = index; show(); });
  const steps = slider(controls, "step", data.steps, state.step, String,
    function (step) { stop(); state.step = step; show(); });
  const play = button(controls, "Play", function () {
    if (state.timer) {
      stop();
    } else {
      if (state.step === data.steps) state.step = 0;
      state.timer = setInterval(forward, 450);
    }
    show();
  });
  button(controls, "Step", function () {
    stop();
    if (state.step === data.steps) state.step = -1;
    forward();
  });

  const live = add(root, "div", { "aria-live": "polite" });
  const readout = add(live, "div", { class: "readout" });
  const fields = {};
  [["eta", "η"], ["step", "step"], ["w1", data.labels[0]], ["w2", data.labels[1]], ["E", "loss E"],
    ["g1", data.slopes[0]], ["g2", data.slopes[1]]].forEach(function (field) {
    const cell = add(readout, "div");
    add(cell, "span", { class: "quiet" }, field[1]);
    fields[field[0]] = add(cell, "span", { class: "value", "data-value": field[0] });
  });
  const verdict = add(live, "p", { class: "verdict" });

  function forward() {
    state.step += 1;
    // The page may have dropped this picture while it played.
    if (state.step === data.steps || !root.isConnected) stop();
    show();
  }

  function stop() {
    clearInterval(state.timer);
    state.timer = 0;
  }

  function show() {
    const path = data.paths[state.eta];
    drawPath(surface, path.surface, state.step);
    drawPath(curve, path.curve, state.step);
    etas.move(state.eta);
    steps.move(state.step);
    write(play, state.timer ? "Pause" : "Play");
    live.setAttribute("aria-live", state.timer ? "off" : "polite");
    const point = path.points[state.step], slope = path.gradients[state.step];
    const values = { w1: point[0], w2: point[1], E: path.losses[state.step], g1: slope[0],
      g2: slope[1] };
    for (const name of Object.keys(values)) write(fields[name], significant(values[name]));
    write(fields.eta, short(data.etas[state.eta]));
    write(fields.step, state.step + " of " + data.steps);
    write(verdict, "With η = " + short(data.etas[state.eta]) + ": " + path.verdict);
  }

  show();
}

// A frame with its ticks and the names of its axes; returns the layers to draw on.
function frame(svg, panel, across, up) {
  const [left, top, right, bottom] = panel.box;
  const back = add(svg, "g");
  panel.ticks[0].forEach(function (tick) {
    add(svg, "line", { class: "axis", x1: tick[0], x2: tick[0], y1: bottom, y2: bottom + 4 });
    add(svg, "text", { x: tick[0], y: bottom + 17, "text-anchor": "middle" }, tick[1]);
  });
  panel.ticks[1].forEach(function (tick) {
    add(back, "line", { class: "grid", x1: left, x2: right, y1: tick[0], y2: tick[0] });
    add(svg, "line", { class: "axis", x1: left - 4, x2: left, y1: tick[0], y2: tick[0] });
    add(svg, "text", { x: left - 7, y: tick[0] + 4, "text-anchor": "end" }, tick[1]);
  });
  add(svg, "text", { x: (left + right) / 2, y: bottom + 35, "text-anchor": "middle" }, across);
  const middle = (top + bottom) / 2;
  const beside = left - 60;
  add(svg, "text", { x: beside, y: middle, "text-anchor": "middle",
    transform: "rotate(-90 " + beside + " " + middle + ")" }, up);
  add(svg, "rect", { class: "frame", x: left, y: top, width: right - left, height: bottom - top });
  return { back: back, front: add(svg, "g") };
}

// The path so far as a line with dots, what is still to come dashed; squares at its start, a
// diamond at its present point, or an arrow head at the edge of the frame if that lies outside.
function drawPath(layers, path, step) {
  const front = layers.front;
  front.textContent = "";
  add(front, "path", { class: "path ahead", d: path.lines.slice(step).join("") || "M0 0" });
  add(front, "path", { class: "path", d: path.lines.slice(0, step).join("") || "M0 0" });
  path.marks.slice(0, step).forEach(function (mark) {
    if (mark.length === 2) add(front, "circle", { class: "dot", cx: mark[0], cy: mark[1], r: 3 });
  });
  const first = path.marks[0], last = path.marks[step];
  if (first.length === 2) {
    add(front, "rect", { class: "begin", x: first[0] - 5, y: first[1] - 5, width: 10, height: 10 });
  }
  const outside = last.length === 3;
  add(front, "path", {
    class: outside ? "here outside" : "here",
    d: outside ? "M0 0L-13 -7L-13 7Z" : "M0 -7L7 0L0 7L-7 0Z",
    transform: "translate(" + last[0] + " " + last[1] + ")" +
      (outside ? " rotate(" + last[2] + ")" : "")
  });
}
