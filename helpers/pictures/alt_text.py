"""What pictures say in words, for those who hear them: mathtext as plain text, lists of things."""

import re
from collections.abc import Sequence

_PLAIN = (
    (r"^{\mathsf{T}}", " transposed"), (r"\mathsf{T}", " transposed"), (r"f\,'", "f′"),
    (r"\frac{1}{2}", "½"), (r"\sqrt[3]{\varepsilon}", "cube root of ε"),
    (r"\sqrt{\varepsilon}", "square root of ε"), (r"\leftarrow", "←"), (r"\rightarrow", "→"),
    (r"\partial ", "∂"), (r"\partial", "∂"), (r"\delta", "δ"), (r"\Delta", "Δ"), (r"\Sigma", "Σ"),
    (r"\lambda", "λ"), (r"\varepsilon", "ε"), (r"\cdot", "·"),
    (r"\odot", "⊙"), (r"\sigma", "σ"), (r"\eta", "η"), (r"\ell", "l"), (r"\mathrm", ""),
    (r"\,", " "), (r"\;", " "), ("\\ ", " "), ("{,}", ""), ("$", ""),
)  # fmt: skip


def in_words(mathtext: str) -> str:
    r"""Mathtext such as r"$\delta_{h{,}1}$" as plain text, which can be read aloud: "δ h1"."""
    for tex, plain in _PLAIN:
        mathtext = mathtext.replace(tex, plain)
    # x_1 is read as "x1", and w_{h,11} as "w h11".
    mathtext = re.sub(r"_\{?(?=\d)", "", mathtext)
    # What has no sign of its own here is read by its name.
    mathtext = re.sub(r"\\([A-Za-z]+)", r" \1 ", mathtext)
    return " ".join(re.sub(r"[{}\\]", "", re.sub(r"[\^_]\{?", " ", mathtext)).split())


def listed(things: Sequence[str]) -> str:
    """Things as a list in a sentence: "a", "a and b", "a, b and c"."""
    *others, last = things
    return f"{', '.join(others)} and {last}" if others else last
