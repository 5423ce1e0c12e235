"""Problem 1: the derivation, one link of the chain rule at a time. Answers are SymPy expressions.

The path leads from input i through hidden unit j to output unit k. An answer is recorded by its
values at random points at which every symbol has the value it has in the network there, so any
algebraically equal form is right.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from helpers.asking.formulas import values_at
from helpers.marking.misconceptions.of_a_step import Value, slope_from_output, wrong_values
from helpers.marking.questions.model import (
    Case,
    Mistake,
    MistakesOnDemand,
    Part,
    Question,
    learning_rate,
)
from helpers.sgd_step import Quantities, SGDStep, random_step

Point = Mapping[str, float]  # the value of each symbol

POINTS = 3
INPUT, J, K = 1, 0, 0
M, L = 1, 1  # the other hidden unit and the other output unit, where there are two

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
WITH_A_DELTA = ("dE_dw_jk", "dE_db_k", "delta_j_formula", "dE_dw_ij", "dE_db_j")
# What a weight's gradient would be with the other layer's input, as symbols.
OTHER_START = {"dE_dw_jk": ("x_i", "delta_k"), "dE_dw_ij": ("a_j", "delta_j")}
# Mistakes with units that have no symbol here.
OF_OTHER_UNITS = (
    *("transposed", "other_edge", "start_of_the_edge"),
    *("units_swapped", "inputs_exchanged", "mean_over_outputs"),
    # These are no formulas, and a in place of the derivative is one of its factors.
    *("slope_of_relu", "trace_in_another_order", "activation_for_slope"),
)
# Where a delta is given, the error is not the student's to turn round or to scale.
BESIDE_A_DELTA = {
    "wrong_sign": "minus_beside_the_delta",
    "factor_two": "factor_of_its_own",
    "factor_half": "factor_of_its_own",
}


# The symbols that each formula cannot be without; a delta may be spelled out.
OUTPUT, ITS_ERROR, HIDDEN = "a_k|z_k", "delta_k|t_k", "a_j|z_j"
NEEDS = {
    "dE_da_k": (OUTPUT, "t_k"),
    "da_k_dz_k": (OUTPUT,),
    "dz_k_dw_jk": (HIDDEN,),
    "dz_k_db_k": (),
    "dz_k_da_j": ("w_jk",),
    "da_j_dz_j": (HIDDEN,),
    "dz_j_dw_ij": ("x_i",),
    "delta_k_formula": (OUTPUT, "t_k"),
    "dE_dw_jk": (ITS_ERROR, HIDDEN),
    "dE_db_k": (ITS_ERROR,),
    "delta_j_formula": (ITS_ERROR, "w_jk", HIDDEN),
    "dE_dw_ij": ("delta_j|w_jk", "x_i"),
    "dE_db_j": ("delta_j|w_jk",),
    "w_jk_new": ("w_jk", "eta", ITS_ERROR, HIDDEN),
    "b_k_new": ("b_k", "eta", ITS_ERROR),
    "w_ij_new": ("w_ij", "eta", "delta_j|w_jk", "x_i"),
    "b_j_new": ("b_j", "eta", "delta_j|w_jk"),
}
SPELLED_OUT = ("a_k", "z_k", "t_k", "delta_k", "a_j", "z_j")
MAY_HAVE = {
    name: SPELLED_OUT if "delta_j|w_jk" in needs else ("a_k", "z_k")
    for name, needs in NEEDS.items()
    if {ITS_ERROR, "delta_j|w_jk"} & set(needs)
}


# What each symbol is, and what to look at where a formula has the right ones.
MEANINGS = {
    "x_i": "the value of input unit i",
    "w_ij": "the weight from unit i to unit j",
    "b_j": "the bias of hidden unit j",
    "z_j": "the weighted input of hidden unit j",
    "a_j": "the activation of hidden unit j",
    "w_jk": "the weight from unit j to unit k",
    "b_k": "the bias of output unit k",
    "z_k": "the weighted input of output unit k",
    "a_k": "the activation of output unit k",
    "t_k": "the target",
    "eta": "the learning rate",
    "delta_k": "the delta of output unit k",
    "delta_j": "the delta of hidden unit j",
}
IN_A_SUM = "which term of {0} has the {1} in it, and what stands beside the {1} there?"
OF_A_SIGMOID = (
    "which two factors does section 1 give the derivative of a sigmoid, and of which unit?"
)
OF_A_BIAS = "how far does z_{0} move when b_{0} moves by 1, and which unit's delta belongs to that?"
OLD_AND_STEP = "which gradient of yours above belongs to it, and what becomes of that in a step?"
LOOK_AT = {
    "dE_da_k": "what does the square become, and what does the bracket's own derivative bring "
    "along?",
    "da_k_dz_k": OF_A_SIGMOID,
    "dz_k_dw_jk": IN_A_SUM.format("z_k", "weight"),
    "dz_k_db_k": "the bias is one of the terms of z_k: how far does z_k move when it moves by 1?",
    "dz_k_da_j": IN_A_SUM.format("z_k", "activation"),
    "da_j_dz_j": OF_A_SIGMOID,
    "dz_j_dw_ij": IN_A_SUM.format("z_j", "weight"),
    "delta_k_formula": "which two links make a delta, and what joins them?",
    "dE_dw_jk": "which link comes after the delta of unit k, and what joins the two?",
    "dE_db_k": OF_A_BIAS.format("k"),
    "delta_j_formula": "which two links lead from the delta of unit k back to z_j, and what joins "
    "all three?",
    "dE_dw_ij": "which link comes after the delta of unit j, and what joins the two?",
    "dE_db_j": OF_A_BIAS.format("j"),
    **dict.fromkeys(("w_jk_new", "b_k_new", "w_ij_new", "b_j_new"), OLD_AND_STEP),
}
OF_BOTH_OUTPUTS = MEANINGS | {
    "z_m": "the weighted input of hidden unit m",
    "a_m": "the activation of hidden unit m",
    "w_jl": "the weight from unit j to unit l",
    "w_mk": "the weight from unit m to unit k",
    "w_ml": "the weight from unit m to unit l",
    "b_l": "the bias of output unit l",
    "z_l": "the weighted input of output unit l",
    "a_l": "the activation of output unit l",
    "t_l": "the target of output unit l",
    "delta_l": "the delta of output unit l",
}
OWN_EDGE = "does each delta stand with the weight of its own edge"
OF_AN_OUTPUT = (
    "section 2 finds the same for one output: which error and which derivative are in it?"
)
# Why a delta may not stand in a formula, and what to write.
NO_DELTA_YET = "a link is one derivative alone, and a delta is a product of several"
NO_DELTA_J = "it belongs to the hidden layer, which builds on this one"
IN_THE_SUM = (
    "it is the sum of the first two lines. Begin with the loss itself: which of the symbols in it "
    "change with the weighted input that is asked about?"
)
IN_THE_LAST_LINE = (
    "it is what the third line asks for. Begin with this part of the loss: which of the symbols in "
    "it change with z_k?"
)


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
            needs=NEEDS[name],
            may_have=MAY_HAVE.get(name, ()),
            question=LOOK_AT[name],
            meanings=MEANINGS,
        )
        for name, in_words in words.items()
    )
    usable = [name for name in SYMBOLS if name not in DELTAS or name in deltas]

    def cases(rng: np.random.Generator) -> Iterator[Case]:
        # All steps first, as every question has them: answers to one build on those to others.
        steps = [
            random_step(rng, "sigmoid", units=(2, 2, 1), n_samples=1, with_eta=learning_rate(rng))
            for _ in range(POINTS)
        ]
        for step in steps:
            point = {name: float(step[q][index]) for name, (q, index) in SYMBOLS.items()}
            expected = {part.name: _right(part.name, step) for part in parts}
            # The right deltas are what is asked for, so the student's kernel has others.
            shown = {name: value for name, value in point.items() if name not in DELTAS}
            shown |= {name: float(rng.uniform(0.3, 0.5)) for name in deltas}
            moved = {name: float(rng.uniform(0.7, 0.9)) for name in deltas}
            yield Case(
                expected,
                MistakesOnDemand(expected, partial(_wrong, step, point)),
                given={
                    part.name: np.asarray(point[part.name.removesuffix("_new")])
                    for part in parts
                    if part.name.endswith("_new")
                },
                collect_answers=values_at,
                test_inputs={
                    **{"point": shown, "usable": usable, "moved": moved},
                    "instead": {
                        name: NO_DELTA_J if deltas else NO_DELTA_YET
                        for name in DELTAS
                        if name not in deltas
                    },
                },
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


def _right(name: str, step: SGDStep) -> np.ndarray:
    """The value of the formula `name` at the point of a step."""
    if name == "dz_k_db_k":
        return np.asarray(1.0)
    quantity, index = ANSWERS[name]
    return np.asarray(step[quantity][index])


def _wrong(step: SGDStep, point: Point, name: str) -> Iterator[Mistake]:
    """The (misconception, value) pairs of the formula `name` at a point."""
    if name in OTHER_FACTOR:
        yield "other_factor", np.asarray(point[OTHER_FACTOR[name]])
    if name in WHOLE_SUM:
        yield "sum_not_differentiated", np.asarray(point[WHOLE_SUM[name]])
    if name in OTHER_START:
        start, delta = OTHER_START[name]
        yield "start_of_the_edge", np.asarray(point[start] * point[delta])
    if name == "dz_k_db_k":
        yield "bias_gradient_forgotten", np.asarray(0.0)
        yield "sign_turned", np.asarray(-1.0)
        return
    quantity, index = ANSWERS[name]
    # The links a_j, w_jk and x_i are quantities of the forward pass; its mistakes do not apply.
    if name not in OTHER_FACTOR:
        for entry, value in _fitting(step, quantity):
            if name in WITH_A_DELTA:
                entry = BESIDE_A_DELTA.get(entry, entry)
            yield entry, np.asarray(value)[index]
    if name in OTHER_FACTOR or name.startswith("da_"):
        yield "sign_turned", -step[quantity][index]


def _fitting(step: SGDStep, quantity: str) -> Iterator[Mistake]:
    """The catalogue's mistakes that keep the shape and are made of the notebook's symbols."""
    for entry, value in wrong_values(step, quantity):
        if np.shape(value) == np.shape(step[quantity]) and entry not in OF_OTHER_UNITS:
            yield entry, value


def _of_two_outputs(rng: np.random.Generator) -> Iterator[tuple[SGDStep, dict[str, float]]]:
    """Steps with two output units, k and l, and the value of each symbol there."""
    for _ in range(POINTS):
        step = random_step(rng, "sigmoid", units=(2, 2, 2), n_samples=1)
        point = {}
        for unit, name in ((J, "j"), (M, "m")):
            point[f"z_{name}"] = step["z_h"][0, unit]
            point[f"a_{name}"] = step["a_h"][0, unit]
            for output, after in ((K, "k"), (L, "l")):
                point[f"w_{name}{after}"] = step["W_o"][unit, output]
        for output, name in ((K, "k"), (L, "l")):
            point[f"b_{name}"] = step["b_o"][output]
            point[f"z_{name}"] = step["z_o"][0, output]
            point[f"a_{name}"] = step["a_o"][0, output]
            point[f"t_{name}"] = step["t"][0, output]
            point[f"delta_{name}"] = step["delta_o"][0, output]
        yield step, point


# Where deltas of both output units are given, they may be spelled out all the same.
WITH_DELTAS_SPELLED_OUT = ("a_k", "z_k", "t_k", "a_l", "z_l", "t_l")


def _output_sum() -> Question:
    """The derivative of a sum of losses with respect to one output's weighted input."""
    parts = (
        Part(
            "dE_k_dz_k",
            1,
            "how output k's part of the loss changes with z_k",
            default_hint="not equal to the right formula; through what does z_k reach E_k?",
            needs=("a_k|z_k", "t_k"),
            may_have=("a_k", "z_k"),
            question=OF_AN_OUTPUT,
            meanings=OF_BOTH_OUTPUTS,
        ),
        Part(
            "dE_l_dz_k",
            1,
            "how output l's part of the loss changes with z_k",
            default_hint="not right; which of the symbols in E_l change when z_k does?",
        ),
        Part(
            "delta_l_formula",
            1,
            "delta of output unit l",
            default_hint="not the delta of output unit l: it is built as that of unit k is, from "
            "the error and the derivative of unit l",
            needs=("a_l|z_l", "t_l"),
            may_have=("a_l", "z_l"),
            question=OF_AN_OUTPUT,
            meanings=OF_BOTH_OUTPUTS,
        ),
    )

    def cases(rng: np.random.Generator) -> Iterator[Case]:
        for step, point in _of_two_outputs(rng):
            delta = step["delta_o"][0]
            usable = [name for name in point if not name.startswith("delta_")]
            yield Case(
                {
                    "dE_k_dz_k": np.asarray(delta[K]),
                    "dE_l_dz_k": np.asarray(0.0),
                    "delta_l_formula": np.asarray(delta[L]),
                },
                MistakesOnDemand(
                    [part.name for part in parts], partial(_wrong_with_two_outputs, step)
                ),
                collect_answers=values_at,
                test_inputs={
                    "point": {n: point[n] for n in usable},
                    "usable": usable,
                    "instead": {"delta_k": IN_THE_SUM, "delta_l": IN_THE_LAST_LINE},
                },
            )

    names = tuple(part.name for part in parts)
    return Question("p1.output_sum", parts, names, lambda rng: list(cases(rng)))


def _wrong_with_two_outputs(step: SGDStep, name: str) -> Iterator[Mistake]:
    """The (misconception, value) pairs of what two output units, k and l, do to the loss."""
    errors, slopes, delta = step["dE_da_o"][0], step["slope_o"][0], step["delta_o"][0]
    if name == "dE_l_dz_k":
        for value in (delta[L], errors[L] * slopes[K], errors[L]):
            yield "other_output_kept", np.asarray(value)
        yield "other_part_of_the_loss", np.asarray(delta[K])
        return
    unit, other = (K, L) if name == "dE_k_dz_k" else (L, K)
    yield "output_l_for_k" if unit == K else "other_output", np.asarray(delta[other])
    yield "units_mixed", np.asarray(errors[unit] * slopes[other])
    yield "units_mixed", np.asarray(errors[other] * slopes[unit])
    yield "terms_of_both_outputs", np.asarray(delta.sum())
    yield "slope_of_tanh", errors[unit] * slope_from_output("tanh", step["a_o"][0, unit])
    for entry, value in _fitting(step, "delta_o"):
        yield entry, np.asarray(np.asarray(value)[0, unit])


def _wrong_with_two_paths(step: SGDStep, point: Point, name: str) -> Iterator[Mistake]:
    """The (misconception, value) pairs of delta_j where unit j feeds two output units."""
    one_path = step["slope_h"][0, J] * point["delta_k"] * point["w_jk"]
    yield "one_path_only", np.asarray(one_path)
    yield "paths_averaged", step["delta_h"][0, J] / 2
    yield "paths_multiplied", np.asarray(one_path * point["delta_l"] * point["w_jl"])
    slope, delta, W_o = step["slope_h"][0, J], step["delta_o"][0], step["W_o"][J]
    yield "edges_crossed", np.asarray(delta @ W_o[::-1] * slope)
    yield "every_delta_on_every_edge", np.asarray(delta.sum() * W_o.sum() * slope)
    for sign in ([1, -1], [-1, 1]):
        yield "sign_of_a_path", np.asarray(delta @ (sign * W_o) * slope)
    of_tanh = slope_from_output("tanh", step["a_h"][0, J])
    yield "slope_of_tanh", np.asarray(delta @ W_o * of_tanh)
    for entry, value in _fitting(step, "delta_h"):
        yield BESIDE_A_DELTA.get(entry, entry), np.asarray(value)[0, J]


def _two_outputs() -> Question:
    """delta_j when unit j feeds two output units, k and l."""
    part = Part(
        "delta_j_formula",
        2,
        "delta of hidden unit j, with two output units",
        default_hint="not equal to the right formula; what comes back on each path?",
        needs=("w_jk", "delta_k|t_k", "w_jl", "delta_l|t_l", HIDDEN),
        may_have=WITH_DELTAS_SPELLED_OUT,
        question=f"{OWN_EDGE}, and the derivative of unit j with the whole sum?",
        meanings=OF_BOTH_OUTPUTS,
    )

    def cases(rng: np.random.Generator) -> Iterator[Case]:
        for step, point in _of_two_outputs(rng):
            usable = ("z_j", "a_j", "w_jk", "delta_k", "w_jl", "delta_l", *WITH_DELTAS_SPELLED_OUT)
            yield Case(
                {part.name: step["delta_h"][0, J]},
                MistakesOnDemand((part.name,), partial(_wrong_with_two_paths, step, point)),
                collect_answers=values_at,
                test_inputs={"point": {n: point[n] for n in usable}, "usable": list(usable)},
            )

    return Question("p1.two_outputs", (part,), ("delta_j_formula",), lambda rng: list(cases(rng)))


def _transpose() -> Question:
    """What comes back to each of two hidden units: the row of deltas times W_o transposed."""
    units = {"back_j": (J, "what comes back to unit j"), "back_m": (M, "what comes back to unit m")}
    parts = tuple(
        Part(
            name,
            1,
            in_words,
            default_hint="not equal to the right sum; what comes back on each of the two edges "
            "that lead on from this unit?",
            needs=("delta_k|t_k", f"w_{name[-1]}k", "delta_l|t_l", f"w_{name[-1]}l"),
            may_have=WITH_DELTAS_SPELLED_OUT,
            question=f"{OWN_EDGE}, and what joins the two paths?",
            meanings=OF_BOTH_OUTPUTS,
        )
        for name, (_, in_words) in units.items()
    )

    def cases(rng: np.random.Generator) -> Iterator[Case]:
        for step, point in _of_two_outputs(rng):
            expected, mistakes = {}, {}
            for name, (unit, _) in units.items():
                back = step["dE_da_h"][0, unit]
                W_o, delta = step["W_o"], step["delta_o"][0]
                expected[name] = np.asarray(back)
                mistakes[name] = [
                    ("one_path_only", np.asarray(delta[K] * W_o[unit, K])),
                    ("one_path_only", np.asarray(delta[L] * W_o[unit, L])),
                    ("not_transposed", np.asarray((delta @ W_o)[unit])),
                    ("edges_of_another_unit", step["dE_da_h"][0, 1 - unit]),
                    ("paths_averaged", np.asarray(back / 2)),
                    ("paths_multiplied", np.asarray(np.prod(delta * W_o[unit]))),
                    ("slope_too_early", step["delta_h"][0, unit]),
                    ("sign_turned", np.asarray(-back)),
                    ("edges_crossed", np.asarray(delta @ W_o[unit, ::-1])),
                    ("every_delta_on_every_edge", np.asarray(delta.sum() * W_o[unit].sum())),
                    *(
                        ("sign_of_a_path", np.asarray(delta @ (sign * W_o[unit])))
                        for sign in ([1, -1], [-1, 1])
                    ),
                ]
            usable = [n for n in point if not n.startswith("b_")]
            yield Case(
                expected,
                mistakes,
                collect_answers=values_at,
                test_inputs={"point": {n: point[n] for n in usable}, "usable": usable},
            )

    return Question("p1.transpose", parts, tuple(units), lambda rng: list(cases(rng)))


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
    _output_sum(),
    _two_outputs(),
    _transpose(),
)
