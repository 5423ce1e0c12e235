"""Mathtext becomes words that can be read aloud."""

import pytest

from helpers.pictures.alt_text import in_words, listed


@pytest.mark.parametrize(
    ("mathtext", "words"),
    [
        (r"$\delta_{h{,}1}$ = 0.5", "δ h1 = 0.5"),
        ("w_{13}", "w13"),
        ("x_i", "x i"),
        (r"\partial E/\partial w_{o{,}11}", "∂E/∂w o11"),
        (r"\delta_1\,\Delta z_1 = 0.001", "δ1 Δ z1 = 0.001"),
        (r"$\sqrt[3]{\varepsilon}$", "cube root of ε"),
        (r"$W^{(\ell)}$", "W (l)"),
        (r"\unknown{x}", "unknown x"),
        ("plain", "plain"),
    ],
)
def test_mathtext_is_read_without_its_signs(mathtext, words):
    assert in_words(mathtext) == words


def test_lists_read_as_in_a_sentence():
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
