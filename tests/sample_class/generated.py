"""A class of any size, made from the right solutions by known slips: what must come of it is known.

Each student hands in some of the notebooks, with one slip or none in each. A slip says which parts
are not right because of it, and how; that follows from what the slip is, not from the marker.
"""

import random
from dataclasses import dataclass

from tests.sample_class.students import (
    BACKWARD,
    HIDDEN,
    P1,
    P2,
    P3,
    TRAINED,
    UPDATED,
    every_part,
    everywhere,
)
from tests.sample_class.work import Notebook


@dataclass(frozen=True)
class Slip:
    """One slip in a notebook. edits: by question. not_right: as a sample student's."""

    notebook: str
    edits: tuple
    not_right: dict

    def work(self):
        """The notebook as it is handed in."""
        notebook = Notebook(self.notebook)
        for question, *changes in self.edits:
            if changes == [None]:
                untouched = Notebook(self.notebook, solved=False)
                source = untouched.content.cells[untouched.position(question)].source
                notebook.answer(question, source)
            else:
                notebook.edit(question, *changes)
        return notebook


SLIPS = []


def slip(notebook, question, changes, not_right):
    """Add a slip: `changes`, (old, new) pairs, in the answer to `question`; None: unanswered."""
    changes = [None] if changes is None else changes
    SLIPS.append(Slip(notebook, ((question, *changes),), not_right))


def carried_after(part, question, *later):
    """Every part of `question` after `part`, and every part of the `later` questions: carried."""
    names = list(every_part(question, "carried"))
    found = {question: everywhere(names[names.index(part) + 1 :], "carried")}
    return found | {name: every_part(name, "carried") for name in later}


def with_slip(question, part, name, rest):
    return {**rest, question: {part: name} | rest.get(question, {})}


# Problem 1: later formulas are written in symbols, so a wrong link stays alone
for question, part, old, new, name in (
    ("p1.output_links", "dz_k_dw_jk", "dz_k_dw_jk = a_j", "dz_k_dw_jk = w_jk", "other_factor"),
    ("p1.output_links", "dE_da_k", "a_k - t_k", "t_k - a_k", "wrong_sign"),
    ("p1.output_links", "da_k_dz_k", "a_k * (1 - a_k)", "z_k * (1 - z_k)", "slope_formula_at_z"),
    ("p1.output_links", "dz_k_db_k", "dz_k_db_k = 1", "dz_k_db_k = 0", "bias_gradient_forgotten"),
    ("p1.hidden_layer", "delta_j_formula", " * w_jk", "", "edge_forgotten"),
    ("p1.update", "w_jk_new", "w_jk - eta", "w_jk + eta", "step_added"),
    ("p1.update", "b_k_new", "b_k - eta * ", "b_k - ", "learning_rate_forgotten"),
):
    slip(P1, question, [(old, new)], {question: {part: name}})
slip(P1, "p1.hidden_links", None, {"p1.hidden_links": every_part("p1.hidden_links", "missing")})

# Problem 2: what follows from a slip is carried
LOSS = ("(t - a_o) ** 2 / 2",)
for question, new, name in (
    ("p2.tanh.forward", "(t - a_o) ** 2", "half_forgotten"),
    ("p2.relu.forward", "abs(t - a_o) / 2", "error_not_squared"),
    ("p2.tanh.forward", "'a lot'", "error"),
):
    slip(P2, question, [(*LOSS, new)], {question: {"E": name}})
for activation, new, name in (
    ("tanh", "(t - a_o)", "wrong_sign"),
    ("relu", "2 * (a_o - t)", "factor_two"),
    ("tanh", "2 * (t - a_o)", "wrong_sign + factor_two"),
):
    question = f"p2.{activation}.backward"
    later = ("p2.relu.second_step",) if activation == "relu" else ()
    rest = carried_after("delta_o", question, f"p2.{activation}.update", *later)
    slip(P2, question, [("(a_o - t)", new)], with_slip(question, "delta_o", name, rest))
rest = carried_after("delta_o", "p2.tanh.backward", "p2.tanh.update")
slip(P2, "p2.tanh.backward", [("(a_o - t) * a_o * (1 - a_o)", "a_o - t")],
     with_slip("p2.tanh.backward", "delta_o", "slope_forgotten", rest))  # fmt: skip
rest = carried_after("z_o", "p2.tanh.forward", "p2.tanh.backward", "p2.tanh.update")
slip(P2, "p2.tanh.forward", [("a_h[0] * w_o11 + a_h[1]", "z_h[0] * w_o11 + z_h[1]")],
     with_slip("p2.tanh.forward", "z_o", "hidden_activation_forgotten", rest))  # fmt: skip
slip(P2, "p2.tanh.backward", [("[a_h[0] * delta_o, a_h[1]", "[z_h[0] * delta_o, z_h[1]")],
     {"p2.tanh.backward": {"dW_o": "weighted_input_for_activation"},
      "p2.tanh.update": everywhere(("W_o_new", "E_new"), "carried")})  # fmt: skip
slip(P2, "p2.tanh.backward",
     [(f"(1 - a_h[{unit}] ** 2)", f"a_h[{unit}] * (1 - a_h[{unit}])") for unit in (0, 1)],
     {"p2.tanh.backward": {"delta_h": "slope_of_sigmoid", "dW_h": "carried", "db_h": "carried"},
      "p2.tanh.update": everywhere(("W_h_new", "b_h_new", "E_new"), "carried")})  # fmt: skip
for new, name, loss in (
    ("b_o_new = b_o\n", "not_updated", "not_all_updated"),
    ("b_o_new = b_o + eta * db_o\n", "step_added", "carried"),
    ("b_o_new = b_o - db_o\n", "learning_rate_forgotten", "carried"),
):
    slip(P2, "p2.sigmoid.update", [("b_o_new = b_o - eta * db_o\n", new)],
         {"p2.sigmoid.update": {"b_o_new": name, "E_new": loss}})  # fmt: skip
slip(P2, "p2.relu.update", None, {"p2.relu.update": every_part("p2.relu.update", "missing"),
     "p2.relu.second_step": every_part("p2.relu.second_step", "error")})  # fmt: skip

# Problem 3: what uses a wrong function rightly is carried
AFTERWARDS = {
    "p3.reproduce": everywhere(HIDDEN, "carried"),
    "p3.train": everywhere(TRAINED, "carried"),
    "p3.train_batches": everywhere(TRAINED, "carried"),
}
IN_TRAINING = {name: AFTERWARDS[name] for name in ("p3.train", "p3.train_batches")}
slip(P3, "p3.deltas", [("(a_o - t)", "(t - a_o)")],
     {"p3.deltas": {"delta_o": "wrong_sign", "delta_h": "carried"},
      "p3.backward": everywhere(BACKWARD, "carried"), **AFTERWARDS})  # fmt: skip
slip(P3, "p3.backward", [(" / len(x)", ""), ("mean(axis=0)", "sum(axis=0)")],
     {"p3.backward": everywhere(BACKWARD, "sum_over_batch"), **IN_TRAINING})  # fmt: skip
slip(P3, "p3.deltas", [("slope(hidden, z_h)", "slope(hidden, a_h)")],
     {"p3.deltas": {"delta_h": "slope_at_a"},
      "p3.backward": everywhere(("dW_h", "db_h"), "carried"),
      "p3.reproduce": everywhere(("sigmoid", "tanh"), "carried"), **IN_TRAINING})  # fmt: skip
slip(P3, "p3.sgd_step", [("- eta * ", "- ")],
     {"p3.sgd_step": everywhere(UPDATED, "learning_rate_forgotten"), **AFTERWARDS})  # fmt: skip
slip(P3, "p3.sgd_step", [("- eta", "+ eta")],
     {"p3.sgd_step": everywhere(UPDATED, "step_added"), **AFTERWARDS})  # fmt: skip
slip(P3, "p3.loss", [("0.5 * ", "")],
     {"p3.loss": {"E": "half_forgotten"}, "p3.reproduce": AFTERWARDS["p3.reproduce"],
      "p3.train": {"losses": "carried"}, "p3.train_batches": {"losses": "carried"}})  # fmt: skip
slip(P3, "p3.loss", [("sum(axis=1)", "mean(axis=1)")],
     {"p3.loss": {"E": "mean_over_outputs"}, "p3.train": {"losses": "carried"},
      "p3.train_batches": {"losses": "carried"}})  # fmt: skip
slip(P3, "p3.activations", [("np.exp(-z)", "np.exp(z)")],
     {"p3.activations": {"sigmoid": "exponents_sign_lost"},
      "p3.forward": everywhere(("a_h", "z_o", "a_o"), "carried"), **AFTERWARDS,
      "p3.any_depth": every_part("p3.any_depth", "wrong")})  # fmt: skip
slip(P3, "p3.central_difference", [("f(right) - f(left)", "f(left) - f(right)")],
     {"p3.central_difference": {"quotients": "difference_turned"}})  # fmt: skip
slip(P3, "p3.central_difference", [(") / h", ") / (2 * h)")],
     {"p3.central_difference": {"quotients": "width_of_the_step"}})  # fmt: skip
slip(P3, "p3.train", None, {"p3.train": everywhere(TRAINED, "missing")})
slip(P3, "p3.batches", [("rng.permutation(N)", "np.arange(N)")],
     {"p3.batches": {"order": "batches_not_shuffled"},
      "p3.train_batches": AFTERWARDS["p3.train_batches"]})  # fmt: skip
slip(P3, "p3.train_batches", [("in batches(len(x), size, rng)", "in [np.arange(len(x))]")],
     {"p3.train_batches": everywhere(TRAINED, "batches_not_used")})  # fmt: skip
slip(P3, "p3.bug_hunt", [("delta_3.mean", "delta_3.sum"), ("1 - a_2**2", "1 - z_2**2")],
     {"p3.bug_hunt": {"db_3": "hunt_last_layer"}
      | everywhere(("db_2", "dW_2"), "hunt_second_layer")
      | everywhere(("db_1", "dW_1"), "carried")})  # fmt: skip


@dataclass(frozen=True)
class GeneratedStudent:
    """A student with one slip, or None, in each notebook handed in: {notebook: Slip}."""

    name: str
    number: int
    slips: dict

    @property
    def id(self):
        return f"{self.name}_{self.number}"

    @property
    def not_right(self):
        """What is not right, by question and part, as for a sample student."""
        return {
            question: parts
            for one in self.slips.values()
            if one
            for question, parts in one.not_right.items()
        }

    def files(self):
        """Bytes by file name."""
        works = [one.work() if one else Notebook(name) for name, one in self.slips.items()]
        return {f"{work.name}.ipynb": bytes(work) for work in works}


def generated_class(size=200, seed=1):
    """`size` GeneratedStudents; the same for the same seed. All slips occur from size 60 on."""
    chance = random.Random(seed)
    students = []
    for k in range(size):
        slips = {}
        for name in (P1, P2, P3):
            own = [one for one in SLIPS if one.notebook == name]
            # In turn, so that all occur; a third of the notebooks are right, some are missing.
            drawn = chance.random()
            if drawn < 0.6:
                slips[name] = own[k % len(own)]
            elif drawn < 0.93:
                slips[name] = None
        students.append(GeneratedStudent(f"Student {k + 1:03}", 5000 + k, slips))
    return students
