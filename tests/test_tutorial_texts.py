"""What the tutorial says to students: nothing before it is explained, and nothing too long."""

import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
import sympy

from helpers import all_right, when_answered
from helpers.course import named_changes, tutorial_step
from helpers.marking.questions import NOTEBOOKS, questions_of, title_of

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


@pytest.mark.parametrize(
    "along, printed", [("rows", "these are your sums"), ("columns", "both sums")]
)
def test_problem_1_says_which_product_has_the_sums_only_of_right_ones(along, printed, capsys):
    """Sums down the columns of W_o are those of the product that is not asked for."""
    (given,) = (cell.source for cell in cells(1) if "def matrix_form(" in cell.source)
    names = "delta_k delta_l w_jk w_jl w_mk w_ml"
    delta_k, delta_l, w_jk, w_jl, w_mk, w_ml = sympy.symbols(names)
    W_o = sympy.Matrix([[w_jk, w_jl], [w_mk, w_ml]])
    back_j, back_m = (W_o if along == "rows" else W_o.T) * sympy.Matrix([delta_k, delta_l])
    namespace = dict(zip(names.split(), (delta_k, delta_l, w_jk, w_jl, w_mk, w_ml)))
    namespace |= dict(back_j=back_j, back_m=back_m, Matrix=sympy.Matrix)
    exec(given, namespace | dict(all_right=all_right, when_answered=when_answered))
    said = capsys.readouterr().out
    assert printed in said and ("delta_o · W_o.T" in said) == (along == "rows")


def test_problem_2_says_what_a_guess_can_go_by_before_it_asks_for_one():
    said = [text(2).index(words) for words in ("has the sign of $a_o - t$", "guess_most = ...")]
    assert said == sorted(said)


def test_problem_2_writes_a_weighted_input_out_before_one_is_asked_for():
    assert text(2).index("z_{h,1} = x_1 w_{h,11} + x_2 w_{h,21}") < text(2).index("z_h = ...  #")


def test_problem_3_explains_how_a_dictionary_is_copied_before_its_code_does_it():
    copying = [cell for cell in cells(3) if "{**params, name: value}" in cell.source]
    assert [cell.cell_type for cell in copying] == ["markdown", "code"]


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_given_cell_that_is_to_be_read_fits_on_a_screen(number):
    for cell in cells(number):
        folded = cell.metadata.get("jupyter", {}).get("source_hidden", False)
        if cell.cell_type == "code" and not folded:
            assert cell.source.count("\n") < LONGEST, cell.source


@pytest.mark.parametrize("number, at_most", [(1, 1), (2, 1), (3, 2), (4, 2)])
def test_a_section_asks_about_one_thing(number, at_most):
    """Below one heading stands one check, or two where a program's parts belong together."""
    sections = re.split(r"^###? ", text(number), flags=re.MULTILINE)[1:]
    for section in sections:
        assert len(re.findall(r'^check\(\s*"', section, re.MULTILINE)) <= at_most, section[:60]


def test_sections_keep_their_numbers_when_one_is_divided():
    """Hints send students to numbered sections, so its parts are below it, without numbers."""
    for number in range(1, 5):
        headings = re.findall(r"^## (.*)", text(number), re.MULTILINE)
        numbered = [k for k, heading in enumerate(headings) if re.match(r"\d+\. ", heading)]
        assert numbered == [*range(numbered[0], numbered[-1] + 1)]  # no heading in between
        numbers = [headings[k].split(".")[0] for k in numbered]
        assert numbers == [str(n + 1) for n in range(len(numbers))]
    (check,) = re.findall(r"^## 6\. .*?(?=^## 7\. )", text(3), re.MULTILINE | re.DOTALL)
    assert check.index("### Is your backward pass right?") < check.index("### The bug hunt")


def test_the_last_cell_of_problem_3_saves_the_functions_as_problem_4_says():
    last = [cell.source for cell in cells(3) if cell.cell_type == "code"][-1]
    assert "save_functions()" in last and "run the last code cell" in text(3)
    assert "The last code cell of Problem 3 saved your functions" in text(4)


def test_problem_2_says_what_dW_h_is_before_an_answer_is_asked_for():
    said = text(2).index("`dW_h` stands for")
    assert said < text(2).index("dW_h=dW_h")
    assert "`dW_o` and `W_o_new` are plain lists: `[0.1, 0.2]`" in text(2)


def test_problem_2_says_what_waits_for_answers_before_a_cell_does():
    said = text(2).index("Cells marked `@when_answered` only show something")
    assert said < text(2).index("@when_answered\n")


@pytest.mark.parametrize("hidden", ["tanh", "relu"])
def test_the_given_output_unit_serves_the_old_weights_and_the_new_ones(hidden):
    """Nothing in it is the old network's: with new weights it gives the new loss."""
    (given,) = (cell.source for cell in cells(2) if "def output_unit(" in cell.source)
    step = tutorial_step(hidden)
    namespace = {"exp": np.exp, "t": step.t.item()}
    exec(given, namespace)
    output_unit = namespace["output_unit"]
    old = output_unit(step["a_h"][0], step["W_o"].ravel(), step["b_o"].item())
    np.testing.assert_allclose(old, [step[name].item() for name in ("z_o", "a_o", "E")])
    z_h_new = step["x"] @ step["W_h_new"] + step["b_h_new"]
    a_h_new = np.tanh(z_h_new) if hidden == "tanh" else np.maximum(z_h_new, 0)
    new = output_unit(a_h_new[0], step["W_o_new"].ravel(), step["b_o_new"].item())
    np.testing.assert_allclose(new[2], step["E_new"])


def test_a_title_writes_relu_as_the_text_does():
    assert title_of("p2.relu.forward") == "ReLU, forward"
    titles = [title_of(question) for name in NOTEBOOKS.values() for question in questions_of(name)]
    assert not [title for title in titles if re.search(r"relu|Relu", title)]


def test_the_hints_of_what_was_hardest_do_not_hand_it_over():
    """For the learning rate and the bug hunt: a place to look, and no formula."""
    (rate,) = (cell.source for cell in cells(4) if "which learning rate makes Keras" in cell.source)
    (hunt,) = (cell.source for cell in cells(3) if "Each error you fix is worth" in cell.source)
    for source in (rate, hunt):
        (hint,) = re.findall(r"<summary>Hint</summary>(.*?)</details>", source, re.DOTALL)
        assert not re.search(r"\\frac|K / 2|mean|\.T\b|=", hint), hint


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
