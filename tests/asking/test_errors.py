"""What beginners' errors mean, in a sentence behind the raw text."""

import linecache
import re

import numpy as np
import pytest
import sympy

from helpers.asking import _attempt
from helpers.asking.errors import IN_OTHER_WORDS, in_words, what_it_means

GIVEN = {
    **{"np": np, "a_k": sympy.Symbol("a_k"), "array": np.ones(3), "number": np.float64(2)},
    **{
        "word": "relu",
        "row": [1.0, 2.0],
        "pair": (1.0, 2.0),
        "params": {"W_h": np.ones(2)},
        "math": __import__("math"),
    },
    **{"nothing": None, "open_answer": ...},
}
MULTIPLIED, LIST = "a * missing between the two", "np.array([…]) makes an array of a list"
# Lines of code, and what is said of the error in each.
SAID = [
    ("a_k(1 - a_k)", MULTIPLIED),
    ("(1 - a_k)(a_k)", MULTIPLIED),
    ("(2 * a_k)(1 - a_k)", MULTIPLIED),
    ("(a_k**2)(1 - a_k)", MULTIPLIED),
    ("number(1 - number)", MULTIPLIED),
    ("array(1 - array)", MULTIPLIED),
    ("(1.5)(2)", "has a function's name been given a number?"),
    ("params('W_h')", "taken out with [ ]"),
    ("2a_k", "two factors Python needs a *"),
    ("(a_k - a_k 2)", "two factors Python needs a *"),
    ("dE/da = 3", "the left of = stands one name"),
    ("a_k − 1", "minus is -"),
    ("array ^ 2", "a power is written with **"),
    ("2.0 ^ 2", "a power is written with **"),
    ("open_answer * 2", "an answer that is still open"),
    ("nothing * 2", "does a function lack its return?"),
    ("first, second = nothing", "does a function lack its return?"),
    ("np.exp * array", "not called: are the brackets missing?"),
    ("2 * array.mean", "not called: are the brackets missing?"),
    ("0.5 * params", "as in params[name]"),
    ("array + '1'", "text and no number"),
    ("1 - '1'", "text and no number"),
    ("row - 1.0", LIST),
    ("row * 1.0", LIST),
    ("row.mean()", LIST),
    ("row**3", LIST),
    ("row * row", LIST),
    ("1 - (0,5)", "a decimal comma makes one: write 0.12, not 0,12"),
    ("0.5 * pair", "If it is a tuple: a decimal comma makes one"),
    ("slope = 0,09", "write 0.09, not 0,09"),
    ("[0.5, -0,08]", "write 0.08, not 0,08"),
    ("[0,5,0,09]", "a decimal comma parts two numbers"),
    ("1 + 10,077,696", "numbers are written without commas: 10077696"),
    ("5,077", "write 5.077 or 5077, not 5,077"),
    ("007", "write 7, not 07"),
    ("'tanh' if word == relu else 0", 'text needs quotes: "relu"'),
    ("0 if tanh != word else 1", 'text needs quotes: "tanh"'),
    ("dict(activation=tanh)", 'text needs quotes: "tanh"'),
    ("number == relu", "is it spelt right"),
    ("pair.T", "take out the one that is meant"),
    ("pair['z_h']", "a dict is asked by a name"),
    ("array['z_h']", "a dict is asked by a name"),
    ("range(len(array) / 2)", "// divides to one"),
    ("array[3]", "Python counts from 0"),
    ("row[2]", "Python counts from 0"),
    ("array[0, 1]", "fewer axes than there are indices"),
    ("z_h, a_h = array", "as many names as values"),
    ("np.max(0, array)", "Element by element, the larger of two is np.maximum"),
    ("max(0, array)", "np.maximum or np.where"),
    ("math.exp(array)", "Those of NumPy, such as np.exp"),
    ("np.zeros(2, 3)", "np.zeros((2, 3))"),
    ("np.array([array, row])", "of different shapes were taken for one"),
    ("array @ 2.0", "that is multiplied with *"),
    ("array -= np.ones((2, 3))", "has another shape than the array itself"),
    ("np.exp(a_k)", "for symbols take SymPy's"),
    ("math.exp(a_k)", "for symbols take SymPy's"),
    ("np.dot(np.ones((5, 2)), np.ones((4, 2)))", "here they are 2 and 4"),
    ("np.ones((5, 2)) @ np.ones((4, 2))", "here they are 2 and 4"),
    ("array * np.ones(2)", "their shapes are (3,) and (2,)"),
    ("params['dW_h']", "the dict has no such key"),
    ("a_K", "`a_K` has no value here, and `a_k` has one: is that meant?"),
    ("parmas", "and `params` has one: is that meant?"),
    ("tanh(array)", "NumPy's function is called `np.tanh`"),
    ("unheard_of", "is it spelt right, and has the cell that gives it been run?"),
]
# Of TensorFlow, as it says them, and errors that a line cannot make.
BY_THEIR_TEXT = [
    (AttributeError("'numpy.float32' object has no attribute '_id'"), "E is a number of NumPy's"),
    (AttributeError("'list' object has no attribute '_id'"), "is on no tape"),
    (AttributeError("EagerTensor object has no attribute 'T'. If you are"), "tf.transpose"),
    (
        RuntimeError(
            "cannot compute Sub as input #1(zero-based) was expected to be a double tensor but is "
            "a float tensor [Op:Sub] name: "
        ),
        '.astype("float32")',
    ),
    (RecursionError("maximum recursion depth exceeded"), "a function calls itself"),
    (UnboundLocalError("cannot access local variable 'x'"), "has it for itself"),
]


def error_in(line):
    """What a line stops with; its text is kept, since a traceback quotes it from there."""
    linecache.cache["a line"] = (len(line), None, [line], "a line")
    try:
        exec(compile(line, "a line", "exec"), dict(GIVEN))
    except Exception as error:
        return error
    raise AssertionError(line)


@pytest.mark.filterwarnings("ignore:.*perhaps you missed a comma:SyntaxWarning")
@pytest.mark.parametrize(("line", "words"), SAID)
def test_an_error_of_a_beginner_has_a_sentence_on_what_it_means(line, words):
    assert words in in_words(error_in(line), GIVEN)


@pytest.mark.parametrize(("error", "words"), BY_THEIR_TEXT)
def test_an_error_is_known_by_its_text(error, words):
    assert words in what_it_means(error)


@pytest.mark.filterwarnings("ignore:.*perhaps you missed a comma:SyntaxWarning")
def test_every_sentence_is_tried():
    errors = [error_in(line) for line, _ in SAID] + [error for error, _ in BY_THEIR_TEXT]
    said = {what_it_means(error, GIVEN) for error in errors}
    assert set(IN_OTHER_WORDS.values()) <= said


@pytest.mark.parametrize("text", ["(a_k - 1", "5 / 0", "array.relu()", "raise KeyError('tanh')"])
def test_of_an_error_that_says_enough_nothing_is_said(text):
    assert what_it_means(error_in(text), GIVEN) == ""


@pytest.mark.parametrize(
    ("missing", "there"),
    [("delta_h", "delta_o"), ("dW_h", "W_h"), ("dW_h", "db_h"), ("a_o", "a_h")],
)
def test_the_name_of_another_quantity_is_not_taken_for_a_misspelt_one(missing, there):
    said = what_it_means(error_in(missing), [there])
    assert there not in re.findall(r"`(\w+)`", said)


@pytest.mark.parametrize("name", ["A", "b", "relu"])
def test_an_answer_of_a_question_needs_quotes(name):
    said = what_it_means(error_in(f"answer = {name}"), GIVEN, ["A", "B", "relu"])
    assert said.endswith(f'needs quotes: "{name}"')
    assert "quotes" not in what_it_means(error_in("answer = D"), GIVEN, ["A", "B", "relu"])


@pytest.mark.parametrize(("quoted", "told"), [("hidden", True), ("hiden", False)])
def test_a_name_in_quotes_is_told_where_keras_looks_for_an_activation(quoted, told):
    def build_model(hidden):
        raise ValueError(f"Could not interpret {hidden and 'activation'} identifier: {quoted}")

    assert ("without quotes" in _attempt(lambda: build_model("tanh")).reason) == told


def test_a_function_that_stops_at_a_name_looks_at_its_own_names_too():
    def forward(weighted_input):
        return weihgted_input  # noqa: F821

    assert "`weighted_input` has one: is that meant?" in _attempt(lambda: forward(1)).reason
