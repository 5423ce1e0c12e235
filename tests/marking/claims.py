"""What a check's sentences claim, each tested on the numbers alone.

Written from the sentences, with NumPy, and without anything of helpers.marking: what a slip gives
is in `textbook` and `slips_elsewhere`, what sentences say of numbers is here.
"""

import re
from collections import Counter
from itertools import product

import numpy as np

from helpers.asking.record import decode
from helpers.course import HIDDEN, tutorial_step
from helpers.network import Network
from helpers.sgd_step import PARAMETERS, SGDStep
from tests.marking import slips_elsewhere
from tests.marking.textbook import FROM_OUTPUT, Textbook, factors_of

ROOM = 0.02  # relative: what is said of numbers by hand is said within their tolerance
NEAR_0 = 3e-4
EXACTLY = 1e-4  # relative, in code: float32 rounds, and so do differences


class Beside:
    """The numbers of one part beside the right ones, case by case, and what else is known."""

    def __init__(self, question, part, answers, cases, right_parts, wrong_parts=()):
        """answers: by part, one array or word a case. right_parts, wrong_parts: the quantities that
        the student has right and wrong, those of earlier questions among them.
        """
        self.question, self.part, self.cases, self.answers = question, part, cases, answers
        self.right_parts, self.wrong_parts = set(right_parts), set(wrong_parts)
        self.by_hand = part.tolerance.by_hand
        values = answers[part.name]
        self.values = values
        self.expected = [case.expected[part.name] for case in cases]
        self.given = [case.given.get(part.name) for case in cases]
        self.numbers = all(
            isinstance(v, np.ndarray) and not isinstance(e, str)
            for v, e in zip(values, self.expected)
        )
        self.comparable = self.numbers and all(
            np.shape(v) == np.shape(e) or np.size(v) == np.size(e)
            for v, e in zip(values, self.expected)
        )
        self.pairs = [
            (np.reshape(v, np.shape(e)), np.asarray(e), g)
            for v, e, g in zip(values, self.expected, self.given)
            if self.numbers and np.size(v) == np.size(e)
        ]

    @property
    def quantity(self):
        return quantity_and_index(self.question.id, self.part)[0]

    @property
    def n_samples(self):
        step = step_of(self.question.id, self.part.name, self.cases[0])
        return len(step.x) if step else 0

    def off(self):
        """Which numbers are off, a mask for each case."""
        return [~np.asarray(self.part.tolerance.accepts(v, e, g)) for v, e, g in self.pairs]

    def everywhere(self, holds):
        """Whether `holds(answer, right)` in every case in which the answer is off."""
        off = [not np.allclose(v, e, rtol=1e-7, atol=1e-9) for v, e, _ in self.pairs]
        return any(off) and all(holds(v, e) for (v, e, _), is_off in zip(self.pairs, off) if is_off)

    def somewhere(self, holds):
        return any(holds(v, e) for v, e, _ in self.pairs)

    def changes(self, holds):
        """As `everywhere`, of the changes from what was given."""
        return all(holds(v - g, e - g) for v, e, g in self.pairs if g is not None)

    def room(self, right):
        size = max(1e-9, float(np.max(np.abs(right), initial=0)))
        if not self.by_hand:
            return EXACTLY * size + 1e-9
        return max(ROOM, self.part.tolerance.relative) * size + NEAR_0

    def near(self, one, other):
        return np.abs(one - other) <= self.room(other)


# Where a quantity stands in a step, by the name of the part


FORMULAS = {
    "dE_da_k": ("dE_da_o", (0, 0)),
    "da_k_dz_k": ("slope_o", (0, 0)),
    "dz_k_dw_jk": ("a_h", (0, 0)),
    "dz_k_da_j": ("W_o", (0, 0)),
    "da_j_dz_j": ("slope_h", (0, 0)),
    "dz_j_dw_ij": ("x", (0, 1)),
    "delta_k_formula": ("delta_o", (0, 0)),
    "dE_dw_jk": ("dW_o", (0, 0)),
    "dE_db_k": ("db_o", (0,)),
    "delta_j_formula": ("delta_h", (0, 0)),
    "dE_dw_ij": ("dW_h", (1, 0)),
    "dE_db_j": ("db_h", (0,)),
    "w_jk_new": ("W_o_new", (0, 0)),
    "b_k_new": ("b_o_new", (0,)),
    "w_ij_new": ("W_h_new", (1, 0)),
    "b_j_new": ("b_h_new", (0,)),
}


def quantity_and_index(question, part):
    """A part's name among the quantities of a step, and its element there, () for all."""
    if question.startswith("p1.") and part.name in FORMULAS:
        return FORMULAS[part.name]
    if question == "p3.reproduce":
        return "E_new", ()
    if question == "p4.forward":
        return "a_o", ()
    return part.quantity or part.name, part.index or ()


def step_of(question, part, case):
    """The SGDStep that a case is about, None if it is about none."""
    if question in ("p3.reproduce", "p4.forward") and part in HIDDEN:
        return tutorial_step(part)
    follows = case.consequences
    owner = getattr(follows, "__self__", None) or next(iter(getattr(follows, "args", ())), None)
    return owner if hasattr(owner, "net") else _step_in(case.test_inputs)


def _step_in(inputs):
    """The SGDStep that a function is called for, from its test inputs; None if they have none."""
    if not {"x", *PARAMETERS} <= set(inputs):
        return None
    net = Network(
        [inputs["W_h"], inputs["W_o"]],
        [inputs["b_h"], inputs["b_o"]],
        hidden=inputs["hidden"] if "hidden" in inputs else "tanh",
    )
    t = inputs["t"] if "t" in inputs else np.full((len(inputs["x"]), len(inputs["b_o"])), 0.5)
    return SGDStep(net, inputs["x"], t, inputs.get("eta", 0.3))


def slip_values(beside, name, number):
    """What the part would be in a case, by its number, with the slip `name`; [] if not known."""
    question, part, case = beside.question.id, beside.part, beside.cases[number]
    right = np.asarray(beside.expected[number])
    step = step_of(question, part.name, case)
    if question == "p1.two_outputs":
        return _two_outputs(case.test_inputs["point"], name)
    found = []
    if step:
        quantity, index = quantity_and_index(question, part)
        book = Textbook(step)
        if question.startswith("p1."):
            found += _with_symbols(part.name, name, book)
        if quantity in book.all():
            for value in book.with_slip(name, quantity):
                if np.ndim(value) >= len(index):
                    found.append(value[index])
    found += slips_elsewhere.values(question, part.name, name, case, right)
    if not found:
        start = beside.given[number] if beside.given[number] is not None else 0
        n_samples = len(np.atleast_1d(case.test_inputs.get("x", 0)))
        factors = (n_samples,) if name == "sum_over_batch" else factors_of(name, None)
        found = [start + factor * (right - start) for factor in factors]
    return [np.asarray(value) for value in found]


def _with_symbols(part, name, book):
    """Slips in a link or a formula of Problem 1 that are made of the symbols themselves."""
    x_i, w_ij, w_jk = book.x[0, 1], book.parameters["W_h"][1, 0], book.parameters["W_o"][0, 0]
    a_j, z_j, z_k = book("a_h")[0, 0], book("z_h")[0, 0], book("z_o")[0, 0]
    delta_k, delta_j = book("delta_o")[0, 0], book("delta_h")[0, 0]
    if part == "dz_k_db_k":
        return {
            "sum_not_differentiated": [z_k],
            "bias_gradient_forgotten": [0],
            "sign_turned": [-1],
        }.get(name, [])
    return {
        "other_factor": {"dz_k_dw_jk": [w_jk], "dz_k_da_j": [a_j], "dz_j_dw_ij": [w_ij]},
        "sum_not_differentiated": {
            "dz_k_dw_jk": [z_k],
            "dz_k_da_j": [z_k],
            "dz_j_dw_ij": [z_j],
        },
        "start_of_the_edge": {"dE_dw_jk": [x_i * delta_k], "dE_dw_ij": [a_j * delta_j]},
    }.get(name, {}).get(part, [])


def _two_outputs(point, name):
    """delta_j of a unit that feeds two, from its symbols."""
    a, z = point["a_j"], point["z_j"]
    paths = point["delta_k"] * point["w_jk"], point["delta_l"] * point["w_jl"]
    slope = a * (1 - a)
    right = sum(paths) * slope
    sigmoid_of_a = 1 / (1 + np.exp(-a))
    # The deltas of the outputs with other derivatives: they may be spelled out.
    errors = {unit: point[f"a_{unit}"] - point[f"t_{unit}"] for unit in "kl"}
    own = {unit: point[f"a_{unit}"] for unit in "kl"}

    def back(derivative):
        return sum(errors[u] * derivative(own[u], point[f"z_{u}"]) * point[f"w_j{u}"] for u in "kl")

    def both(derivative):
        return [back(derivative) * slope, back(derivative) * derivative(a, z)]

    def at_a(a, z):
        return 1 / (1 + np.exp(-a)) * (1 - 1 / (1 + np.exp(-a)))

    return {
        "edges_crossed": [
            (point["delta_k"] * point["w_jl"] + point["delta_l"] * point["w_jk"]) * slope
        ],
        "every_delta_on_every_edge": [
            (point["delta_k"] + point["delta_l"]) * (point["w_jk"] + point["w_jl"]) * slope
        ],
        "sign_of_a_path": [(paths[0] - paths[1]) * slope, (paths[1] - paths[0]) * slope],
        "output_slope_forgotten": [back(lambda a, z: 1) * slope],
        "one_path_only": [path * slope for path in paths],
        "paths_averaged": [right / 2],
        "paths_multiplied": [paths[0] * paths[1] * slope],
        "sign_turned": [-right],
        "factor_of_its_own": [2 * right, right / 2],
        "slope_forgotten": [sum(paths)],
        "minus_beside_the_delta": [-right],
        "slope_of_tanh": [sum(paths) * (1 - a**2)],
        "slope_at_a": [sum(paths) * sigmoid_of_a * (1 - sigmoid_of_a), *both(at_a)],
        "slope_formula_at_z": [sum(paths) * z * (1 - z), *both(lambda a, z: z * (1 - z))],
        "factor_of_the_slope_missing": [
            *(sum(paths) * a, sum(paths) * (1 - a)),
            *both(lambda a, z: a),
            *both(lambda a, z: 1 - a),
        ],
        "edge_forgotten": [(point["delta_k"] + point["delta_l"]) * slope],
    }.get(name, [])


# Sentences


def close(one, other):
    size = max(1e-9, float(np.max(np.abs(other), initial=0)))
    return bool(np.all(np.abs(one - other) <= ROOM * size + NEAR_0))


def times(factor):
    return lambda beside: beside.everywhere(lambda v, e: close(v, factor * e))


def off_only(holds):
    """Of the numbers that are off alone."""

    def of(v, e):
        off = np.abs(v - e) > 1e-9
        return holds(v[off], e[off])

    return lambda beside: beside.somewhere(of)


def ratios_agree(v, e):
    return np.all(e) and np.ptp(v / e) <= 1e-3 * np.max(np.abs(v / e))


# What part of a sentence, and whether it is true.
SENTENCES = {
    r"\b(it is|they are) 0, and should not be": off_only(lambda v, e: not v.any() and e.any()),
    r"the right numbers in another order": off_only(
        lambda v, e: v.size > 1 and np.allclose(np.sort(v), np.sort(e), rtol=1e-4)
    ),
    # Beside exchanged rows and columns it is said of the exchanged numbers; see `explained`.
    r"^(?!.*(Two mistakes|columns exchanged)).*the size is right, the sign is not": off_only(
        lambda v, e: close(v, -e)
    ),
    r"the size is right, some signs are not": off_only(
        lambda v, e: np.allclose(np.abs(v), np.abs(e), rtol=1e-3)
    ),
    r"all signs are turned": off_only(lambda v, e: np.all(v * e < 0)),
    r"not all sizes are right": off_only(lambda v, e: not np.allclose(np.abs(v), np.abs(e))),
    r"all are off by one and the same factor": off_only(ratios_agree),
    r"each is \S+ times": off_only(ratios_agree),
    r"it is (a little|far)? ?too large": off_only(lambda v, e: np.all(np.abs(v) > np.abs(e))),
    r"it is (a little|far)? ?too small": off_only(lambda v, e: np.all(np.abs(v) < np.abs(e))),
    r"the digits are right": lambda beside: all(
        any(close(v[off], k * e[off]) for k in (10, 0.1, 100, 0.01))
        for (v, e, _), off in zip(beside.pairs, beside.off())
        if off.any()
    ),
    r"a loss is never negative": off_only(lambda v, e: np.all(v < 0)),
    r"right to some digits": lambda beside: beside.somewhere(
        lambda v, e: np.all(np.abs(v - e) <= 0.006 + 3e-4 * np.abs(e))
    ),
}

# What a trail says is right, or not yet, by its symbol; what shows that.
TICKS = {
    "a_h": {"a_h", "z_o", "a_o"},
    "z_h": {"z_h"},
    "new weights of the edges": {"W_h_new"},
    "new bias": {"b_h_new"},
    "z_o": {"z_o"},
    "a_o": {"a_o"},
    "error": {"dE_da_o"},
    "derivative of the output unit": {"slope_o"},
    "derivative of the hidden unit": {"slope_h"},
    "δ_o": {"delta_o", "dW_o", "db_o"},
    "δ_h": {"delta_h", "dW_h", "db_h"},
    **{f"∂E/∂{name}": {f"d{name}"} for name in ("W_h", "b_h", "W_o", "b_o")},
    "∂E/∂a_k": {"dE_da_k"},
    "δ_k": {"delta_k_formula"},
    "δ_j": {"delta_j_formula"},
    **{f"∂{of}/∂{by}": {f"d{of}_d{by}"} for of, by in (("a_k", "z_k"), ("a_j", "z_j"))},
    **{f"∂z_k/∂{by}": {f"dz_k_d{by}"} for by in ("w_jk", "b_k", "a_j")},
    "∂z_j/∂w_ij": {"dz_j_dw_ij"},
    **{f"∂E/∂{by}": {f"dE_d{by}"} for by in ("w_jk", "b_k", "w_ij", "b_j")},
}
NEW = {"W_h_new", "b_h_new", "W_o_new", "b_o_new"}


def false_ticks(hint, beside):
    """What a trail says of the steps: which the student has right, and which are not yet."""
    way = re.search(r"the way there: (.*?)\.(?: |$)", hint, re.IGNORECASE)
    steps = set(re.split(r" [·+−/] |, then the |, | of |[()]", way[1])) if way else set()
    for words, parts in (
        (r"Right so far in your answers", beside.right_parts),
        (r"Not right yet, and used here as you gave it", beside.wrong_parts),
    ):
        said = re.search(f"{words}: (.*?)\\.(?: |$)", hint)
        for symbol in said[1].split(", ") if said else ():
            if symbol == "all new weights and biases":
                fine = NEW <= parts
            else:
                fine = bool(TICKS.get(symbol, set()) & parts)
            if not fine or (symbol not in steps and symbol not in way[1]):
                yield f"{symbol}, in a trail"


def false_places(hint, beside):
    """What is said of where an answer is off."""
    off = beside.off()
    first = next((mask for mask in off if mask.any()), None)
    if first is None:
        return
    yield from false_cases(hint, beside, [bool(mask.any()) for mask in off])
    only = re.search(r"only the number (.*?) is off", hint)
    some = re.search(r"(\d+) of (\d+) numbers are off, the first (in|of) (.*?)(?:[:;.]|$)", hint)
    if only and (first.sum() != 1 or not _is_place(only[1], np.argwhere(first)[0], first.shape)):
        yield only[0]
    if some and (
        (int(some[1]), int(some[2])) != (first.sum(), first.size)
        or not _is_place(f"{some[3]} {some[4]}", np.argwhere(first)[0], first.shape)
    ):
        yield some[0]
    lines = re.search(r"everything (?:in|for) (row|column|point|unit)s? ([\d, and]+) is off", hint)
    if lines:
        chosen = [int(n) - 1 for n in re.findall(r"\d+", lines[2])]
        wanted = np.zeros(first.shape, bool)
        wanted[(chosen, slice(None)) if lines[1] in ("row", "point") else (slice(None), chosen)] = (
            True
        )
        if not np.array_equal(first, wanted):
            yield lines[0]


def false_cases(hint, beside, off):
    """What is said of the cases in which an answer is off. off: whether it is, by case."""
    wrong = [case for case, is_off in zip(beside.cases, off) if is_off]
    right = [case for case, is_off in zip(beside.cases, off) if not is_off]
    some = re.search(r"right except with (.*?)(?:[;:.](?: |$)|$)", hint)
    if some and not (
        all(has(case, some[1]) for case in wrong) and not any(has(case, some[1]) for case in right)
    ):
        yield some[0]
    listed = re.search(r"right except in these cases: (.*?)(?:[;.] |[;.]$|$)", hint)
    if listed:
        ways = listed[1].split(" | ")
        if not all(any(has(case, way) for way in ways) for case in wrong) or any(
            has(case, way) for case in right for way in ways
        ):
            yield listed[0]
    if "right with some batches and not with others" in hint and not (right and wrong):
        yield "right with some batches"
    parted = re.search(r"right with (.*?), not with (.*?)(?:[;.](?: |$)|$)", hint)
    if parted:
        fine = (any(has(c, one) for one in re.split(" and |, ", parted[1])) for c in right)
        not_fine = (any(has(c, one) for one in re.split(" and |, ", parted[2])) for c in wrong)
        if not (all(fine) and all(not_fine) and wrong and right):
            yield parted[0]


def false_factors(hint, beside):
    """By what factors an answer is said to be off in two cases."""
    said = re.search(
        r"each is (\S+) times what it should be with (.*), and (\S+) times with (.*): in what", hint
    )
    for factor, label in ((said[1], said[2]), (said[3], said[4])) if said else ():
        if not any(
            case.label == label and close(v, float(factor) * e)
            for case, (v, e, _) in zip(beside.cases, beside.pairs, strict=True)
        ):
            yield f"{factor} times with {label}"


def false_changes(hint, beside):
    """By what factor changes of weights are said to be off, in all cases or in two, or numbers."""
    times, right = r"(\S+) times what it should be", "as it should be"
    said = re.search(r"the change is (.*?)(?: with (.*), and (.*?) with (.*))?: (?:where|in)", hint)
    for factor, label in ((said[1], said[2]), (said[3], said[4])) if said else ():
        if factor is None:
            continue
        number = 1 if factor == right else float(re.fullmatch(times, factor)[1])
        room = ROOM * max(1, abs(number))  # it is said to three digits
        if not any(
            label in (None, case.label)
            and np.allclose(v - g, number * (e - g), rtol=0, atol=room * np.abs(e - g).max())
            for case, (v, e, g) in zip(beside.cases, beside.pairs, strict=True)
        ):
            yield f"{factor} with {label}"
    said = re.search(
        r"(?:it|each) is (\S+) ([·/] h²?) times what it should be, in every case", hint
    )
    if said:
        power = {"· h": 1, "· h²": 2, "/ h": -1, "/ h²": -2}[said[2]]
        factors = [float(said[1]) * case.test_inputs["h"] ** power for case in beside.cases]
        if not all(close(v / f, e) for f, (v, e, _) in zip(factors, beside.pairs, strict=True)):
            yield said[0]
    said = re.search(r"it is ([-+.e\d]+) times what it should be, in every case", hint)
    if said and not all(close(v, float(said[1]) * e) for v, e, _ in beside.pairs):
        yield said[0]


def false_owners(hint, beside):
    """Whose values an answer is said to have."""
    said = re.match(r"These are the values of (\S+), at the place of (\S+)\.", hint)
    if said:
        others = [case.expected[said[1]] for case in beside.cases]
        same = all(
            np.shape(v) == np.shape(e) and np.allclose(v, e, rtol=EXACTLY, atol=1e-6)
            for v, e in zip(beside.values, others)
        )
        if not same or said[2] != beside.part.name:
            yield said[0]


def false_batches(hint, beside):
    """How many points are said to come back, and how large batches are said to be."""
    said_of = [v for v, c in zip(beside.values, beside.cases) if f"with {c.label}:" in hint]
    if not said_of:
        return
    (value,) = said_of
    said = re.search(r"(\S+) of (\d+) points come back", hint)
    if said and beside.part.name == "each_once":
        count = int(said[2]) if said[1] == "all" else int(said[1])
        if count != np.count_nonzero(value) or int(said[2]) != len(value):
            yield said[0]
        gone = re.search(r"index (\d+), for one, is in no batch", hint)
        if gone and value[int(gone[1])]:
            yield gone[0]
        often = re.search(r"index (\d+) is there ([\d.]+) times", hint)
        if often and not np.isclose(value[int(often[1])], float(often[2]), rtol=1e-4):
            yield often[0]
    sizes = re.search(r"ou make (\d+) batch(?:es)? of ([\d., ]*)", hint)
    if sizes:
        shown = [float(n) for n in re.findall(r"[\d.]+", sizes[2])]
        if int(sizes[1]) != value.size or not np.allclose(
            np.ravel(value)[: len(shown)], shown, rtol=1e-3, atol=1e-3
        ):
            yield sizes[0]


def has(case, trait):
    """Whether a case is as some words say; any other words have to be its label."""
    if trait != case.label and ", " in trait:
        return all(has(case, one) for one in trait.split(", "))
    given = case.test_inputs
    sizes = [np.shape(given[name])[-1] for name in ("t", "b_o", "a_o") if name in given]
    points = [len(given[name]) for name in ("x", "t", "z", "back") if name in given]
    last = given.get("N", points[0] if points else 0), given.get("size", 0)
    if trait in ("one output", "several outputs"):
        return bool(sizes) and (sizes[0] == 1) == (trait == "one output")
    if trait in ("one data point", "several data points"):
        return bool(points) and (points[0] == 1) == (trait == "one data point")
    if trait.startswith("hidden="):
        return f"hidden={given.get('hidden')!r}" == trait
    if "batch" in trait:
        N, size = map(int, last)
        return trait == {0: "batches of the same size", 1: "a last batch of one point"}.get(
            N % size,
            "a last batch that is shorter" if N > size else "a single batch for all points",
        )
    return trait == case.label


def false_layers(hint, beside):
    """What is said of a layer beside the one after it, on the way back through many."""
    for name in re.findall(r"(d[Wb]\S+) is right(?:[,.:]|$)", hint):
        if name.rstrip(":,.") not in beside.right_parts:
            yield f"{name} is right"
    after = re.search(r"and (d[Wb]\S+) is not right either", hint)
    if after and after[1] in beside.right_parts:
        yield after[0]


def false_rounds(hint, beside):
    """What is said of the losses of a training loop."""
    count = re.search(r"the first (\w+) losses are right, the next one is not", hint)
    first = {"two": 2, "three": 3}[count[1]] if count else None
    if "the first loss is off already" in hint:
        first = 0
    if "the first loss is right, the second is not" in hint:
        first = 1
    if first is not None:
        places = [int(np.argmax(mask)) for mask in beside.off() if mask.any()]
        if not places or min(places) != first:
            yield f"{first} losses are right"
    if "the losses are right" in hint and "losses" not in beside.right_parts:
        yield "the losses are right"


def _is_place(words, index, shape):
    numbers = [int(n) for n in re.findall(r"\d+", words)]
    place = [int(i) + 1 for i in index]
    return numbers in (place, place[-1:]) and (len(numbers) == len(place) or shape[0] == 1)


def false_shapes(hint, beside):
    said = re.search(r"expected shape (\(.*?\)), got (\(.*?\)|one number)", hint)
    if said:
        shapes = [
            (str(np.shape(e)), str(np.shape(v)) if np.ndim(v) else "one number")
            for v, e in zip(beside.values, beside.expected)
        ]
        if (said[1], said[2]) not in shapes:
            yield said[0]
    numbers = re.search(r"expected (one number|a list of (\d+) numbers), got (\d+)", hint)
    if numbers:
        right = (int(numbers[2] or 1), int(numbers[3]))
        if right not in [(np.size(e), np.size(v)) for v, e in zip(beside.values, beside.expected)]:
            yield numbers[0]


def false_quantities(hint, beside):
    """Which of the student's quantities are said to be right, or not to be."""
    for name in re.findall(r"[Yy]our (\w+) is right", hint):
        if name not in beside.right_parts:
            yield f"{name} is right"
    carried = re.fullmatch(r"consistent with your (\w+), which is not right yet", hint)
    if carried and not beside.question.intermediates and carried[1] not in beside.wrong_parts:
        yield carried[0]


WHY_NOTHING = {
    "it is not finite": lambda v, e: not np.all(np.isfinite(v)),
    "it is 0, or nearly,": lambda v, e: np.any(np.abs(v) < 1e-3 * np.abs(e)),
    "it is nothing but 0 and 1": lambda v, e: set(np.abs(v).flat) <= {0, 1},
    "a 1 shows nothing": lambda v, e: v.size == 1 and v.item() == 1,
    "a -1 shows nothing": lambda v, e: v.size == 1 and v.item() == -1,
    "it is far too large": lambda v, e: np.abs(v).max() > 1e3 * np.abs(e).max(),
}


def false_reasons(hint, beside):
    """Why nothing carries over from an earlier value."""
    said = re.search(r"Mend your (\w+) first, since this depends on it: (.*)\.$", hint)
    said = said or re.search(
        r"This follows from your (\w+), so mend that first\. .* because (.*)\.$", hint
    )
    if not said or said[1] not in beside.answers:
        return
    right = [np.asarray(case.expected[said[1]]) for case in beside.cases]
    pairs = [(np.reshape(v, e.shape), e) for v, e in zip(beside.answers[said[1]], right)]
    for words, holds in WHY_NOTHING.items():
        if said[2].startswith(words) and not any(holds(v, e) for v, e in pairs):
            yield said[0]


# What the hints of mistakes claim


# Where a predicate says it better than values.
MISTAKES = {
    "wrong_sign": times(-1),
    "sign_turned": times(-1),
    "minus_beside_the_delta": times(-1),
    "difference_turned": times(-1),
    "factor_two": times(2),
    "factor_half": times(0.5),
    "half_forgotten": times(2),
    "bias_gradient_forgotten": lambda beside: beside.everywhere(lambda v, e: not v.any()),
    "bias_gradient_one": lambda beside: beside.everywhere(lambda v, e: np.all(v == 1)),
    "sum_over_batch": lambda beside: not beside.n_samples or times_points(beside, 1),
    "delta_averaged": lambda beside: beside.n_samples and times(1 / beside.n_samples)(beside),
    "transposed": lambda beside: beside.everywhere(
        lambda v, e: v.size == e.size and close(np.sort(v.ravel()), np.sort(e.ravel()))
    ),
    "units_swapped": lambda beside: beside.everywhere(
        lambda v, e: close(v, e[::-1] if e.shape[-1:] == (1,) else e[..., ::-1])
    ),
    "not_updated": lambda beside: beside.changes(lambda v, e: close(v, 0 * e)),
    "step_added": lambda beside: beside.changes(lambda v, e: close(v, -e)),
    "step_twice_as_long": lambda beside: beside.changes(lambda v, e: close(v, 2 * e)),
    "step_half_as_long": lambda beside: beside.changes(lambda v, e: close(v, e / 2)),
    "brackets_forgotten": lambda beside: beside.everywhere(lambda v, e: np.all(v > 1)),
    "loss_after_the_step": lambda beside: beside.everywhere(lambda v, e: close(v[:-1], e[1:])),
    "too_few_digits": lambda beside: beside.everywhere(lambda v, e: np.all(np.abs(v - e) < 0.06)),
    "difference_quotient": lambda beside: all(
        np.all(np.abs(v - e) <= 0.05 * np.abs(e).max()) for v, e, _ in beside.pairs
    ),
}
MISTAKES["rounded_on_the_way"] = off_only(
    lambda v, e: np.all(np.round(v, 2) == v) and np.all(np.abs(v - e) < 0.0101)
)
BY_PREDICATE_ALONE = {
    *("loss_after_the_step", "too_few_digits", "rounded_on_the_way", "difference_quotient"),
    "more_than_one_step",  # of which the optimizer's own count tells
}


def times_points(beside, power):
    """Whether the answer is the right one times the number of points, in each case."""
    for number, (v, e, g) in enumerate(beside.pairs):
        step = step_of(beside.question.id, beside.part.name, beside.cases[number])
        start = 0 if g is None else g
        if step and not close(v - start, len(step.x) ** power * (e - start)):
            return False
    return True


def explained(beside, names, in_part=False, following=None):
    """Whether one slip, or two at once, give the answer in each case; None if that is unknown.

    in_part: whether only the numbers that are off need fit. following: what takes the place of the
    right values, one list of possible arrays a case.
    """
    known = True
    off = beside.off()
    for number, (value, right, given) in enumerate(beside.pairs):
        start = 0 if given is None else np.asarray(given)
        raw = np.asarray(beside.values[number])
        if not beside.by_hand and np.squeeze(raw).shape != np.squeeze(right).shape:
            value = raw  # in code the shape counts
        if following is None and not off[number].any() and np.shape(value) == np.shape(right):
            continue  # a slip need not show in every case
        if following is None:
            found = _values_of(beside, names, number, right, start)
        else:
            found = [
                candidate
                for base in following[number]
                for candidate in _scaled(beside, names, number, base, start)
            ]
        if not found:
            known = False
            continue
        if not any(
            _fits(beside, value, wrong, off[number] if in_part else None) for wrong in found
        ):
            return False
    return True if known else None


def _fits(beside, value, wrong, off):
    """Whether an answer is what a slip gives; off: which numbers count, None for all."""
    wrong = np.asarray(wrong)
    if wrong.shape != np.shape(value):
        if wrong.size != np.size(value) or not (beside.by_hand or wrong.size == 1):
            return False
        wrong = wrong.reshape(np.shape(value))
    near = beside.near(value, wrong)
    if off is not None and off.shape == near.shape:
        near = near | ~off
    return bool(np.all(near))


def _values_of(beside, names, number, right, start):
    if len(names) == 1:
        return slip_values(beside, names[0], number)
    found = []
    for one, other in (names, names[::-1]):
        for value in slip_values(beside, one, number):
            if np.shape(value) in (np.shape(right), ()):
                found += _scaled(beside, (other,), number, value, start)
                # A step alone is not counted from the old weight.
                found += _scaled(beside, (other,), number, value, 0)
    return found


def _scaled(beside, names, number, base, start):
    """An array with slips that are plain factors."""
    step = step_of(beside.question.id, beside.part.name, beside.cases[number])
    book = Textbook(step) if step else None
    found = [base]
    for name in names:
        if name == "transposed":
            found = [value.T for value in found]
        elif name == "number_of_points_mistaken" and book:
            columns = book.x.shape[1]
            factors = (book.points / columns, 1 / columns, 1 / book.points)
            found = [start + f * (value - start) for f in factors for value in found]
        else:
            factors = factors_of(name, book)
            if name == "learning_rate_forgotten" and not book:
                factors = (1 / slips_elsewhere.LEARNING_RATES[beside.question.id],)
            if name == "sum_over_batch" and not book:
                factors = (len(beside.cases[number].test_inputs.get("x", [0])),)
            found = [start + f * (value - start) for f in factors for value in found]
    return found


def followings(beside):
    """What may follow from the student's wrong earlier values: a list of arrays for each case.

    None where they are not all known here.
    """
    own_functions = beside.question.intermediates or beside.question.id.startswith(("p1.", "l2."))
    if own_functions or step_of(beside.question.id, beside.part.name, beside.cases[0]) is None:
        return None
    quantity, index = quantity_and_index(beside.question.id, beside.part)
    by_case = []
    for number, case in enumerate(beside.cases):
        book = Textbook(step_of(beside.question.id, beside.part.name, case))
        right = book.all()
        own = {}
        for part in beside.question.parts:
            name, _ = quantity_and_index(beside.question.id, part)
            value = beside.answers[part.name][number]
            if part.name == beside.part.name or name not in right:
                continue
            if isinstance(value, np.ndarray) and np.size(value) == np.size(right[name]):
                own[name] = np.reshape(value, np.shape(right[name]))
        found = []
        names = [n for n in own if not np.allclose(own[n], right[n], rtol=1e-3, atol=1e-4)]
        for chosen in product((False, True), repeat=len(names)):
            some = {name: own[name] for name, taken in zip(names, chosen) if taken}
            for kept in ({}, {n: v for n, v in own.items() if n not in names}):
                for layers in ("", "h", "o", "ho"):
                    changed = {**kept, **some}
                    for layer in layers:
                        formula = FROM_OUTPUT.get(book.activation_of(layer))
                        if formula:
                            changed[f"slope_{layer}"] = formula(book(f"a_{layer}", **changed))
                    with np.errstate(all="ignore"):
                        found.append(np.asarray(book(quantity, **changed))[index])
        by_case.append(found)
    return by_case


AFTER_ERROR = "This is compared with what follows from your earlier values."
PARTLY = re.compile(r"right except|(is|are) off\b|off is all")
# Hints that say which quantity a right one would have to be, and not what was made of it.
FACTS = "is right: what happens between it and this?"


def untrue(verdict, beside):
    """The claims of a verdict's sentence that the numbers contradict."""
    hint, found = verdict.hint, []
    after_error = "earlier values" in hint or "that you had before" in hint
    if beside.numbers:
        found += false_shapes(hint, beside)
        found += false_owners(hint, beside)
        if beside.question.id == "p3.batches":
            found += false_batches(hint, beside)
    if beside.comparable:
        found += false_reasons(hint, beside)
        if not after_error:
            found += false_places(hint, beside)
            found += false_rounds(hint, beside)
            found += false_factors(hint, beside)
            found += false_changes(hint, beside)
            for pattern, holds in SENTENCES.items():
                match = re.search(pattern, hint, re.IGNORECASE)
                if match and not holds(beside):
                    found.append(match[0])
    if beside.numbers and not beside.comparable:
        found += _false_by_shape(verdict, beside)
    found += false_layers(hint, beside)
    found += false_ticks(hint, beside)
    found += false_quantities(hint, beside)
    if verdict.misconceptions and beside.comparable and "had before" not in hint:
        found += _false_names(verdict, beside)
    return found


def _false_by_shape(verdict, beside):
    """Names of slips that do not give an answer of another shape, as far as it is known."""
    for names in verdict.misconceptions:
        for number, value in enumerate(beside.values):
            given = [v for v in slip_values(beside, names[0], number) if np.shape(v) == value.shape]
            if len(names) == 1 and given and not any(np.all(beside.near(value, v)) for v in given):
                yield names[0]
                break


def _false_names(verdict, beside):
    in_part = bool(PARTLY.search(verdict.hint))
    following = None
    if AFTER_ERROR in verdict.hint:
        following = followings(beside)
        if following is None:
            return
    for names in verdict.misconceptions:
        alone = len(verdict.misconceptions) == 1 and len(names) == 1 and not in_part
        if alone and names[0] in MISTAKES and following is None:
            if not MISTAKES[names[0]](beside):
                yield names[0]
        if set(names) & BY_PREDICATE_ALONE:
            continue
        if explained(beside, names, in_part, following) is False:
            yield " + ".join(names)


def without_claim(verdict, beside):
    """Names of mistakes in a verdict about which nothing is claimed here."""
    if not beside.comparable or AFTER_ERROR in verdict.hint:
        return []
    return [
        name
        for names in verdict.misconceptions
        for name in names
        if name not in MISTAKES
        and not any(slip_values(beside, name, k) for k in range(len(beside.cases)))
        and not factors_of(name, None)
    ]


def kind(verdict):
    """The kind of a message, for the table: its mistakes, or its first words."""
    if verdict.misconception:
        return (
            "two at once"
            if any(len(n) > 1 for n in verdict.misconceptions)
            else ("one of several" if len(verdict.misconceptions) > 1 else verdict.misconception)
        )
    words = verdict.hint
    if "the way there" in words:
        return "the way there: …"
    return re.sub(r"[\d'`(].*", "…", words)[:45]


def wrong_values(rng, right, others):
    """Wrong answers as they come about, made of the right numbers: (name, one array per case)."""
    yield "turned", [-v for v in right]
    yield "doubled", [2 * v for v in right]
    yield "halved", [v / 2 for v in right]
    yield "zero", [0 * v for v in right]
    yield "ones", [np.ones_like(v) for v in right]
    yield "added", [v + rng.normal() for v in right]
    yield "scaled", [v * rng.uniform(0.1, 10) for v in right]
    yield "noise", [v * rng.uniform(-3, 3, np.shape(v)) for v in right]
    yield "random", [rng.normal(size=np.shape(v)) for v in right]
    yield "two decimals", [np.round(v, 2) for v in right]
    yield "one case", [right[0] + 0.1, *right[1:]]
    if np.size(right[0]) > 1:
        yield "reversed", [v[..., ::-1] for v in right]
        one = np.zeros(np.shape(right[0]))
        one.flat[rng.integers(one.size)] = 1
        yield "one off", [v + (0.3 * one if np.shape(v) == one.shape else 0.3) for v in right]
        yield "one turned", [v * (1 - 2 * one if np.shape(v) == one.shape else -1) for v in right]
    if np.ndim(right[0]) == 2:
        yield "transposed", [v.T for v in right]
    for name, other in others.items():
        if [np.shape(v) for v in other] == [np.shape(v) for v in right]:
            yield f"{name} instead", other
            yield f"{name} added", [v + o for v, o in zip(right, other)]
            yield f"{name} times", [v * o for v, o in zip(right, other)]


def besides(question, verdicts, record, cases, earlier_right=()):
    """(verdict, Beside) for each verdict of a question. earlier_right: quantities, as in Beside."""
    answers = {
        part.name: [
            case.read(value) if case.read and isinstance(value, np.ndarray) else value
            for value, case in zip(map(decode, record["answers"][part.name]), cases)
        ]
        for part in question.parts
    }
    by_status = {"right": set(earlier_right), "wrong": set()}
    for part, verdict in zip(question.parts, verdicts):
        names = {part.quantity or part.name}
        by_status["right" if verdict.status == "right" else "wrong"] |= names
        if verdict.status in ("wrong", "carried"):
            by_status["wrong"].add(part.name)
    for part, verdict in zip(question.parts, verdicts):
        yield (
            verdict,
            Beside(question, part, answers, cases, by_status["right"], by_status["wrong"]),
        )


def table(spoken, false):
    """The truth table as text: how often each kind of message was spoken, how often false."""
    by_kind = Counter()
    for (name, _), count in false.items():
        by_kind[name] += count
    lines = [f"{count:6} {by_kind[name]:4}  {name}" for name, count in spoken.most_common()]
    return "\n".join(["spoken false  kind", *lines])
