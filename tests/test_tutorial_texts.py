"""What the tutorial says to students: nothing before it is explained, and nothing too long."""

import re
from pathlib import Path

import nbformat
import pytest

from helpers import when_answered
from helpers.course import named_changes, tutorial_step

TUTORIAL = Path(__file__).parents[1] / "notebooks" / "tutorial"
LONGEST = 25  # lines of code that a screen shows beside the text around it


def cells(number):
    (path,) = TUTORIAL.glob(f"problem_{number}_*.ipynb")
    return nbformat.read(path, as_version=nbformat.NO_CONVERT).cells


def text(number):
    return "\n".join(cell.source for cell in cells(number))


def test_problem_1_says_what_the_suffixes_of_layers_are_before_it_uses_them():
    explained = text(1).index("the suffixes $h$ and $o$ name layers")
    used = [match.start() for match in re.finditer(r"(?<=[\w}])_[ho]\b", text(1))]
    assert used and explained < min(used)


@pytest.mark.parametrize("number", [1, 2])
def test_slope_is_introduced_as_the_hints_word_for_a_derivative(number):
    """The text itself says derivative; hints of checks also say slope."""
    assert text(number).count("slope") == 1
    assert re.search(r"derivative[^.]*, also called its \*slope\*", text(number))


def test_problem_3_explains_how_a_dictionary_is_copied_before_its_code_does_it():
    copying = [cell for cell in cells(3) if "{**params, name: value}" in cell.source]
    assert [cell.cell_type for cell in copying] == ["markdown", "code"]


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_given_cell_that_is_to_be_read_fits_on_a_screen(number):
    for cell in cells(number):
        folded = cell.metadata.get("jupyter", {}).get("source_hidden", False)
        if cell.cell_type == "code" and not folded:
            assert cell.source.count("\n") < LONGEST, cell.source


RIGHT = dict(guess_most="w_h12", guess_way="up", guess_still=[])


@pytest.mark.parametrize(
    "guesses, answer",
    [
        (dict(), "You expect that w_h12 moves most, up. Not at all: none."),
        (dict(guess_still=["b_o", "b_h1"]), "Not at all: b_o, b_h1."),
        (dict(guess_still="b_o"), "Not at all: b_o."),
        (dict(guess_most="w_o1"), "'w_o1' is none of the nine, which are w_h11, w_h12,"),
        (dict(guess_still=["b_o", "w_o12"]), "'w_o12' is none of the nine"),
        (dict(guess_still=[0.4]), "0.4 is none of the nine"),  # without the quotes
        (dict(guess_still=None), "None is none of the nine"),
        (dict(guess_way="upp"), 'guess_way is "up" or "down", in quotes, and not \'upp\'.'),
        (dict(guess_most=...), "This appears when the answers it uses are given"),
        (dict(guess_still=[...]), "This appears when the answers it uses are given"),
    ],
)
@pytest.mark.parametrize("hidden", ["sigmoid", "relu"])
def test_a_prediction_is_said_again_or_what_is_expected_instead(hidden, guesses, answer, capsys):
    """A name or a direction that does not exist is named, and nothing stops."""
    namespace = {
        "named_changes": named_changes,
        "step": tutorial_step("sigmoid"),
        "when_answered": when_answered,
        **RIGHT,
        **guesses,
    }
    repeating = [cell.source for cell in cells(2) if "print(in_words(" in cell.source]
    assert len(repeating) == 2
    exec(repeating[0], namespace)  # it defines what the second one uses
    if hidden == "relu":
        capsys.readouterr()
        exec(repeating[1], namespace)
    assert answer in capsys.readouterr().out
