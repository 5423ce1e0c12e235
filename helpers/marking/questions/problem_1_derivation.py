"""Problem 1: the derivation, one link of the chain rule at a time. Answers are SymPy expressions.

The path leads from input i through hidden unit j to output unit k. An answer is recorded by its
values at random points at which every symbol has the value it has in the network there, so any
algebraically equal form is right.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from helpers.asking.formulas import values_at
from helpers.marking.misconceptions.of_a_step import Value, wrong_values
from helpers.marking.questions.model import Case, Mistake, Part, Question
from helpers.sgd_step import Quantities, SGDStep, random_step

Point = Mapping[str, float]  # the value of each symbol

POINTS = 3
INPUT, J, K = 1, 0, 0

# Each symbol's quantity in an SGDStep of one data point, and its element there.
SYMBOLS = {
    "x_i": ("x", (0, INPUT)),
    "w_ij": ("W_h", (INPUT, J)),
    "b_j": ("b_h", (J,)),
    "z_j": ("z_h", (0, J)),
    "a_j": ("a_h", (0, J)),
    "w_jk": ("W_o", (J, K)),
    "b_k": ("b_o", (K,)),
    "z_k": ("z_o", (0, K)),
    "a_k": ("a_o", (0, K)),
    "t_k": ("t", (0, K)),
    "eta": ("eta", ()),
    "delta_k": ("delta_o", (0, K)),
    "delta_j": ("delta_h", (0, J)),
}
ANSWERS = {
    "dE_da_k": ("dE_da_o", (0, K)),
    "da_k_dz_k": ("slope_o", (0, K)),
    "dz_k_dw_jk": ("a_h", (0, J)),
    "dz_k_da_j": ("W_o", (J, K)),
    "da_j_dz_j": ("slope_h", (0, J)),
    "dz_j_dw_ij": ("x", (0, INPUT)),
    "delta_k_formula": ("delta_o", (0, K)),
    "dE_dw_jk": ("dW_o", (J, K)),
    "dE_db_k": ("db_o", (K,)),
    "delta_j_formula": ("delta_h", (0, J)),
    "dE_dw_ij": ("dW_h", (INPUT, J)),
    "dE_db_j": ("db_h", (J,)),
    "w_jk_new": ("W_o_new", (J, K)),
    "b_k_new": ("b_o_new", (K,)),
    "w_ij_new": ("W_h_new", (INPUT, J)),
    "b_j_new": ("b_h_new", (J,)),
}
GRADIENTS = {"w_jk": "dE_dw_jk", "b_k": "dE_db_k", "w_ij": "dE_dw_ij", "b_j": "dE_db_j"}
# A link that is one factor of a product, and the other factor: easily confused.
OTHER_FACTOR = {"dz_k_dw_jk": "w_jk", "dz_k_da_j": "a_j", "dz_j_dw_ij": "w_ij"}
WHOLE_SUM = {"dz_k_dw_jk": "z_k", "dz_k_da_j": "z_k", "dz_j_dw_ij": "z_j", "dz_k_db_k": "z_k"}
DELTAS = ("delta_k", "delta_j")
HIDDEN_LAYER = ("delta_j_formula", "dE_dw_ij", "dE_db_j")
# What a weight's gradient would be with the other layer's input, as symbols.
OTHER_START = {"dE_dw_jk": ("x_i", "delta_k"), "dE_dw_ij": ("a_j", "delta_j")}
# Mistakes with units that have no symbol here.
OF_OTHER_UNITS = ("transposed", "other_edge", "start_of_the_edge")
# Where the output's delta is given, the error is not the student's to turn round or to scale.
IN_THE_HIDDEN_LAYER = {
    "wrong_sign": "sign_turned",
    "factor_two": "factor_of_its_own",
    "factor_half": "factor_of_its_own",
}


def _question(
    question: str,
    words: Mapping[str, str],
    deltas: Sequence[str] = (),
    depends_on: Sequence[str] = (),
) -> Question:
    """A question that asks for the formulas in `words`; deltas: those they may be written in.

    depends_on: the questions whose formulas these are built from.
    """
    parts = tuple(
        Part(
            name,
            1,
            in_words,
            default_hint="not equal to the right formula; which symbols belong in it?",
        )
        for name, in_words in words.items()
    )
    usable = [name for name in SYMBOLS if name not in DELTAS or name in deltas]

    def cases(rng: np.random.Generator) -> Iterator[Case]:
        # All steps first, as every question has them: answers to one build on those to others.
        steps = [random_step(rng, "sigmoid", units=(2, 2, 1), n_samples=1) for _ in range(POINTS)]
        for step in steps:
            point = {name: float(step[q][index]) for name, (q, index) in SYMBOLS.items()}
            expected: Quantities = {}
            mistakes: dict[str, list[Mistake]] = {}
            for part in parts:
                expected[part.name], mistakes[part.name] = _right_and_wrong(part.name, step, point)
            # The right deltas are what is asked for, so the student's kernel has others.
            shown = {name: value for name, value in point.items() if name not in DELTAS}
            shown |= {name: float(rng.uniform(0.3, 0.5)) for name in deltas}
            moved = {name: float(rng.uniform(0.7, 0.9)) for name in deltas}
            yield Case(
                expected,
                mistakes,
                given={
                    part.name: np.asarray(point[part.name.removesuffix("_new")])
                    for part in parts
                    if part.name.endswith("_new")
                },
                collect_answers=values_at,
                test_inputs={"point": shown, "usable": usable, "moved": moved},
                consequences=partial(_consequences, step, point),
                read=partial(_at_the_right_deltas, point, shown, moved) if deltas else None,
            )

    return Question(
        question,
        parts,
        tuple(words),
        cases=lambda rng: list(cases(rng)),
        depends_on={f"p1.{name}": None for name in depends_on},
    )


def _at_the_right_deltas(
    point: Point, shown: Point, moved: Point, values: np.ndarray
) -> np.ndarray:
    """A formula's value at `point`, from its values at `shown` and with each delta moved.

    No right formula has more of a delta than a factor, so its value goes along with it in a
    straight line.
    """
    if values.shape != (1 + len(moved),):
        return values
    value = values[0]
    for (name, other), changed in zip(moved.items(), values[1:], strict=True):
        value += (changed - values[0]) * (point[name] - shown[name]) / (other - shown[name])
    return np.asarray(value)


def _consequences(step: SGDStep, point: Point, own: Quantities) -> Iterator[Quantities]:
    """The values at a point of the formulas that are products of the student's own links.

    A gradient may be written with the symbol of a delta or with the student's formula for it, so
    there are two sets of values.
    """
    right = {name: step[quantity][index] for name, (quantity, index) in ANSWERS.items()}
    right["dz_k_db_k"] = 1.0
    for in_symbols in (True, False):
        q = dict(right | own)

        def define(name: str, value: Value, q: dict[str, Value] = q) -> Value:
            q[name] = value
            return own.get(name, value)

        delta_k: Value = define("delta_k_formula", q["dE_da_k"] * q["da_k_dz_k"])
        delta_k = point["delta_k"] if in_symbols else delta_k
        define("dE_dw_jk", delta_k * q["dz_k_dw_jk"])
        define("dE_db_k", delta_k * q["dz_k_db_k"])
        delta_j: Value = define("delta_j_formula", delta_k * q["dz_k_da_j"] * q["da_j_dz_j"])
        delta_j = point["delta_j"] if in_symbols else delta_j
        define("dE_dw_ij", delta_j * q["dz_j_dw_ij"])
        define("dE_db_j", delta_j)
        for name, gradient in GRADIENTS.items():
            q[f"{name}_new"] = point[name] - point["eta"] * own.get(gradient, q[gradient])
        yield q


def _right_and_wrong(name: str, step: SGDStep, point: Point) -> tuple[np.ndarray, list[Mistake]]:
    """The value of the formula `name` at a point, and the (misconception, value) pairs there."""
    wrong: list[Mistake] = []
    if name in OTHER_FACTOR:
        wrong.append(("other_factor", np.asarray(point[OTHER_FACTOR[name]])))
    if name in WHOLE_SUM:
        wrong.append(("sum_not_differentiated", np.asarray(point[WHOLE_SUM[name]])))
    if name in OTHER_START:
        start, delta = OTHER_START[name]
        wrong.append(("start_of_the_edge", np.asarray(point[start] * point[delta])))
    if name == "dz_k_db_k":
        wrong += [
            ("bias_gradient_forgotten", np.asarray(0.0)),
            ("sign_turned", np.asarray(-1.0)),
        ]
        return np.asarray(1.0), wrong
    quantity, index = ANSWERS[name]
    # The links a_j, w_jk and x_i are quantities of the forward pass; its mistakes do not apply.
    if name not in OTHER_FACTOR:
        for entry, value in _fitting(step, quantity):
            if name in HIDDEN_LAYER:
                entry = IN_THE_HIDDEN_LAYER.get(entry, entry)
            wrong.append((entry, np.asarray(value)[index]))
    else:
        wrong.append(("sign_turned", -step[quantity][index]))
    if name.startswith("da_"):
        wrong.append(("sign_turned", -step[quantity][index]))
    return np.asarray(step[quantity][index]), wrong


def _fitting(step: SGDStep, quantity: str) -> Iterator[Mistake]:
    """The catalogue's mistakes that keep the shape and are made of the notebook's symbols."""
    for entry, value in wrong_values(step, quantity):
        if np.shape(value) == np.shape(step[quantity]) and entry not in OF_OTHER_UNITS:
            yield entry, value


def _two_outputs() -> Question:
    """For those who finish early: delta_j when unit j feeds two output units, k and l."""
    part = Part("delta_j_formula", 0, "delta of hidden unit j, with two output units")

    def cases(rng: np.random.Generator) -> Iterator[Case]:
        for _ in range(POINTS):
            step = random_step(rng, "sigmoid", units=(2, 2, 2), n_samples=1)
            point = {"z_j": step["z_h"][0, J], "a_j": step["a_h"][0, J]}
            for unit, name in enumerate("kl"):
                point[f"w_j{name}"] = step["W_o"][J, unit]
                point[f"delta_{name}"] = step["delta_o"][0, unit]
            one_path = step["slope_h"][0, J] * point["delta_k"] * point["w_jk"]
            yield Case(
                {"delta_j_formula": step["delta_h"][0, J]},
                {
                    "delta_j_formula": [
                        ("one_path_only", np.asarray(one_path)),
                        ("paths_averaged", step["delta_h"][0, J] / 2),
                        *(
                            (IN_THE_HIDDEN_LAYER.get(m, m), np.asarray(v)[0, J])
                            for m, v in wrong_values(step, "delta_h")
                        ),
                    ]
                },
                collect_answers=values_at,
                test_inputs={"point": point, "usable": list(point)},
            )

    return Question("p1.two_outputs", (part,), ("delta_j_formula",), lambda rng: list(cases(rng)))


QUESTIONS = (
    _question(
        "p1.output_links",
        {
            "dE_da_k": "how the loss changes with the output's activation",
            "da_k_dz_k": "how that activation changes with its weighted input",
            "dz_k_dw_jk": "how that weighted input changes with the weight",
            "dz_k_db_k": "how it changes with the bias",
        },
    ),
    _question(
        "p1.output_layer",
        {
            "delta_k_formula": "delta of the output unit",
            "dE_dw_jk": "gradient of the output weight",
            "dE_db_k": "gradient of the output bias",
        },
        deltas=("delta_k",),
        depends_on=("output_links",),
    ),
    _question(
        "p1.hidden_links",
        {
            "dz_k_da_j": "how the output's weighted input changes with the hidden activation",
            "da_j_dz_j": "how that activation changes with its weighted input",
            "dz_j_dw_ij": "how that weighted input changes with the weight",
        },
    ),
    _question(
        "p1.hidden_layer",
        {
            "delta_j_formula": "delta of the hidden unit",
            "dE_dw_ij": "gradient of the hidden weight",
            "dE_db_j": "gradient of the hidden bias",
        },
        deltas=("delta_k", "delta_j"),
        depends_on=("output_links", "output_layer", "hidden_links"),
    ),
    _question(
        "p1.update",
        {
            "w_jk_new": "new output weight",
            "b_k_new": "new output bias",
            "w_ij_new": "new hidden weight",
            "b_j_new": "new hidden bias",
        },
        deltas=("delta_k", "delta_j"),
        depends_on=("output_links", "output_layer", "hidden_links", "hidden_layer"),
    ),
    _two_outputs(),
)
