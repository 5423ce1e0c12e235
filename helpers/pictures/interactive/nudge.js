// A nudge: each quantity before and after it, and the quotients of neighbouring changes.

function build(root, data) {
  const controls = add(root, "div", { class: "controls" });
  const nudges = slider(controls, "nudge Δ" + data.names[0], data.nudges.length - 1, data.first,
    function (index) { return data.nudges[index]; }, show);
  write(controls.querySelector("span"), "nudge Δ" + data.names[0]);

  const svg = add(root, "svg", {
    viewBox: "0 0 " + data.size.join(" "), role: "img",
    "aria-label": "From left to right each quantity before and after the nudge, with its change; " +
      "between them the quotients of the changes. The result stands below as text."
  });
  const [top, width, height, row] = data.box;
  const [margin, quotientAt, productAt] = data.at;
  const middle = top + height / 2;
  const boxes = data.lefts.map(function (left, n) {
    add(svg, "rect", { class: "card", x: left, y: top, width: width, height: height, rx: 7 });
    const centre = { x: left + width / 2, "text-anchor": "middle" };
    add(svg, "text", Object.assign({ class: "name", y: top + 20 }, centre), data.names[n]);
    return [1, 2, 3].map(function (k) {
      const change = k === 3 ? "changed" : "";
      return add(svg, "text", Object.assign({ class: change, y: top + 20 + row * k }, centre), " ");
    });
  });
  const quotients = data.quotients.map(function (name, n) {
    const start = data.lefts[n] + width, end = data.lefts[n + 1];
    add(svg, "path", { class: "arrow", d: "M" + start + " " + middle + "L" + (end - 9) + " " + middle });
    add(svg, "path", { class: "tip",
      d: "M" + (end - 1) + " " + middle + "l-10 -5v10Z" });
    const between = { x: (start + end) / 2, "text-anchor": "middle" };
    add(svg, "text", Object.assign({ y: quotientAt }, between), name);
    return add(svg, "text",
      Object.assign({ class: "changed", y: quotientAt + row }, between), " ");
  });
  const product = add(svg, "text", { x: margin, y: productAt }, " ");
  const whole = add(svg, "text", { x: margin, y: productAt + row + 4 }, " ");
  const said = add(root, "p", { class: "quiet", "aria-live": "polite" });

  function show(index) {
    const texts = data.texts[index];
    nudges.move(index);
    boxes.forEach(function (rows, n) {
      rows.forEach(function (text, k) { write(text, texts.rows[n][k]); });
    });
    quotients.forEach(function (text, n) { write(text, texts.quotients[n]); });
    write(product, texts.product);
    write(whole, texts.whole);
    const last = texts.rows[texts.rows.length - 1];
    write(said, "With a nudge of " + data.nudges[index] + ", the loss: " + last.join(", ") + ".");
  }

  show(data.first);
}
