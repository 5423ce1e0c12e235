"""Errors that beginners meet, each with one plain sentence on what it means.

Python, NumPy, SymPy and TensorFlow say what they could not do. The sentence says what was meant
instead, most likely, and stands behind the raw text, where a check tells of code that stopped.
"""

import re
import traceback
from collections.abc import Collection
from difflib import get_close_matches

import numpy as np

from helpers.asking.record import NOT_CALLED

# What an error means, by a pattern that its type and message match; the first that does counts.
IN_OTHER_WORDS = {
    # Of a tape, which may be given a list, too
    r"AttributeError: 'numpy.float.*' object has no attribute '_id'": (
        "E is a number of NumPy's, and the tape cannot follow what NumPy computes. Compute it with "
        "TensorFlow: `tf.reduce_sum` and `tf.reduce_mean`, say, for `np.sum` and `np.mean`"
    ),
    r"AttributeError: .* has no attribute '_id'": (
        "the tape is given something of NumPy's, which is on no tape: E has to be computed with "
        "TensorFlow's operations, and the variables are those of the model"
    ),
    # Brackets and stars
    r"'(Symbol|Add|Mul|Pow|Integer|Rational|Float|One|Half)' object is not callable": (
        "a bracket right behind a symbol or a formula calls it like a function: is a * missing "
        "between the two?"
    ),
    r"'(int|float|bool|numpy\.ndarray|numpy\.(float|int)\d*)' object is not callable": (
        "a bracket right behind a number or an array calls it like a function. Is a * missing "
        "between the two, or has a function's name been given a number?"
    ),
    r"'(list|tuple|dict)' object is not callable": (
        "round brackets call a function; what is in a list, a tuple or a dict is taken out with [ ]"
    ),
    r"SyntaxError: (invalid decimal literal|invalid syntax\. Perhaps you forgot a comma)": (
        "between two factors Python needs a *: is one missing?"
    ),
    r"SyntaxError: cannot assign to ": (
        "on the left of = stands one name, as the notebook gives it: without signs such as / and - "
        "in it"
    ),
    r"SyntaxError: invalid character": (
        "this character is none of Python's: on the keyboard, minus is -, times is *, a square is "
        "**2, and quotes are straight"
    ),
    r"'bitwise_xor'|operand type\(s\) for \^": "in Python a power is written with **, not with ^",
    # Names
    r"UnboundLocalError": (
        "a function that gives a name a value has it for itself, and here it is used before that: "
        "is another name meant on one of the two sides?"
    ),
    r"RecursionError": "a function calls itself, at once or through another. Which one is meant?",
    # What is no number and no array
    r"'ellipsis'": "an answer that is still open, with `...` in its place, is used here",
    r"\bNoneType\b": "None is used here as if it had a value: does a function lack its return?",
    r"'((builtin_function_or_)?method|function|numpy\.ufunc)'": f"it {NOT_CALLED}",
    r"operand type\(s\) for .*'dict'": (
        "a dict of arrays is no array: take one of them out by its name, as in params[name]"
    ),
    r"operand type\(s\) for .*'str'|dtype\('<U": "what stands in quotes is text and no number",
    r"operand type\(s\) for .*'tuple'": (
        "with tuples Python does not calculate, and a decimal comma makes one: write 0.12, not "
        "0,12. Else np.array((…)) makes an array of a tuple"
    ),
    r"can't multiply sequence": (
        "with lists, tuples and texts Python does not calculate: np.array([…]) makes an array of a "
        "list. If it is a tuple: a decimal comma makes one"
    ),
    r"operand type\(s\) for .*'list'|'list' object has no attr": (
        "with lists Python does not calculate: np.array([…]) makes an array of a list"
    ),
    r"'tuple' object has no attribute": (
        "a tuple holds several values, such as those of a trace: take out the one that is meant"
    ),
    # Places in arrays
    r"(tuple|list) indices must be integers|IndexError: only integers, slices": (
        "a dict is asked by a name, arrays, lists and tuples by a whole number: which of them is it"
        " here?"
    ),
    r"cannot be interpreted as an integer|single integer, got|slice indices must be integers": (
        "how many and which are whole numbers: // divides to one, and / never does"
    ),
    r"IndexError: .*out of (bounds|range)": (
        "Python counts from 0, so of three the last has the index 2: how many are there here?"
    ),
    r"IndexError: too many indices": (
        "the array has fewer axes than there are indices between the brackets: which shape has it?"
    ),
    r"values to unpack": (
        "on the left of = there have to be as many names as values come from the right: which are "
        "they?"
    ),
    # Functions of NumPy
    r"only integer scalar arrays can be converted to a scalar index": (
        "an array stands where one whole number belongs, such as the axis, the second argument of "
        "np.max and np.sum. Element by element, the larger of two is np.maximum"
    ),
    r"ValueError: The truth value of an array": (
        "`if`, `and` and `max` want one True or False, and here is an array of them. Are the "
        "arguments in the order in which the function takes them? Element by element it is "
        "np.maximum or np.where"
    ),
    r"TypeError: only .*arrays can be converted to Python scalars": (
        "a function of a single number, of math for example, is given an array. Those of NumPy, "
        "such as np.exp, work element by element"
    ),
    r"Cannot interpret '.*' as a data type": (
        "a shape is one argument, with brackets of its own: np.zeros((2, 3))"
    ),
    r"inhomogeneous shape": (
        "arrays of different shapes were taken for one. Is a whole trace given where one of its "
        "arrays belongs?"
    ),
    r"does not have enough dimensions": (
        "@ multiplies two arrays with axes, and one of these is a single number: that is multiplied"
        " with *"
    ),
    r"non-broadcastable output": (
        "what -= or += would put into the array has another shape than the array itself"
    ),
    # Symbols where numbers belong
    r"of type \w+ which has no callable|Cannot convert expression to float": (
        "this function is for numbers, and here is a formula: for symbols take SymPy's, such as exp"
    ),
    # TensorFlow
    r"EagerTensor'? object has no attribute": (
        "TensorFlow's arrays lack many of NumPy's methods: tf.reduce_mean, tf.reduce_sum and "
        "tf.transpose do it"
    ),
    r"expected to be a (float|double) tensor but is a (float|double) tensor": (
        'TensorFlow does not mix float32 with float64: .astype("float32") makes the one of an array'
    ),
}
PARAMETER = re.compile(r"d*[Wb]_\w+")  # the key of weights, biases or gradients
COLOURS = re.compile(r"\x1b\[[\d;]*m")  # of a terminal, as Keras writes them into its errors
NOT_THE_NOTEBOOKS = ("helpers", "keras", "tensorflow", "IPython")  # packages that run its code
ALIKE = 0.7  # of two names, from 0 to 1: so near they are when one may be the other misspelt


def in_words(error: BaseException, names: Collection[str] = ()) -> str:
    """An exception as its type and message, and what it means; NumPy's on shapes in plain words.

    names: those that have a value where it arose.
    """
    shapes = _on_shapes(str(error))
    if shapes:
        return shapes
    return with_meaning(_as_said(error), what_it_means(error, names))


def with_meaning(said: str, meaning: str) -> str:
    """The text of an error, and what it means behind it if that is known."""
    if said.endswith((".", "?")):
        return f"{said} {meaning[:1].upper()}{meaning[1:]}".strip()
    return f"{said}; {meaning}" if meaning else said


def what_it_means(
    error: BaseException, names: Collection[str] = (), choices: Collection[str] = ()
) -> str:
    """What a beginner most likely meant who has met `error`, in a sentence; "" if it is not known.

    names: those that have a value where it arose. choices: the letters and words that the question
    takes as answers.
    """
    shapes = _on_shapes(str(error))
    if shapes:
        return shapes
    if isinstance(error, NameError) and not isinstance(error, UnboundLocalError) and error.name:
        if error.name.casefold() in map(str.casefold, choices) or _stands_for_text(error):
            return f'a letter or a word as text needs quotes: "{error.name}"'
        return _of_a_name(error.name, names)
    if isinstance(error, SyntaxError) and "leading zeros in decimal" in str(error):
        return _of_leading_zeros(error)
    if isinstance(error, KeyError) and PARAMETER.fullmatch(str(error).strip("'")):
        return (
            "the dict has no such key: is it the right one, and are the arguments in the order in "
            "which the function takes them?"
        )
    said = _as_said(error)
    identifier = re.search(r"Could not interpret .*identifier: '?(\w+)", said)
    if identifier and (identifier[1] in names or _is_name_on_the_way(identifier[1], error)):
        return f"`{identifier[1]}` is a name in the notebook: for its value write it without quotes"
    return next((text for pattern, text in IN_OTHER_WORDS.items() if re.search(pattern, said)), "")


def _as_said(error: BaseException) -> str:
    """The type and the message of an exception, in one line and without colours.

    Of Keras's without the list of its arguments.
    """
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    plain = COLOURS.sub("", message).split("\n\nArguments received by ")[0]
    return f"{type(error).__name__}: {' '.join(plain.split())}"


def _on_shapes(message: str) -> str:
    """What NumPy says of two shapes that do not fit, in plain words; "" of anything else."""
    sizes = re.search(r"matmul.*\(size (\d+) is different from (\d+)\)", message)
    aligned = re.search(r"not aligned: (\d+) \(dim \d\) != (\d+) \(dim \d\)", message)
    if sizes or aligned:
        columns, rows = (sizes[2], sizes[1]) if sizes else (aligned[1], aligned[2])  # type: ignore[index]
        return (
            "these two do not fit in a matrix product: the columns of the first have to be as "
            f"many as the rows of the second, and here they are {columns} and {rows}"
        )
    shapes = re.search(r"not be broadcast together with shapes (\(.*?\)) (\(.*?\))", message)
    if shapes:
        return (
            f"these two do not fit element by element: their shapes are {shapes[1]} and "
            f"{shapes[2]}. Counted from the last axis, two sizes have to be equal, or one of them 1"
        )
    return ""


def _stands_for_text(error: NameError) -> bool:
    """Whether the name without a value is compared with text, or is to be an activation of Keras's.

    As in `if name == relu:`, where name is "relu", and in `activation=relu`.
    """
    frames = list(traceback.walk_tb(error.__traceback__))
    if not frames or not error.name:
        return False
    frame, source = frames[-1][0], traceback.extract_tb(error.__traceback__)[-1].line or ""
    missing = re.escape(error.name)
    if re.search(rf"\bactivation\s*=\s*{missing}\b(?!\s*[(.])", source):
        return True
    compared = re.findall(
        rf"(\w+)\s*[!=]=\s*{missing}\b(?!\s*[(.])|\b{missing}\s*[!=]=\s*(\w+)", source
    )
    values = {**frame.f_globals, **frame.f_locals}
    return any(isinstance(values.get(one or other), str) for one, other in compared)


def _is_name_on_the_way(name: str, error: BaseException) -> bool:
    """Whether a function of the notebook that `error` has come through has a value of this name."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return any(
        name in frame.f_locals or name in frame.f_globals
        for frame in frames
        if str(frame.f_globals.get("__name__")).partition(".")[0] not in NOT_THE_NOTEBOOKS
    )


def _of_leading_zeros(error: SyntaxError) -> str:
    """What is said of a number such as 09: mostly it is the end of one with a comma in it."""
    place = (error.offset or 1) - 1
    numbers = re.finditer(r"\d+(?:,\d+)+", error.text or "")
    with_comma = next((n[0] for n in numbers if n.start() <= place < n.end()), "")
    whole, *others = with_comma.split(",")
    thousands = len(whole) <= 3 and whole[:1] != "0" and all(len(other) == 3 for other in others)
    point, without = with_comma.replace(",", "."), with_comma.replace(",", "")
    if not others:
        return "a whole number has no 0 in front: write 7, not 07"
    if len(others) > 1:
        if thousands:
            return f"numbers are written without commas: {without}"
        return "a decimal comma parts two numbers: write 0.12, not 0,12"
    if thousands:
        return f"a comma parts two numbers: write {point} or {without}, not {with_comma}"
    return f"a decimal comma parts two numbers: write {point}, not {with_comma}"


def _of_a_name(name: str, names: Collection[str]) -> str:
    """What is said of a name that has no value. names: those that have one."""
    known = [other for other in names if not other.startswith("_")]
    in_other_letters = [other for other in known if other.casefold() == name.casefold()]
    alike = get_close_matches(name, known, n=3, cutoff=ALIKE)
    near = in_other_letters or [other for other in alike if _may_be_misspelt(name, other)]
    if near:
        return f"`{name}` has no value here, and `{near[0]}` has one: is that meant?"
    if "np" in known and "symbols" not in known and callable(getattr(np, name, None)):
        return f"NumPy's function is called `np.{name}`"
    return (
        f"`{name}` has no value here: is it spelt right, and has the cell that gives it been run?"
    )


def _may_be_misspelt(name: str, other: str) -> bool:
    """Whether one of two similar names may be the other misspelt, and no name of its own.

    delta_o and delta_h are alike, and so are W_h and dW_h; each is another quantity.
    """
    if len(name) != len(other):
        longer, shorter = sorted((name, other), key=len, reverse=True)
        return longer != f"d{shorter}"
    return sorted(name) == sorted(other) or name[-1] == other[-1] and len(name) > len("dW_h")
