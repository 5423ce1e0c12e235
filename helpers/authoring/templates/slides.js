// What is revealed step by step: the parts of a block, the lines of its code. What stands first is
// there from the beginning.
for (const block of document.querySelectorAll(".block.in-steps")) {
  const code = block.querySelector(".code pre");
  if (code) {
    code.innerHTML = code.innerHTML
      .split("\n")
      .map((line) => (line.trim() ? `<span class="line">${line}</span>` : line))
      .join("\n");
  }
  const parts = code
    ? [...code.querySelectorAll(".line")].slice(1)
    : [...block.children].flatMap((part) =>
        part.matches("ul, ol") ? [...part.children] : [part],
      );
  if (!code && !block.previousElementSibling) parts.shift();
  for (const part of parts) part.classList.add("fragment");
}

// Magnify interactive pictures so that they fill the room which a slide has for them.
const resized = new ResizeObserver((entries) => {
  for (const room of new Set(entries.map((entry) => entry.target.closest(".room")))) {
    const picture = room.firstElementChild;
    const scale = Math.min(
      room.clientWidth / picture.scrollWidth,
      room.clientHeight / picture.scrollHeight,
    );
    picture.style.left = `${(room.clientWidth - scale * picture.scrollWidth) / 2}px`;
    picture.style.transform = `scale(${scale})`;
  }
});
for (const picture of document.querySelectorAll(".magnified")) {
  resized.observe(picture);
  resized.observe(picture.parentElement);
}

// An interactive picture keeps the keys that its controls use. A presenter's clicker sends others,
// which turn the page whatever has the focus.
const TURN = { PageUp: "prev", PageDown: "next" };
document.addEventListener(
  "keydown",
  (event) => {
    if (event.key in TURN && event.target.closest(".room")) {
      event.target.blur();
      event.preventDefault();
      event.stopPropagation();
      Reveal[TURN[event.key]]();
    }
  },
  { capture: true },
);

Reveal.initialize({
  width: 1280,
  height: 720,
  margin: 0,
  center: false,
  transition: "none",
  hash: true,
  pdfSeparateFragments: false,
  slideNumber: "c/t",
  defaultTiming: 0, // the speaker's view compares the time with each slide's own data-timing
  plugins: [RevealNotes],
});
