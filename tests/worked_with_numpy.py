"""Problem 2 worked with NumPy, with slips wherever one wants them, and its verdicts."""

import itertools

import numpy as np

from helpers.checking import observe
from helpers.marking.questions import question_by_id
from helpers.sgd_step import PARAMETERS
from tests.judged_after import judged_after

SEED = 11
X, T, ETA = np.array([[0.5, 1.2]]), np.array([[0.15]]), 0.7
OLD = {
    "W_h": np.array([[0.6, 0.8], [0.3, -0.9]]),
    "b_h": np.array([0.1, -0.2]),
    "W_o": np.array([[1.3], [-0.5]]),
    "b_o": np.array([0.4]),
}
ACTIVATION = {
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda z, a: a * (1 - a)),
    "tanh": (np.tanh, lambda z, a: 1 - a**2),
    "relu": (lambda z: np.maximum(z, 0), lambda z, a: (z > 0) * 1.0),
}
# The order in which a student works, and what each result is computed from.
QUESTIONS = {
    "forward": ("z_h", "a_h", "z_o", "a_o", "E"),
    "backward": ("delta_o", "dW_o", "db_o", "delta_h", "dW_h", "db_h"),
    "update": ("W_h_new", "b_h_new", "W_o_new", "b_o_new", "E_new"),
}
NAMES = tuple(itertools.chain.from_iterable(QUESTIONS.values()))


def page(hidden, changed=(), keep=lambda value: value):
    """Problem 2 worked with NumPy. changed: {name: function of the right value}, applied at once,
    so that everything after it follows from the changed value. keep: applied to every result."""
    f, slope = ACTIVATION[hidden]
    sigma, slope_o = ACTIVATION["sigmoid"]
    q = dict(OLD)
    changed = dict(changed)

    def define(name, value):
        q[name] = keep(changed[name](value) if name in changed else value)

    def forward(W_h, b_h, W_o, b_o):
        return sigma(f(X @ W_h + b_h) @ W_o + b_o)

    define("z_h", X @ q["W_h"] + q["b_h"])
    define("a_h", f(q["z_h"]))
    define("z_o", q["a_h"] @ q["W_o"] + q["b_o"])
    define("a_o", sigma(q["z_o"]))
    define("E", ((T - q["a_o"]) ** 2).sum() / 2)
    define("delta_o", (q["a_o"] - T) * slope_o(q["z_o"], q["a_o"]))
    define("dW_o", q["a_h"].T @ q["delta_o"])
    define("db_o", q["delta_o"][0])
    define("delta_h", q["delta_o"] @ q["W_o"].T * slope(q["z_h"], q["a_h"]))
    define("dW_h", X.T @ q["delta_h"])
    define("db_h", q["delta_h"][0])
    for name in PARAMETERS:
        define(f"{name}_new", q[name] - ETA * q[f"d{name}"])
    a_o = forward(*(q[f"{name}_new"] for name in PARAMETERS))
    define("E_new", ((T - a_o) ** 2).sum() / 2)
    return q


def marked(hidden, answers):
    """All verdicts of one section, by part, as the grader finds them."""
    found, records = {}, {}
    # The hidden units' weighted inputs are asked for in the first section.
    sections = [("sigmoid", "forward")] if hidden != "sigmoid" else []
    for section, kind in [*sections, *((hidden, kind) for kind in QUESTIONS)]:
        question = question_by_id(f"p2.{section}.{kind}")
        given = {part.name: answers[part.name] for part in question.parts}
        records[question.id] = observe(question, given, SEED)
        verdicts = judged_after(question, records[question.id], SEED, records)
        if section == hidden:
            found |= {verdict.part: verdict for verdict in verdicts}
        elif section != hidden:
            found["z_h"] = verdicts[0]
    return found
