"""What every slide is held to, looked at in a browser."""

# Pixels: the smallest letters on a slide, in a picture, and in formulas, whose indices are smaller
# still.
SMALLEST = {"text": 18, "picture": 16, "formula": 24}
FAULTS = r"""
(smallest) => {
  const faults = [];
  const slide = Reveal.getCurrentSlide().querySelector(".slide");
  const frame = slide.getBoundingClientRect();
  if (frame.width !== 1280 || frame.height !== 720) faults.push("the slide is not 1280 × 720");

  const body = slide.querySelector(".body");
  if (!body.children.length) faults.push("nothing but a heading");
  const high = body.scrollHeight - body.clientHeight;
  if (high > 1) faults.push(`${high} px too high`);
  let wide = 0, outside = 0;
  for (const element of slide.querySelectorAll("*")) {
    if (element.ownerSVGElement || !element.checkVisibility()) continue;
    const box = element.getBoundingClientRect();
    outside = Math.max(outside, frame.left - box.left, box.right - frame.right, frame.top - box.top,
                       box.bottom - frame.bottom);
    if (element.clientWidth && !element.closest("svg")) {
      wide = Math.max(wide, element.scrollWidth - element.clientWidth);
    }
  }
  if (wide > 1) faults.push(`${wide} px too wide`);
  if (outside > 1 && high <= 1) faults.push(`${Math.round(outside)} px over the slide's edge`);

  // How much larger an element is drawn than its styles say.
  const magnified = (element) => {
    if (element.ownerSVGElement) {
      const to = element.getScreenCTM();
      return Math.hypot(to.a, to.b);
    }
    const whole = element.closest(".magnified");
    return whole ? whole.getBoundingClientRect().width / whole.offsetWidth : 1;
  };
  const texts = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT);
  let least = Infinity, where;
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    // An index counts as what it belongs to.
    const element = text.parentElement.closest("text, :not(sub, sup, tspan)");
    if (!text.data.trim() || !element.checkVisibility()) continue;
    const size = parseFloat(getComputedStyle(element).fontSize) * magnified(element);
    const wanted = element.closest(".magnified") ? smallest.picture : smallest.text;
    if (size < wanted && size < least) [least, where] = [size, text.data.trim()];
  }
  if (where) faults.push(`text of ${least.toFixed(1)} px: ${where.slice(0, 40)}`);

  for (const picture of slide.querySelectorAll("img")) {
    if (!picture.naturalWidth) { faults.push("a picture is missing"); continue; }
    const drawn = Math.min(picture.clientWidth / picture.naturalWidth,
                           picture.clientHeight / picture.naturalHeight);
    const height = Math.round(drawn * picture.naturalHeight);
    if (picture.matches(".room > img") && height < 250 && drawn * picture.naturalWidth < 1100) {
      faults.push(`a picture only ${height} px high`);
    }
    // The letters of a picture, as a share of its width, stand beside it.
    const letters = picture.dataset.letters * drawn * picture.naturalWidth;
    if (letters < smallest.picture - 0.05) {
      faults.push(`letters of ${letters.toFixed(1)} px in a picture`);
    }
    if (picture.matches(".room > img") && !(picture.alt.length > 40)) {
      faults.push("a picture that is not said in words");
    }
    if (picture.matches(".math")) {
      // A formula shrinks to the width that there is: a little is not seen.
      const em = parseFloat(getComputedStyle(picture).fontSize);
      const wanted = parseFloat(picture.style.width) * Math.min(em, smallest.formula);
      const over = Math.round(wanted - picture.clientWidth);
      if (over > 2) faults.push(`a formula ${over} px too wide`);
    }
  }
  for (const element of slide.parentElement.querySelectorAll(".block, .title, .notes")) {
    const copy = element.cloneNode(true);
    for (const code of copy.querySelectorAll("pre, script, style, .magnified")) code.remove();
    const raw = copy.textContent.match(/.{0,20}(\$|\\[A-Za-z]).{0,20}/);
    if (raw) faults.push(`a formula that is not drawn: ${raw[0].trim()}`);
  }
  const notes = slide.parentElement.querySelector(".notes").children;
  if (notes.length < 2 || !notes[1].textContent.trim()) faults.push("no notes");
  return faults;
}
"""


def faults(tab):
    """Sentences on what is wrong with the slides in `tab`, each with the number of its slide."""
    found = []
    for number in range(tab.evaluate("Reveal.getTotalSlides()")):
        tab.evaluate("number => Reveal.slide(number)", number)
        # Interactive pictures are magnified between two frames.
        tab.evaluate("() => new Promise(done => setTimeout(() => requestAnimationFrame(done), 50))")
        title = tab.evaluate(
            "() => Reveal.getCurrentSlide().querySelector('.title')?.innerText ?? ''"
        )
        found += [
            f"slide {number + 1}, {title!r}: {fault}" for fault in tab.evaluate(FAULTS, SMALLEST)
        ]
    return found
