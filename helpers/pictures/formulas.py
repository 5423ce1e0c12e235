"""Pictures of formulas: a layer's matrix products with their shapes, and a card of the algorithm.

Lengths are inches, counted from the lower left corner of the picture.
"""

from collections.abc import Sequence
from typing import Any

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from helpers.pictures.alt_text import in_words
from helpers.pictures.style import BLACK, BLUE, GREY, STYLE, VERMILLION, WIDTH, Picture, text_colour

# A matrix, as (name, rows, columns), or a sign between matrices.
Factor = tuple[str, int, int] | str

FILLS = {BLUE: "#DCEBF5", VERMILLION: "#FBE6D8"}
MAX_CELL_SIDE = 0.17  # side of a matrix entry
MAX_CELLS = 12  # a side with more entries is drawn without lines between them


def draw_layer_shapes(sizes: Sequence[int], points: int) -> Picture:
    """Draw the matrix products of a network with one hidden layer, true to their shapes.

    sizes: (inputs, hidden units, outputs); points: N, the size of the batch. Rows of the picture:
    forward, backward, gradients. Raises ValueError for other sizes.
    """
    try:
        inputs, hidden, outputs = (int(size) for size in sizes)
    except (TypeError, ValueError):
        raise ValueError(
            f"sizes: expected three numbers (inputs, hidden units, outputs), got {sizes!r:.60}."
        ) from None
    if min(inputs, hidden, outputs, points) < 1:
        raise ValueError(f"sizes, points: expected at least 1 of each, got {sizes!r}, {points!r}.")

    x, a_h, delta_o, delta_h = "x", "a_h", r"\delta_o", r"\delta_h"
    rows: list[tuple[str, str, list[list[Factor]]]] = [
        ("forward", BLUE, [
            [(x, points, inputs), "·", ("W_h", inputs, hidden), "→", ("z_h", points, hidden)],
            [(a_h, points, hidden), "·", ("W_o", hidden, outputs), "→", ("z_o", points, outputs)],
        ]),
        ("backward", VERMILLION, [
            [
                "(", (delta_o, points, outputs), "·", (r"W_o^{\mathsf{T}}", outputs, hidden), ")",
                "⊙", (r"f\,'(z_h)", points, hidden), "→", (delta_h, points, hidden),
            ],
        ]),
        ("gradients", VERMILLION, [
            [
                (r"a_h^{\mathsf{T}}", hidden, points), "·", (delta_o, points, outputs), "/N", "→",
                (r"\partial E/\partial W_o", hidden, outputs),
            ],
            [
                (r"x^{\mathsf{T}}", inputs, points), "·", (delta_h, points, hidden), "/N", "→",
                (r"\partial E/\partial W_h", inputs, hidden),
            ],
        ]),
    ]  # fmt: skip

    largest = max(inputs, hidden, outputs, points)
    cell = min(MAX_CELL_SIDE, 0.9 / largest)
    heights = [
        max(item[1] for product in products for item in product if isinstance(item, tuple)) * cell
        + 0.66
        for _, _, products in rows
    ]
    height = sum(heights) + 0.1
    picture = Picture(WIDTH, height)
    products_in_words = "; ".join(
        " ".join(
            item if isinstance(item, str) else f"{in_words(item[0])} ({item[1]}, {item[2]})"
            for item in product
        )
        for _, _, products in rows
        for product in products
    )
    picture.alt = (
        "Matrix products with their shapes, the matrices drawn as grids of so many rows and "
        f"columns: {products_in_words}."
    )
    with style.context(STYLE):
        panel = picture.add_axes((0, 0, 1, 1))
        panel.set(xlim=(0, WIDTH), ylim=(0, height))
        panel.axis("off")
        top = height - 0.05
        for (name, colour, products), row_height in zip(rows, heights):
            middle = top - row_height / 2
            panel.text(0.15, middle, name, va="center", fontsize=10.5, color=text_colour(colour))
            starts = [1.25, 4.95] if len(products) == 2 else [1.25]
            for start, product in zip(starts, products):
                _draw_product(panel, product, start, middle, cell, colour)
            top -= row_height
    return picture


def _draw_product(
    panel: Axes,
    product: Sequence[Factor],
    left: float,
    middle: float,
    cell: float,
    colour: str,
) -> None:
    """Draw matrices and the signs between them from `left` on; every matrix has a name above and
    its shape below."""
    slot = 0.86  # least room for a matrix, so that names and shapes do not touch
    for item in product:
        if isinstance(item, str):
            room = 0.26 if len(item) == 1 else 0.4
            panel.text(left + room / 2, middle, item, ha="center", va="center", fontsize=15)
            left += room
            continue
        name, rows, columns = item
        width, height = columns * cell, rows * cell
        room = max(slot, width)
        corner = (left + (room - width) / 2, middle - height / 2)
        box: dict[str, Any] = {"edgecolor": colour, "linewidth": 1.4, "facecolor": FILLS[colour]}
        panel.add_patch(Rectangle(corner, width, height, gid=f"{name} {rows}x{columns}", **box))
        if max(rows, columns) <= MAX_CELLS:
            inner: dict[str, Any] = {"color": colour, "linewidth": 0.5}
            for column in range(1, columns):
                at = corner[0] + column * cell
                panel.plot([at, at], [corner[1], corner[1] + height], **inner)
            for row in range(1, rows):
                at = corner[1] + row * cell
                panel.plot([corner[0], corner[0] + width], [at, at], **inner)
        centre = left + room / 2
        panel.text(centre, middle + height / 2 + 0.06, f"${name}$", ha="center", fontsize=12)
        shape: dict[str, Any] = {"ha": "center", "va": "top", "fontsize": 10.5, "color": GREY}
        panel.text(centre, middle - height / 2 - 0.06, f"({rows}, {columns})", **shape)
        left += room


CARD = [
    ("Forward", BLUE, "for each layer, from the first to the last; "
     "keep each $a$, and each $z$ that $f\\,'$ needs", [
        (r"$z^{(\ell)} = a^{(\ell-1)}\, W^{(\ell)} + b^{(\ell)}$", "(N, units)",
         "with the inputs for $a^{(-1)}$"),
        (r"$a^{(\ell)} = f(z^{(\ell)})$", "(N, units)", "element by element"),
    ]),
    ("Backward", VERMILLION, "for each layer, from the last to the first", [
        (r"$\delta^{(L-1)} = (a^{(L-1)} - t) \odot f\,'(z^{(L-1)})$", "(N, out)",
         "error times $f\\,'$"),
        (r"$\delta^{(\ell)} = (\delta^{(\ell+1)}\, W^{(\ell+1)\mathsf{T}}) \odot f\,'(z^{(\ell)})$",
         "(N, units)", "what comes back, times $f\\,'$"),
        (r"$\partial E/\partial W^{(\ell)} = a^{(\ell-1)\mathsf{T}}\, \delta^{(\ell)}\, /\, N$",
         r"like $W^{(\ell)}$", "activation before, times delta"),
        (r"$\partial E/\partial b^{(\ell)} = \Sigma_n\, \delta_n^{(\ell)}\, /\, N$",
         r"like $b^{(\ell)}$", "average of the deltas"),
    ]),
    ("Update", BLACK, "when all gradients are known", [
        (r"$W^{(\ell)} \leftarrow W^{(\ell)} - \eta\; \partial E/\partial W^{(\ell)}$", "", ""),
        (r"$b^{(\ell)} \leftarrow b^{(\ell)} - \eta\; \partial E/\partial b^{(\ell)}$", "", ""),
    ]),
]  # fmt: skip


def draw_formula_card() -> Picture:
    """Draw one step of gradient descent for any depth on one card, a page to print.

    The formulas are those of half the squared error; L is the number of layers of weights, N the
    number of points in the batch.
    """
    line, heading = 0.33, 0.42
    height = 0.75 + sum(heading + line * len(lines) for _, _, _, lines in CARD) + 0.35
    picture = Picture(WIDTH, height)
    passes = " ".join(
        f"{name}, {in_words(when)}: {'; '.join(in_words(line[0]) for line in lines)}."
        for name, _, when, lines in CARD
    )
    picture.alt = f"A card with one step of gradient descent for any depth. {passes}"
    with style.context(STYLE):
        panel = picture.add_axes((0, 0, 1, 1))
        panel.set(xlim=(0, WIDTH), ylim=(0, height))
        panel.axis("off")
        frame = Rectangle((0.1, 0.1), WIDTH - 0.2, height - 0.2, fill=False, linewidth=1.5)
        panel.add_patch(frame)
        panel.text(
            0.35, height - 0.45, "Backpropagation: one step of gradient descent", fontsize=14
        )
        y = height - 0.85
        for name, colour, when, lines in CARD:
            shade = text_colour(colour)
            panel.text(0.35, y, name, fontsize=12, color=shade, fontweight="bold")
            panel.text(1.45, y, when, fontsize=10.5, color=GREY)
            side = Rectangle((0.35, y - line * len(lines) - 0.08), 0.05, line * len(lines))
            side.set(facecolor=colour, edgecolor="none")
            panel.add_patch(side)
            for formula, shape, words in lines:
                y -= line
                panel.text(0.6, y, formula, fontsize=12)
                panel.text(4.85, y, shape, fontsize=10.5, color=GREY)
                panel.text(5.95, y, words, fontsize=10.5)
            y -= heading
        panel.text(
            0.35,
            0.25,
            r"$\odot$ element by element;  "
            r"$E = \frac{1}{2N} \Sigma_n \Sigma_k (t_{nk} - a_{nk})^2$;"
            "  layers $\\ell = 0, …, L-1$;  $N$ points in the batch",
            fontsize=10.5,
            color=GREY,
        )
    return picture
