"""The sample students: what each hands in, and what must come of it.

`not_right` says, for each question, which parts are not right and how: "misconception" stands for a
wrong answer that is recognised, "wrong", "carried", "missing" or "error" for those. Every part that
is not named there must be right.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from helpers.marking.questions import question_by_id, questions_of
from tests.sample_class.work import Notebook, notebook_names, zipped

P1, P2, P3 = "problem_1_derivation", "problem_2_pen_and_paper", "problem_3_numpy"
BACKWARD = ("dW_h", "db_h", "dW_o", "db_o")
TRAINED = ("losses", "E_end")
UPDATED = ("W_h_new", "b_h_new", "W_o_new", "b_o_new")
HIDDEN = ("sigmoid", "tanh", "relu")


@dataclass(frozen=True)
class Student:
    """A sample student.

    make: returns what is handed in, Notebooks and {file name: bytes}. shows: what it is an example
    of. states: of the notebooks that are neither "graded" nor "missing". not_right: see above.
    ungraded: names of notebooks that are handed in and get no verdicts.
    """

    name: str
    number: int
    shows: str
    make: Callable
    not_right: dict = field(default_factory=dict)
    states: dict = field(default_factory=dict)
    ungraded: tuple = ()
    hands_in: tuple = ()

    @property
    def id(self):
        return f"{self.name}_{self.number}"

    def files(self):
        """Bytes by file name."""
        found = {}
        for item in self.make():
            if isinstance(item, Notebook):
                found[f"{item.name}.ipynb"] = bytes(item)
            else:
                found |= item
        return found


def everywhere(parts, how):
    return {part: how for part in parts}


def every_part(question, how):
    return everywhere([part.name for part in question_by_id(question).parts], how)


STUDENTS = []


def student(name, shows, notebooks, not_right=None, states=None, ungraded=()):
    """Add the student whose work the decorated function makes."""

    def add(make):
        number = 1204001 + 37 * len(STUDENTS)
        STUDENTS.append(
            Student(
                name, number, shows, make, not_right or {}, states or {}, tuple(ungraded),
                tuple(notebooks),
            )
        )  # fmt: skip
        return make

    return add


# Right


@student("Amara Okafor", "everything right", notebook_names())
def everything_right():
    return [Notebook(name) for name in notebook_names()]


@student("Bruno Keller", "right, but written quite differently", (P1, P2, P3))
def right_but_written_quite_differently():
    first = Notebook(P1)
    first.answer(
        "p1.output_links",
        "slope_of_sigma = exp(-z_k) / (1 + exp(-z_k)) ** 2\n"
        "dE_da_k = E.diff(a_k)\n"
        "da_k_dz_k = slope_of_sigma\n"
        "z = a_j * w_jk + b_k\n"
        "dz_k_dw_jk, dz_k_db_k = z.diff(w_jk), z.diff(b_k)",
    )
    first.answer(
        "p1.hidden_layer",
        "delta_j_formula = w_jk * delta_k * sigma(z_j) * (1 - sigma(z_j))\n"
        "dE_dw_ij = x_i * delta_j\n"
        "dE_db_j = sigma(z_j) * delta_k * w_jk - sigma(z_j) ** 2 * w_jk * delta_k",
    )
    second = Notebook(P2)
    second.answer(
        "p2.sigmoid.forward",
        "import numpy as np\n\n"
        "# Column vectors, as in my linear algebra course; W[to, from].\n"
        "vx = np.array([[x_1], [x_2]])\n"
        "A = np.array([[w_h11, w_h21], [w_h12, w_h22]])\n"
        "bias = np.array([[b_h1], [b_h2]])\n"
        "sigmoid = np.vectorize(lambda s: 1 / (1 + np.exp(-s)))\n"
        "z_h = A @ vx + bias\n"
        "a_h = sigmoid(z_h)\n"
        "z_o = np.array([[w_o11, w_o21]]) @ a_h + b_o\n"
        "a_o = sigmoid(z_o)\n"
        "E = 0.5 * np.linalg.norm(t - a_o) ** 2\n"
        "z_h, a_h, z_o, a_o = z_h.ravel(), a_h, z_o.item(), a_o.item()",
    )
    second.answer(
        "p2.sigmoid.backward",
        "error_signal = -(t - a_o) * np.exp(-z_o) / (1 + np.exp(-z_o)) ** 2\n"
        "delta_o = [[error_signal]]\n"
        "dW_o = a_h * error_signal\n"
        "db_o = [error_signal]\n"
        "delta_h = np.zeros((2, 1))\n"
        "for unit, weight in enumerate([w_o11, w_o21]):\n"
        "    delta_h[unit] = error_signal * weight * a_h[unit] * (1 - a_h[unit])\n"
        "dW_h = (delta_h @ vx.T).T\n"
        "db_h = delta_h",
    )
    second.edit("p2.sigmoid.update", ("dW_h[", "dW_h.tolist()["), ("db_h[0]", "db_h[0][0]"),
                ("db_h[1]", "db_h[1][0]"), ("dW_o[0]", "dW_o[0][0]"),
                ("dW_o[1]", "dW_o[1][0]"), ("eta * db_o", "eta * db_o[0]"))  # fmt: skip
    third = Notebook(P3)
    third.edit(
        "p3.backward",
        (
            third.content.cells[third.position("p3.backward")].source.split('"""')[-1],
            "\n    zh, ah, zo, ao = (m.T for m in trace)      # columns are points\n"
            "    n = x.shape[0]\n"
            "    gWh = np.zeros(params['W_h'].T.shape)\n"
            "    gbh, gbo = np.zeros(gWh.shape[0]), np.zeros(t.shape[1])\n"
            "    gWo = np.zeros(params['W_o'].T.shape)\n"
            "    for p in range(n):\n"
            "        d = (ao[:, p] - t[p]) * ao[:, p] * (1 - ao[:, p])\n"
            "        e = params['W_o'] @ d * slope(hidden, zh[:, p])\n"
            "        for to in range(len(d)):\n"
            "            gWo[to] += d[to] * ah[:, p] / n\n"
            "        gWh += np.outer(e, x[p]) / n\n"
            "        gbh, gbo = gbh + e / n, gbo + d / n\n"
            "    return {'db_o': gbo, 'dW_o': gWo.T, 'db_h': gbh, 'dW_h': gWh.T}\n",
        ),
    )
    return [first, second, third]


# One misconception each


@student(
    "Chiara Rossi", "wrong_sign", (P3,),
    {"p3.deltas": {"delta_o": "wrong_sign", "delta_h": "carried"},
     "p3.backward": everywhere(BACKWARD, "carried"),
     "p3.reproduce": everywhere(HIDDEN, "carried"),
     "p3.train": everywhere(TRAINED, "carried"),
     "p3.train_batches": everywhere(TRAINED, "carried")},
)  # fmt: skip
def wrong_sign():
    return [Notebook(P3).edit("p3.deltas", ("(a_o - t)", "(t - a_o)"))]


@student(
    "Daniel Novak",
    "factor_two",
    (P2,),
    {
        "p2.sigmoid.backward": every_part("p2.sigmoid.backward", "carried")
        | {"delta_o": "factor_two"},
        "p2.sigmoid.update": every_part("p2.sigmoid.update", "carried"),
    },
)
def factor_two():
    return [Notebook(P2).edit("p2.sigmoid.backward", ("(a_o - t)", "2 * (a_o - t)"))]


@student(
    "Elif Yilmaz",
    "factor_half",
    (P1,),
    {
        "p1.output_links": {"dE_da_k": "factor_half"},
        "p1.output_layer": {"delta_k_formula": "carried"},
    },
)
def factor_half():
    return [
        Notebook(P1)
        .edit("p1.output_links", ("dE_da_k = a_k - t_k", "dE_da_k = (a_k - t_k) / 2"))
        .edit("p1.output_layer", ("(a_k - t_k)", "(a_k - t_k) / 2"))
    ]


@student(
    "Farid Haddad",
    "slope_forgotten",
    (P3,),
    {
        "p3.deltas": {"delta_h": "slope_forgotten"},
        "p3.backward": everywhere(("dW_h", "db_h"), "carried"),
        "p3.reproduce": everywhere(("sigmoid", "tanh"), "carried"),
        "p3.train": everywhere(TRAINED, "carried"),
        "p3.train_batches": everywhere(TRAINED, "carried"),
    },
)
def slope_forgotten():
    return [Notebook(P3).edit("p3.deltas", (" * slope(hidden, z_h)", ""))]


@student(
    "Greta Lind",
    "slope_at_a",
    (P3,),
    {
        "p3.deltas": {"delta_h": "slope_at_a"},
        "p3.backward": everywhere(("dW_h", "db_h"), "carried"),
        "p3.reproduce": everywhere(("sigmoid", "tanh"), "carried"),
        "p3.train": everywhere(TRAINED, "carried"),
        "p3.train_batches": everywhere(TRAINED, "carried"),
    },
)
def slope_at_a():
    return [Notebook(P3).edit("p3.deltas", ("slope(hidden, z_h)", "slope(hidden, a_h)"))]


@student(
    "Hugo Martins",
    "slope_formula_at_z",
    (P2,),
    {
        "p2.sigmoid.backward": everywhere(("dW_h", "db_h"), "carried")
        | {"delta_h": "slope_formula_at_z"},
        "p2.sigmoid.update": everywhere(("W_h_new", "b_h_new", "E_new"), "carried"),
    },
)
def slope_formula_at_z():
    return [
        Notebook(P2).edit(
            "p2.sigmoid.backward",
            ("a_h[0] * (1 - a_h[0])", "z_h[0] * (1 - z_h[0])"),
            ("a_h[1] * (1 - a_h[1])", "z_h[1] * (1 - z_h[1])"),
        )
    ]


@student(
    "Ines Duarte",
    "updated_output_weights",
    (P2,),
    {
        "p2.sigmoid.backward": everywhere(("dW_h", "db_h"), "carried")
        | {"delta_h": "updated_output_weights"},
        "p2.sigmoid.update": everywhere(("W_h_new", "b_h_new"), "carried"),
    },
)
def updated_output_weights():
    return [
        Notebook(P2).edit(
            "p2.sigmoid.backward",
            ("delta_o * w_o11", "delta_o * (w_o11 - eta * dW_o[0])"),
            ("delta_o * w_o21", "delta_o * (w_o21 - eta * dW_o[1])"),
        )
    ]


@student(
    "Jonas Berg",
    "learning_rate_forgotten",
    (P3,),
    {
        "p3.sgd_step": every_part("p3.sgd_step", "learning_rate_forgotten"),
        "p3.reproduce": everywhere(HIDDEN, "carried"),
        "p3.train": everywhere(TRAINED, "carried"),
        "p3.train_batches": everywhere(TRAINED, "carried"),
    },
)
def learning_rate_forgotten():
    return [Notebook(P3).edit("p3.sgd_step", ("eta * ", ""))]


@student(
    "Katya Petrova",
    "step_added",
    (P1,),
    {"p1.update": every_part("p1.update", "step_added")},
)
def step_added():
    return [Notebook(P1).edit("p1.update", (" - eta", " + eta"))]


@student(
    "Liam Byrne",
    "transposed",
    (P2,),
    {
        "p2.tanh.backward": {"dW_h": "transposed"},
        "p2.tanh.update": everywhere(("W_h_new", "E_new"), "carried"),
    },
)
def transposed():
    return [
        Notebook(P2).edit(
            "p2.tanh.backward",
            (
                "[[x_1 * delta_h[0], x_1 * delta_h[1]], [x_2 * delta_h[0], x_2 * delta_h[1]]]",
                "[[x_1 * delta_h[0], x_2 * delta_h[0]], [x_1 * delta_h[1], x_2 * delta_h[1]]]",
            ),
        )
    ]


@student(
    "Mina Sato",
    "sum_over_batch",
    (P3,),
    {
        "p3.backward": everywhere(BACKWARD, "sum_over_batch"),
        "p3.train": everywhere(TRAINED, "carried"),
        "p3.train_batches": everywhere(TRAINED, "carried"),
    },
)
def sum_over_batch():
    return [Notebook(P3).edit("p3.backward", (" / len(x)", ""), (".mean(axis=0)", ".sum(axis=0)"))]


@student(
    "Noor Aziz",
    "bias_gradient_forgotten",
    (P2,),
    {
        "p2.sigmoid.backward": everywhere(("db_o", "db_h"), "bias_gradient_forgotten"),
        "p2.sigmoid.update": everywhere(("b_o_new", "b_h_new"), "not_updated")
        | {"E_new": "not_all_updated"},
    },
)
def bias_gradient_forgotten():
    return [
        Notebook(P2).edit(
            "p2.sigmoid.backward",
            ("db_o = delta_o", "db_o = 0"),
            ("db_h = delta_h", "db_h = [0, 0]"),
        )
    ]


@student(
    "Ola Nilsen",
    "too_few_digits",
    (P2,),
    {"p2.sigmoid.update": everywhere(UPDATED, "too_few_digits")},
)
def too_few_digits():
    return [
        Notebook(P2).insert_after(
            "p2.sigmoid.update",
            "W_h_new = [[round(w, 2) for w in row] for row in W_h_new]\n"
            "W_o_new, b_h_new = [[round(w, 2) for w in row] for row in (W_o_new, b_h_new)]\n"
            "b_o_new = round(b_o_new, 2)",
        )
    ]


# What goes wrong otherwise


@student(
    "Pavel Dvorak",
    "nothing done",
    (P2,),
    {question: every_part(question, "missing") for question in questions_of(P2)},
)
def nothing_done():
    return [Notebook(P2, solved=False)]


@student(
    "Quinn Adler",
    "the kernel dies half-way",
    (P2,),
    {
        "p2.relu.backward": every_part("p2.relu.backward", "error"),
        # The section began with empty gradients, and has none now.
        "p2.relu.update": every_part("p2.relu.update", "error"),
        "p2.relu.second_step": every_part("p2.relu.second_step", "error"),
    },
)
def the_kernel_dies_half_way():
    return [
        Notebook(P2).edit("p2.relu.backward", ("delta_o = ", "import os\nos._exit(1)\ndelta_o = "))
    ]


@student(
    "Aino Virtanen",
    "an endless loop",
    (P2,),
    {
        "p2.relu.update": every_part("p2.relu.update", "error"),
        "p2.relu.second_step": every_part("p2.relu.second_step", "error"),
    },
)
def an_endless_loop():
    return [Notebook(P2).answer("p2.relu.update", "while E > 0:\n    W_o_new = [w_o11, w_o21]")]


@student(
    "Ελένη Παπαδοπούλου",
    "a Greek name; a check cell deleted, an answer cell twice",
    (P2,),
    states={P2: "repaired"},
)
def a_greek_name_and_a_cell_twice():
    return [Notebook(P2).duplicate("p2.tanh.update").delete("p2-sigmoid-backward")]


@student("Tariq Rahman", "broken JSON", (P2,), states={P2: "set aside"}, ungraded=(P2,))
def broken_json():
    data = bytes(Notebook(P2))
    return [{f"{P2}.ipynb": data[: len(data) // 2]}]


@student(
    "王小明",
    "a Chinese name; a zip, and code that stops with an error",
    (P2,),
    {
        "p2.relu.backward": every_part("p2.relu.backward", "error"),
        # The section began with empty gradients, and has none now.
        "p2.relu.update": every_part("p2.relu.update", "error"),
        "p2.relu.second_step": every_part("p2.relu.second_step", "error"),
    },
)
def a_chinese_name_and_an_error():
    mine = Notebook(P2).edit("p2.relu.backward", ("delta_o = ", "delta_o = a_0 * "))
    return [{"家庭作业.zip": zipped({f"作业/{P2} (1).ipynb": bytes(mine)})}]
