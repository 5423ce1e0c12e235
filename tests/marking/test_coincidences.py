"""A question's numbers make no coincidences: one slip does not look like another.

The mistakes of the catalogue are compared in test_recognition. Here are the simple factors that a
slip brings in or leaves out, ½, 2, the learning rate, the error, the numbers of points, inputs,
units and outputs, and the products of two of them.
"""

from functools import cache
from itertools import combinations

import numpy as np
import pytest

from helpers.course import lecture_step
from helpers.marking.questions import NOTEBOOKS, questions_of
from helpers.sgd_step import SGDStep
from tests.marking.claims import step_of

ALIKE = 5e-3  # relative: so near are two numbers by hand the same


def factors_of(step):
    """The factors of an SGDStep, by name."""
    points, outputs = step.t.shape
    named = {
        "½": 0.5,
        "2": 2,
        "η": step.eta,
        "N": points,
        "outputs": outputs,
        "inputs": step.x.shape[1],
        "hidden": len(step["b_h"]),
    }
    if points * outputs == 1:
        named["error"] = abs(step["dE_da_o"].item())
    return named


@cache
def by_question():
    """The factors of each question, by name: an array with one number for each of its cases."""
    found = {
        # The two points of the line, with errors of 2 and 4, and its learning rate
        "l1.step": {"½": 0.5, "2": 2, "η": 0.25, "N": 2},
        # An output of 0.8 with the target 0.3
        "l3.output_deltas": {"½": 0.5, "2": 2, "error": 0.5, "derivative": 0.16},
        # The activation 0.8, the weights 0.5 and 2, the deltas 0.3 and -0.2
        "l2.two_paths": {"½": 0.5, "2": 2, "paths": 2, "derivative": 0.16, "activation": 0.8},
        "l2.output_delta": factors_of(
            SGDStep(lecture_step().net, lecture_step().x, [[0.1]], lecture_step().eta)
        ),
    }
    for notebook in NOTEBOOKS.values():
        for name, question in questions_of(notebook).items():
            part = question.parts[0].name
            steps = [step_of(name, part, case) for case in question.cases_from(1)]
            if name in found or not all(steps):
                continue
            each = [factors_of(step) for step in steps]
            common = set.intersection(*map(set, each))
            found[name] = {key: np.array([one[key] for one in each]) for key in common}
    return found


def coincidences(factors):
    """Pairs of products of at most two factors that have one value in every case."""
    single = {name: v for name, v in factors.items() if not np.all(np.asarray(v) == 1)}
    products = {(name,): value for name, value in single.items()}
    products |= {
        (one, other): single[one] * single[other]
        for one, other in combinations(sorted(single), 2)
        if {one, other} != {"½", "2"}
    }
    return {
        frozenset((" · ".join(one), " · ".join(other)))
        for one, other in combinations(products, 2)
        if not set(one) & set(other)
        and np.allclose(products[one], products[other], rtol=ALIKE, atol=0)
    }


def pairs(*of_two):
    return {frozenset(pair.split(" = ")) for pair in of_two}


# Two inputs and two hidden units are two: no network with a hidden layer that is worked by hand
# could be smaller.
OF_TWO = pairs("2 = inputs", "2 = hidden", "inputs = hidden", "hidden = inputs")
# The lecture's learning rate is one half: to change it, change it in helpers.course.lecture_step,
# and in the lecture's text and pictures wherever a step is computed with it.
A_HALF = pairs("½ = η", "½ · hidden = 2 · η", "½ · inputs = 2 · η")
A_HALF |= pairs("hidden · ½ = 2 · η", "inputs · ½ = 2 · η")
A_HALF |= pairs("hidden · ½ = inputs · η", "inputs · ½ = hidden · η")
KNOWN = {
    # ¼ is one half of one half, and there are two points
    "l1.step": pairs("2 = N", "½ = 2 · η", "½ = N · η"),
    "l3.output_deltas": pairs("½ = error"),
    "l2.two_paths": pairs("2 = paths"),
    # With a third point neither the sum nor the average would look like a factor 2.
    "p2.two_points": pairs(
        *("2 = N", "N = inputs", "N = hidden", "2 · N = hidden · inputs"),
        *("2 · inputs = N · hidden", "2 · hidden = N · inputs"),
    ),
}


@pytest.mark.parametrize("name", by_question())
def test_no_two_simple_factors_look_alike(name):
    found = coincidences(by_question()[name]) - OF_TWO - KNOWN.get(name, set())
    if name.startswith("l2."):
        found -= A_HALF
    assert found == set()


def test_what_is_known_is_still_so():
    for name, known in KNOWN.items():
        assert known & coincidences(by_question()[name]), name
    assert frozenset(("½", "η")) in coincidences(factors_of(lecture_step()))
