"""Problem 2 worked in plain Python, independently of the course's code, and its verdicts."""

import numpy as np

from helpers.checking import observe
from helpers.course import tutorial_step
from helpers.marking.judging import judge
from helpers.marking.questions import question_by_id

SEED = 20240
FORWARD = ("z_h", "a_h", "z_o", "a_o", "E")
BACKWARD = ("delta_o", "dW_o", "db_o", "delta_h", "dW_h", "db_h")
UPDATE = ("W_o_new", "b_o_new", "W_h_new", "b_h_new", "E_new")


def given(student=""):
    """What Problem 2 gives: x, t, eta, W_h, b_h, W_o, b_o as plain Python numbers."""
    if not student:
        return (0.5, 1.2), 0.15, 0.7, [[0.6, 0.8], [0.3, -0.9]], [0.1, -0.2], [1.3, -0.5], 0.4
    step = tutorial_step("sigmoid", student)
    x, t, W_h, b_h, W_o, b_o = (step[n] for n in ("x", "t", "W_h", "b_h", "W_o", "b_o"))
    return (
        *(x[0].tolist(), t.item(), step.eta),
        *(W_h.tolist(), b_h.tolist(), W_o[:, 0].tolist(), b_o.item()),
    )


def by_hand(hidden, keep=lambda value: value, student=""):
    """Problem 2 in plain Python; keep(value) is applied to every result."""
    f = {"sigmoid": lambda z: 1 / (1 + np.exp(-z)), "tanh": np.tanh, "relu": lambda z: max(0, z)}
    slope = {
        "sigmoid": lambda z, a: a * (1 - a),
        "tanh": lambda z, a: 1 - a * a,
        "relu": lambda z, a: float(z > 0),
    }[hidden]
    x, t, eta, W_h, b_h, W_o, b_o = given(student)

    def forward(W_h, b_h, W_o, b_o):
        z_h = [keep(x[0] * W_h[0][j] + x[1] * W_h[1][j] + b_h[j]) for j in (0, 1)]
        a_h = [keep(f[hidden](z)) for z in z_h]
        z_o = keep(a_h[0] * W_o[0] + a_h[1] * W_o[1] + b_o)
        a_o = keep(f["sigmoid"](z_o))
        return z_h, a_h, z_o, a_o, keep((t - a_o) ** 2 / 2)

    z_h, a_h, z_o, a_o, E = forward(W_h, b_h, W_o, b_o)
    delta_o = keep((a_o - t) * a_o * (1 - a_o))
    delta_h = [keep(delta_o * W_o[j] * slope(z_h[j], a_h[j])) for j in (0, 1)]
    dW_o = [keep(a * delta_o) for a in a_h]
    dW_h = [[keep(x[i] * delta_h[j]) for j in (0, 1)] for i in (0, 1)]
    W_o_new = [keep(w - eta * g) for w, g in zip(W_o, dW_o)]
    b_o_new = keep(b_o - eta * delta_o)
    W_h_new = [[keep(W_h[i][j] - eta * dW_h[i][j]) for j in (0, 1)] for i in (0, 1)]
    b_h_new = [keep(b_h[j] - eta * delta_h[j]) for j in (0, 1)]
    E_new = forward(W_h_new, b_h_new, W_o_new, b_o_new)[-1]
    return dict(
        z_h=z_h, a_h=a_h, z_o=z_o, a_o=a_o, E=E, delta_o=delta_o, dW_o=dW_o, db_o=delta_o,
        delta_h=delta_h, dW_h=dW_h, db_h=delta_h, W_o_new=W_o_new, b_o_new=b_o_new,
        W_h_new=W_h_new, b_h_new=b_h_new, E_new=E_new,
    )  # fmt: skip


def verdicts(question, seed=SEED, student="", **answers):
    """The verdicts of a question by part: (verdict, misconception)."""
    asked = question_by_id(question, student)
    found = judge(asked, observe(asked, answers, seed), seed)
    return {verdict.part: (verdict.status, verdict.misconception) for verdict in found}


def page_verdicts(hidden, page, student=""):
    """Yield (part, its verdict) of all that a page in Problem 2 answers for one activation."""
    for kind, names in (("forward", FORWARD), ("backward", BACKWARD), ("update", UPDATE)):
        if kind == "forward" and hidden != "sigmoid":
            names = names[1:]
        answers = {name: page[name] for name in names}
        found = verdicts(f"p2.{hidden}.{kind}", student=student, **answers)
        yield from found.items()
