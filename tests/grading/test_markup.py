"""What students write becomes HTML that runs nothing and is drawn in a moment."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell

from helpers.asking.record import MIME_TYPE
from helpers.grading.pages import markup


@pytest.mark.parametrize("name", [r"\operatorname", r"\xrightarrow", r"\frac{1}", r"\left( x^"])
def test_a_formula_that_takes_long_to_draw_stays_text(name):
    latex = f"{name}{{" * 12 + "x" + "}" * 12
    assert markup.formula(latex, True).startswith("<code>")


def test_where_time_cannot_be_limited_only_flat_formulas_are_drawn(monkeypatch):
    monkeypatch.setattr(markup, "_can_limit_time", lambda: False)
    assert markup.formula(r"\frac{p}{q_{1}}", True).startswith("<img")
    assert markup.formula(r"\sqrt{" * 5 + "p" + "}" * 5, True).startswith("<code>")


def test_when_its_time_is_over_a_page_goes_on_as_plain_text():
    room = markup.Room(seconds=0)
    assert "<span" in markup.code("x = 1")
    assert "<span" not in markup.code("x = 1", room) and "x = 1" in markup.code("x = 1", room)
    assert not room.take("x")


def test_a_long_cell_of_a_student_is_not_coloured():
    assert "<span" not in markup.code("\n " * markup.MAX_COLOURED_LENGTH, markup.Room())


def test_outputs_for_formgrader_run_nothing():
    bad = '" onerror=alert(1) x="'
    data = {
        "text/plain": "x", "text/html": "<script>a</script><b>x</b>", MIME_TYPE: {"a": 1},
        "text/markdown": "<img src=x onerror=a>", "text/x-other": "x", "image/png": "QUJD",
        "image/jpeg": bad, "application/javascript": "x", "text/latex": r"\href{javascript:a}{x}",
        "image/svg+xml": "<svg onload=a>",
    }  # fmt: skip
    metadata = {
        "width": bad, "image/png": {"width": bad, "height": 10, "alt": bad, "unconfined": True},
        "filenames": {"image/png": "https://example.org"},
    }  # fmt: skip
    cell = new_code_cell("x", outputs=[new_output("display_data", data, metadata=metadata)])
    markup.safe_outputs(cell)
    (output,) = cell.outputs
    assert set(output.data) == {"text/plain", "text/html", "image/png", MIME_TYPE}
    assert "script" not in output.data["text/html"]
    assert set(output.metadata) == {"image/png"}
    assert output.metadata["image/png"]["height"] == 10
    assert not set('<>"') & set(output.metadata["image/png"]["alt"])


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](java&#115;cript:alert(1))",
        "[x][1]\n\n[1]: javascript:alert(1)",
        r"$\href{javascript:alert(1)}{x}$",
        "```\n\n<script>alert(1)</script>\n\n[x](javascript:alert(1))\n```",
    ],
)
def test_texts_for_formgrader_run_nothing(text):
    ours, theirs = new_markdown_cell(text, id="given"), new_markdown_cell(text, id="extra-1")
    raw = new_raw_cell(text, id="extra-2")
    markup.safe_texts(new_notebook(cells=[ours, theirs, raw]))
    assert ours.source == text
    for cell in (theirs, raw):
        assert cell.cell_type == "markdown" and "\n" not in cell.source
        assert cell.source.startswith(f'<div class="{markup.WITHOUT_FORMULAS}">')
        assert markup.clean(cell.source) == cell.source.replace(
            f' class="{markup.WITHOUT_FORMULAS}"', ""
        ).replace("&#10;", "\n")


def test_harmless_texts_for_formgrader_stay():
    text = "The size is $W_{ij} < 1$, see [this](https://example.org/a) and [0, 1]."
    cell = new_markdown_cell(text, id="extra-1")
    markup.safe_texts(new_notebook(cells=[cell]))
    assert cell.source == text
