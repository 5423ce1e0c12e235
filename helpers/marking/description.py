"""What can be said of a wrong answer that no recognised mistake explains, the answer itself aside.

Which numbers are off, and what they have in common: a sign, an order, a factor. (The factor itself
is told of functions alone, which are asked at new inputs in every run; numbers on paper are the
same for everybody who has them.) Then the trail of the right method, or of a single number without
a trail its size.
"""

import ast
import re
from collections.abc import Collection, Sequence

import numpy as np

from helpers.asking.record import MAX_TEXT_LENGTH
from helpers.marking.answer import FROM_TYPED, Answer, decimals_of
from helpers.marking.questions.model import Case, Layer, Part
from helpers.marking.trail import trail

SAME = 1e-6  # relative difference below which factors of two numbers count as the same
SIGN_TURNED = "the size is right, the sign is not"
SOME_SIGNS = "the size is right, some signs are not"
# So many times too large or small is told. Of smaller factors it would be enough to halve again and
# again, and the messages alone would lead to the number.
FAR = 100
DOUBLE = 1e-6  # relative: no tolerance of float64 is larger
WAY = ". "  # between what is said of a formula and the trail to it
ALONG = 0.02  # sine of the angle below which two vectors have one direction, rounding included
DIFFERS = "this is not what comes out: go through it once more, one step after the other"


def describe_error(
    answer: Answer,
    expected: Sequence[np.ndarray],
    right: Collection[str] = (),
    own: Collection[str] = (),
) -> str:
    """What is wrong with an answer, in words.

    expected: what it is compared with, one array per case in the answer's shapes: what is right, or
    what would rightly follow from the student's own earlier values. right: the quantities that the
    student has right, own: those that are wrong and that `expected` follows from: for the trail.
    """
    part, matches = answer.part, answer.matches(expected)
    single = part.tolerance.relative > DOUBLE
    computed = not part.tolerance.by_hand and not answer.is_formula
    if computed and all(
        _rounded(value, wanted, single) for value, wanted in zip(answer.values, expected)
    ):
        precision = "" if single else "in full precision (float64), "
        return (
            f"right to some digits: let the code compute {precision}without rounding and without "
            "typed results"
        )
    only_with = _only_with(answer.cases, matches)
    first = matches.index(False)
    if part.described:
        case = answer.cases[first]
        return f"with {case.label}: {_described(answer, answer.values[first], case)}"
    if part.default_hint:
        formula = part.meanings and answer.cases[0].consequences is not None
        way = trail(answer.quantity, right, own) if formula else ""
        stop = WAY.lstrip(".") if part.default_hint.endswith("?") else WAY
        said = f"{part.default_hint}{stop}{way[:1].upper()}{way[1:]}" if way else part.default_hint
        return only_with or said
    value, wanted = answer.values[first], expected[first]
    off = ~answer.accepted(first, wanted)
    which = "" if off.all() else _which(answer.quantity, off)
    if wanted[off].all() and part.tolerance.accepts(-value[off], wanted[off]).all():
        how, explained = SIGN_TURNED, True
    else:
        how, explained = _pattern(value[off], wanted[off], exactly=not part.tolerance.by_hand)
    how = _two_factors(answer, expected) or how
    if answer.part.tolerance.by_hand:
        if answer.quantity in LOSSES and np.all(value < 0):
            how, explained = "a loss is never negative: what is squared in it?", False
        elif (
            part.tolerance.decimals  # a count has no decimal point
            and answer.given[0] is None
            and _point_slipped(value[off], wanted[off])
        ):
            how, explained = POINT_SLIPPED, True
    way = ""
    if answer.quantity in LOOPS:
        return "; ".join(filter(None, (only_with, _of_a_loop(answer, expected, right))))
    of_all_cases = (
        _of_the_change(answer, expected)
        or _one_factor(answer, expected)
        or _factor_with_the_width(answer, expected)
    )
    if of_all_cases:
        return of_all_cases
    if part.layer and not explained:
        way = _of_a_layer(part.name, part.layer, right)
    elif not explained:
        case = answer.cases[first]
        n_samples = len(case.inputs[0]) if case.inputs else 1
        unseen = _not_in_the_numbers(answer, expected)
        shown, of_own = set(right) - unseen, set(own) - unseen
        way = trail(answer.quantity, shown, of_own, n_samples, asked=case.expected)
    if not np.any(value[off]) and part.tolerance.by_hand and way:
        how += " (does a // cut off decimals on the way?)"
    if not how and not way and value.size == 1 and wanted.all():
        how = _size(value.item(), wanted.item())
    where = ": ".join(filter(None, (which, how)))
    return "; ".join(filter(None, (only_with, where, way))) or DIFFERS


LOSSES = {"E", "E_new"}
POINT_SLIPPED = "the digits are right: where does the decimal point belong?"


def _point_slipped(value: np.ndarray, right: np.ndarray) -> bool:
    """Whether numbers by hand are the right ones times or by 10 or 100, to all their digits."""
    unit = 10.0 ** -decimals_of(value)
    if not np.all(np.abs(value) >= 10 * unit) or not np.all(value):
        return False
    return any(
        bool(np.all(np.abs(value - k * right) <= unit + FROM_TYPED * np.abs(k * right)))
        for k in (10, 0.1, 100, 0.01)
    )


def _described(answer: Answer, value: np.ndarray, case: Case) -> str:
    """What a part says of its own wrong answers, with the case and what it asks for besides."""
    part = answer.part
    assert part.described is not None
    return f"{part.described(case, value)}. {part.default_hint[:1].upper()}{part.default_hint[1:]}"


def describe_count(answer: Answer, value: np.ndarray, right: np.ndarray, case: Case) -> str:
    """What is said of an answer of another shape beside the shapes; "" where these say it."""
    if answer.part.described and value.ndim == right.ndim and value.size:
        said = _described(answer, value, case)
        return f"{said[:1].upper()}{said[1:]}"
    if answer.quantity != "losses":
        return ""
    if value.ndim > 1 and len(value) == len(right):
        return "Each entry has to be one number. Which function makes it of the network's output?"
    return (
        "There is to be one loss for each round of the loop. Where is the list made, and how often "
        "is a loss put into it?"
    )


def _not_in_the_numbers(answer: Answer, expected: Sequence[np.ndarray]) -> set[str]:
    """Quantities that an answer by hand does not show to be in it, however right they are.

    They may be right where they were asked for, and others have been used here: those of another
    section, say. Of a single number nothing shows.
    """
    case = answer.cases[0]
    if not answer.part.tolerance.by_hand or (case.inputs and len(case.inputs[0]) > 1):
        return set()
    value, wanted = answer.values[0], expected[0]
    if answer.given[0] is not None and answer.quantity.endswith("_new"):
        moved, right = np.ravel(value - answer.given[0]), np.ravel(wanted - answer.given[0])
        along = value.size > 1 and _go_along(moved, right)
        return set() if along else {f"d{answer.quantity.removesuffix('_new')}"}
    if value.size == 1:
        return set()
    if answer.quantity == "dW_h" and not all(map(_go_along, value, wanted)):
        return {"delta_h", "db_h"}  # a row is the deltas times an input
    if answer.quantity == "db_h" and not _go_along(value, wanted):
        return {"delta_h", "dW_h"}
    if answer.quantity == "dW_o" and not _go_along(np.ravel(value), np.ravel(wanted)):
        return {"a_h", "z_o", "a_o"}  # it is the activations times a delta
    return set()


def _go_along(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether a vector is another one times a number, as far as numbers by hand tell."""
    off_line = np.linalg.norm(one * np.dot(other, other) - other * np.dot(one, other))
    return bool(off_line <= ALONG * np.linalg.norm(one) * np.dot(other, other))


def _of_a_layer(name: str, layer: Layer, right: Collection[str]) -> str:
    """Where, on the way back through many layers, the first step is that may be wrong."""
    if layer.next_biases and layer.next_biases not in right:
        return (
            f"the deltas here are made of those of the layer after it, and {layer.next_biases} is "
            "not right either: begin there"
        )
    if name == layer.weights and layer.biases in right:
        return (
            f"{layer.biases} is right, and so are the deltas in it: which activations do they meet "
            "here, which way round, and what is done with the points?"
        )
    if name == layer.biases and layer.weights in right:
        return (
            f"{layer.weights} is right, and so are the deltas in it: what becomes of the deltas of "
            "all points here?"
        )
    if layer.next_biases:
        return (
            f"this is the first layer on the way back that is off: {layer.next_biases} is right. "
            "Through which weights do the deltas come to this layer, which way round, and by which "
            "derivative are they multiplied there?"
        )
    return (
        "the way back begins here: with which activations, and what is the delta of an output unit "
        "for this activation and this loss?"
    )


LOOPS = {"losses", "E_end"}  # what a training loop is asked for


def _of_a_loop(answer: Answer, expected: Sequence[np.ndarray], right: Collection[str]) -> str:
    """Where a training loop leaves the right way, as a question about what happens there."""
    if answer.quantity == "E_end":
        if "losses" in right:
            return (
                "the losses are right, and the weights that come back are others: which weights "
                "does the function return, and from after which step?"
            )
        return "it follows from the same steps as the losses: look at these first"
    first = min(
        int(np.argmin(fine))
        for number, wanted in enumerate(expected)
        if not (fine := answer.accepted(number, wanted)).all()
    )
    if first == 0 and all(
        len(wanted) > 1 and answer.accepted(number, wanted[1])[0]
        for number, wanted in enumerate(expected)
    ):
        return (
            "your first loss is the one after the first round of the loop: at which place in a "
            "round is the loss put into the list?"
        )
    if first == 0:
        return (
            "the first loss is off already, before any step: which points, which weights and which "
            "activation is it computed with?"
        )
    if first == 1:
        return (
            "the first loss is right, the second is not: so look at the first round. Which points "
            "and which weights do its gradients come from, by what are they multiplied, and where "
            "do the new weights go?"
        )
    return (
        f"the first {NUMBERS[first] if first < len(NUMBERS) else first} losses are right, the next "
        "one is not: so the first round is right. What is another in the one after it?"
    )


NUMBERS = ("no", "one", "two", "three")
NAMES = re.compile(r"[A-Za-z_]\w*")
FUNCTIONS = {"exp", "log", "tanh", "cosh", "sinh", "sqrt", "pi", "E", "I"}  # of SymPy


NOT_A_FUNCTION = (
    "as Python reads it this is 0, without any symbol: nothing would change. If SymPy "
    "differentiated it (`.diff`), look at what stands in the expression: to SymPy z, a and w are "
    "symbols that have nothing to do with one another, so an expression without the symbol gives "
    "0. Does what is asked for change, by way of the table of section 1?"
)


def describe_symbols(part: Part, formula: str, way: str = "") -> str:
    """What the symbols of a wrong formula say, in words; "" if it is not known what it needs.

    formula: as Python read it, "" if that is not known. way: the trail to it.
    """
    if not (part.needs or part.meanings) or not formula or len(formula) >= MAX_TEXT_LENGTH:
        return ""
    asked = f"{part.question[:1].upper()}{part.question[1:]}"
    if formula in part.meanings:
        what = f"this is the symbol {formula} alone, {part.meanings[formula]}"
        return f"{what}. Asked for: {part.description}. {asked}"
    if formula == "0" and part.meanings:
        return NOT_A_FUNCTION
    if formula.lstrip("-").isdecimal():
        without = ", without any symbol, where a formula is asked for" if part.needs else ""
        # a - a^2 is (a - a)^2 to Python, and that is 0 ^ 2, where ^ compares bits.
        caret = (
            " (Written with ^? In Python a power is written with **.)" if formula in "23" else ""
        )
        return f"this is the number {formula}{without}.{caret} {asked}".strip()
    symbols = {*NAMES.findall(formula)} - FUNCTIONS
    alternatives = [need.split("|") for need in part.needs]
    missing = [
        f"{names[0]} (or {' or '.join(names[1:])})" if names[1:] else names[0]
        for names in alternatives
        if not symbols.intersection(names)
    ]
    spelled_out = [name for name in part.may_have if not _is_in_a_delta(name, symbols)]
    known = {*spelled_out, *(name for names in alternatives for name in names)}
    foreign = sorted(symbols - known)
    if not symbols:
        return (
            f"as Python reads it this is {formula}, without any symbol. Does nothing in it depend "
            f"on the symbols? (A symbol that was given a number makes a formula a number.) {asked}"
        ).strip()
    said = []
    if missing:
        said.append(f"without {_listed(missing)} it cannot be right")
    if "delta_k" in symbols.intersection(part.may_have) and "delta_j (or w_jk)" in missing:
        said.append("delta_k belongs in it only beside w_jk")
    if foreign:
        does = "does" if len(foreign) == 1 else "do"
        said.append(f"{_listed(foreign)} {does} not belong in it")
    odd = _odd_symbol(part, formula) if not said else ""
    if odd:
        return f"not equal to the right formula; {odd}"
    if not said:
        joined = "its symbols can all belong in it, so look at how they are joined, signs too"
        said.append(f"{joined}{WAY}{asked}" if asked else joined)
    elif way or part.question:
        said[-1] += f"{WAY}{way.strip(WAY) or asked}"
    return f"not equal to the right formula; {', and '.join(said)}"


def _is_in_a_delta(name: str, symbols: Collection[str]) -> bool:
    """Whether what a symbol stands for is in another one, a delta, that a formula has."""
    if "delta_j" in symbols:  # what comes after unit j is in its delta as well
        return True
    delta = f"delta_{name.partition('_')[2]}"
    return name != delta and delta in symbols


def _odd_symbol(part: Part, formula: str) -> str:
    """Which symbol stands where none of its kind does in a right formula, as a question; "" if
    none is seen to.

    A weighted input stands inside exp or tanh alone and an activation outside of them, and an old
    value is a term of its own.
    """
    try:
        tree = ast.parse(formula, mode="eval")
    except (SyntaxError, ValueError, RecursionError):  # SymPy's own ways of writing
        return ""
    inside = {
        id(n) for call in ast.walk(tree) if isinstance(call, ast.Call) for n in ast.walk(call)
    }
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    for node in names:
        where = "inside" if id(node) in inside else "outside of"
        if (where == "outside of" and node.id.startswith("z_")) or (
            where == "inside" and node.id.startswith("a_")
        ):
            a_function = "a" if where == "inside" else "any"
            meant = f"{part.meanings[node.id]}, " if node.id in part.meanings else ""
            return (
                f"{node.id}, {meant}stands in it {where} {a_function} function such as exp. Which "
                "of z and a belongs there?"
            )
    old = part.name.removesuffix("_new")
    terms = _terms(tree.body)
    if old == part.name or not terms:
        return ""
    with_it = [factors for factors in terms if old in factors]
    if [old] not in with_it:
        return (
            f"{old} is no term of its own in it. Where does a step begin, and what is subtracted "
            "there?"
        )
    if with_it == terms and len(terms) > 1:
        return (
            f"the step is multiplied by {old}. Which gradient is subtracted from {old}, and is "
            f"{old} in this gradient?"
        )
    if len(with_it) > 1:
        return (
            f"{old} stands in more than one of its terms. Once is the old value; which gradient is "
            f"subtracted from that, and is {old} in this gradient?"
        )
    return ""


MOST_TERMS = 100  # of a formula that is multiplied out


def _terms(node: ast.expr) -> list[list[str]]:
    """The terms of a formula that is multiplied out, each as its factors; [] if there are many.

    Signs and factors of 1 are left aside, and what is no product stays whole.
    """
    if isinstance(node, ast.UnaryOp):
        return _terms(node.operand)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        left, right = _terms(node.left), _terms(node.right)
        return left + right if left and right else []
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        left, right = _terms(node.left), _terms(node.right)
        return [a + b for a in left for b in right] if len(left) * len(right) < MOST_TERMS else []
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        below = f"1/({ast.unparse(node.right)})"
        return [[*factors, below] for factors in _terms(node.left)]
    text = ast.unparse(node)
    return [[] if text == "1" else [text]]


def where_off(answer: Answer) -> str:
    """Which of the numbers are off, in words; "" if all are."""
    matches = answer.matches(answer.expected)
    first = matches.index(False)
    off = ~answer.accepted(first, answer.expected[first])
    which = "" if off.all() else _which(answer.quantity, off)
    return "; ".join(filter(None, (_only_with(answer.cases, matches), which)))


def _only_with(cases: Sequence[Case], matches: Sequence[bool]) -> str:
    """In which of the labelled cases the answers are wrong, if not in all."""
    by_trait = _by_trait(cases, matches)
    if by_trait:
        return by_trait
    right, wrong = (
        dict.fromkeys(_in_words(case) for case, match in zip(cases, matches) if match is fine)
        for fine in (True, False)
    )
    if not right or not wrong or not all((*right, *wrong)):
        return ""
    if right.keys() & wrong.keys():  # nothing that can be said parts them
        return "right with some batches and not with others"
    if len(wrong) == 1:
        return f"right except with {next(iter(wrong))}"
    return f"right except in these cases: {' | '.join(wrong)}"


def _in_words(case: Case) -> str:
    """What a case is, in words that no other kind of case has: a label may be part of another."""
    return ", ".join(case.traits.values()) or case.label


def _by_trait(cases: Sequence[Case], matches: Sequence[bool]) -> str:
    """What those cases have in common in which the answers are wrong, and what the others have: the
    trait that parts them in the fewest words; "" if none does, or if all are wrong."""
    found = []
    for name in cases[0].traits:
        right, wrong = (
            list(dict.fromkeys(c.traits[name] for c, m in zip(cases, matches) if m is fine))
            for fine in (True, False)
        )
        if right and wrong and not set(right) & set(wrong):
            found.append((right, wrong))
    if not found:
        return ""
    right, wrong = min(found, key=lambda both: len(both[1]))
    if len(wrong) == 1 < len(right):
        return f"right except with {wrong[0]}"
    return f"right with {_listed(right)}, not with {_listed(wrong)}"


def _listed(names: Sequence[str]) -> str:
    """Names in a row: "a", "a and b", "a, b and c"."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _rounded(answer: np.ndarray, expected: np.ndarray, single: bool) -> bool:
    """Whether every number is nearly the expected one, or it rounded to a few decimals.

    single: whether the numbers are float32.
    """
    nearly = np.allclose(answer, expected, rtol=2e-4, atol=1e-6)
    return nearly or any(
        np.allclose(answer, np.round(expected, digits), rtol=0, atol=1e-6 if single else 1e-12)
        for digits in range(2, 9)
    )


IN_A_MATRIX = ("row", "column")


def _which(quantity: str, off: np.ndarray) -> str:
    """The numbers that are off, in words: all of a unit, of a point, or so many and the first."""
    if off.ndim == 2:
        rows, columns = np.flatnonzero(off.all(axis=1)), np.flatnonzero(off.all(axis=0))
        row, column = _axes(quantity)
        for name, lines, size in ((row, rows, off.shape[1]), (column, columns, off.shape[0])):
            if size > 1 and len(lines) and len(lines) * size == off.sum():
                several = f"s {_listed([*map(str, lines + 1)])}" if len(lines) > 1 else ""
                which = several or f" {lines[0] + 1}"
                return f"everything {'in' if name in IN_A_MATRIX else 'for'} {name}{which} is off"
    place = _place(quantity, [int(i) for i in np.argwhere(off)[0]], off.shape)
    if off.sum() == 1:
        return f"only the number {place} is off"
    return f"{int(off.sum())} of {off.size} numbers are off, the first {place}"


def _axes(quantity: str) -> tuple[str, str]:
    """What a row and a column of a matrix belong to."""
    if quantity.startswith(("dW", "W_")):
        return IN_A_MATRIX
    return "point", "unit"


def _place(quantity: str, index: Sequence[int], shape: tuple[int, ...]) -> str:
    """Where a number stands in an array, in words, counted from 1: "of unit 2"."""
    if len(shape) == 2:
        row, column = _axes(quantity)
        if shape[0] == 1 and row == "point":
            return f"of unit {index[1] + 1}"
        return f"in {row} {index[0] + 1}, {column} {index[1] + 1}"
    if quantity.startswith(("db", "b_")):
        return f"of unit {index[0] + 1}"
    return f"in place {', '.join(str(i + 1) for i in index)}"


def _pattern(answer: np.ndarray, right: np.ndarray, exactly: bool) -> tuple[str, bool]:
    """What the numbers `answer` have in common beside `right`, and whether that is all to be said.

    exactly: whether a factor may be told. "" where there is no pattern.
    """
    alone = answer.size == 1
    if not np.any(answer):
        return f"{'it is' if alone else 'they are'} 0, and should not be", False
    if not alone and np.allclose(np.sort(answer), np.sort(right), rtol=SAME, atol=0):
        return "the right numbers in another order", True
    if not np.all(right):  # of a 0 neither sign nor ratio says anything
        return "", False
    ratios = answer / right
    if np.allclose(np.abs(ratios), 1, rtol=SAME, atol=0):
        return SIGN_TURNED if np.all(ratios < 0) else SOME_SIGNS, True
    same = not alone and np.ptp(ratios) <= SAME * np.abs(ratios).max()
    if exactly and same:
        return (
            f"each is {ratios[0]:.4g} times what it should be: where does this factor enter?",
            True,
        )
    if same:
        return "all are off by one and the same factor", False
    turned = not alone and np.all(ratios < 0)
    return ("all signs are turned, and not all sizes are right" if turned else ""), False


def _two_factors(answer: Answer, expected: Sequence[np.ndarray]) -> str:
    """Two cases by their labels in which all of a function's numbers are off by two factors, in
    words; "" where they are not, or all cases have one factor."""
    if answer.part.tolerance.by_hand:
        return ""
    found: list[tuple[str, float]] = []
    for case, value, right in zip(answer.cases, answer.values, expected, strict=True):
        if not case.label or value.size < 2 or not np.all(right) or not np.all(value):
            return ""
        ratios = np.ravel(value / right)
        if np.ptp(ratios) > SAME * np.abs(ratios).max():
            return ""
        if not found or (len(found) == 1 and not np.isclose(ratios[0], found[0][1], rtol=1e-3)):
            found.append((case.label, float(ratios[0])))
    if len(found) < 2 or any(np.isclose(abs(factor), 1, rtol=1e-3) for _, factor in found):
        return ""
    (one, first), (other, second) = found
    widths = [case.test_inputs.get("h") for case in answer.cases if case.label in (one, other)]
    if all(widths):  # two cases of difference quotients differ in h as well
        return (
            f"each is {first:.4g} times what it should be with h = {widths[0]:.4g}, and "
            f"{second:.4g} times with h = {widths[1]:.4g}: how does the factor change with h?"
        )
    return (
        f"each is {first:.4g} times what it should be with {one}, and {second:.4g} times with "
        f"{other}: in what do the two differ?"
    )


def _of_the_change(answer: Answer, expected: Sequence[np.ndarray]) -> str:
    """By what factor the changes of new weights are off in code, in words; "" if by none."""
    if answer.part.tolerance.by_hand or any(given is None for given in answer.given):
        return ""
    # New weights in float32 have few digits of a change that is small beside them.
    same = SAME if answer.part.tolerance.relative <= DOUBLE else 1e-3
    factors: list[tuple[str, float]] = []
    for case, value, right, given in zip(answer.cases, answer.values, expected, answer.given):
        change, wanted = np.ravel(value - given), np.ravel(right - given)
        largest = np.abs(wanted).max(initial=0)
        if not largest:
            return ""
        factor = float(change @ wanted / (wanted @ wanted))
        if np.abs(change - factor * wanted).max() > same * max(1, abs(factor)) * largest:
            return ""
        factors.append((case.label, factor))
    (one, first), *others = factors
    for other, second in others:
        if not np.isclose(first, second, rtol=same):
            return (
                f"the change is {_times(first)} with {one}, and {_times(second)} with {other}: in "
                "what do the two differ?"
            )
    if np.isclose(first, 1, rtol=same):
        return ""
    return f"the change is {_times(first)}: where does this factor enter?"


def _times(factor: float) -> str:
    if np.isclose(factor, 1, rtol=1e-3):
        return "as it should be"
    return f"{factor:.3g} times what it should be"


def _one_factor(answer: Answer, expected: Sequence[np.ndarray]) -> str:
    """By what factor single numbers of code are off, if it is the same in all cases, in words."""
    single = all(value.size == 1 for value in answer.values)
    if answer.part.tolerance.by_hand or not single or len(answer.cases) < 2:
        return ""
    if not all(np.all(right) for right in expected):
        return ""
    ratios = np.array([np.ravel(v / e)[0] for v, e in zip(answer.values, expected)])
    if not ratios.all() or np.ptp(ratios) > SAME * np.abs(ratios).max():
        return ""
    if np.isclose(abs(ratios[0]), 1):  # a sign has words of its own
        return ""
    return (
        f"it is {ratios[0]:.4g} times what it should be, in every case: where does this factor "
        "enter?"
    )


POWERS = {"· h": 1, "· h²": 2, "/ h": -1, "/ h²": -2}


def _factor_with_the_width(answer: Answer, expected: Sequence[np.ndarray]) -> str:
    """By what factor and power of the width h difference quotients of code are off, in words; "" if
    by none."""
    widths = np.array([case.test_inputs.get("h", 0.0) for case in answer.cases])
    if answer.part.tolerance.by_hand or not np.all(widths) or np.ptp(widths) == 0:
        return ""
    ratios = []
    for value, right in zip(answer.values, expected, strict=True):
        if not np.all(right) or not np.all(value):
            return ""
        each = np.ravel(value / right)
        if np.ptp(each) > SAME * np.abs(each).max():
            return ""
        ratios.append(each[0])
    for said, power in POWERS.items():
        factors = np.array(ratios) / widths**power
        if np.ptp(factors) <= SAME * np.abs(factors).max():
            which = "it is" if all(value.size == 1 for value in answer.values) else "each is"
            return (
                f"{which} {factors[0]:.4g} {said} times what it should be, in every case: where do "
                "these factors enter?"
            )
    return ""


def _size(answer: float, right: float) -> str:
    """How the size of a number differs from the right one, which is not 0; "" if not by far.

    Nothing of its sign: where the size is wrong as well, another mistake has made both.
    """
    ratio = abs(answer / right)
    if 1 / FAR < ratio < FAR:
        return ""
    return f"it is far too {'large' if ratio > 1 else 'small'}"
