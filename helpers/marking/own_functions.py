"""What a student's own functions would give where nobody asked them: computed here, from answers.

A wrong function costs its own points only, so what another one makes of it has to be known. It is
never taken from the student's kernel, which could make it up. An activation is known from its
values on a grid, which are asked for together with the answer itself. Other functions are known by
the mistake that explains all of their answers, or by a factor that all of them share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from math import comb
from typing import Any, Protocol

import numpy as np

from helpers.activations import ACTIVATIONS
from helpers.asking.problem_3_numpy import z_for
from helpers.marking.answer import Answer
from helpers.marking.misconceptions.of_a_step import wrong_values
from helpers.marking.questions.model import Case, Judged, Part
from helpers.marking.recognition import explanations
from helpers.marking.verdict import CARRIED, ERROR, MISSING, WRONG
from helpers.network import Network
from helpers.sgd_step import PARAMETERS, Quantities, SGDStep

# The grid: close together around 0, wide apart far out, where nothing bends any more. 0 is in it.
HALF = 200  # points on each side of 0
REACH = 40.0  # the last of them; beyond it nothing is known
NEAR = 8.0  # up to here values in between are nearly exact, whatever bends
WIDTH = 2.0  # up to about here they are close together
STRETCH = np.arcsinh(REACH / WIDTH) / HALF
GRID = WIDTH * np.sinh(STRETCH * np.arange(-HALF, HALF + 1))
NEIGHBOURS = 8  # of the grid, from which a value in between is computed
SIGNED = [(-1) ** k * comb(NEIGHBOURS - 1, k) for k in range(NEIGHBOURS)]

FORWARD = ("z_h", "a_h", "z_o", "a_o")
DELTAS = ("delta_o", "delta_h")
GRADIENTS = ("dW_h", "db_h", "dW_o", "db_o")
UPDATE = tuple(f"{name}_new" for name in PARAMETERS)
STEP_QUESTIONS = ("p3.forward", "p3.loss", "p3.backward", "p3.sgd_step")


def values_between(on_grid: np.ndarray, z: np.ndarray) -> np.ndarray:
    """The values at `z` of a function that has the values `on_grid` on GRID; nan beyond its reach.

    A polynomial through the nearest points on the same side of 0, where the function may bend.
    """
    place = np.arcsinh(np.asarray(z) / WIDTH) / STRETCH + HALF
    found = np.full(place.shape, np.nan)
    for index, p in np.ndenumerate(place):
        nearest = round(float(p))
        if not 0 <= p <= 2 * HALF:
            continue
        if abs(p - nearest) < 1e-9:
            found[index] = on_grid[nearest]
            continue
        first, last = (0, HALF - NEIGHBOURS) if p < HALF else (HALF + 1, 2 * HALF + 1 - NEIGHBOURS)
        start = int(np.clip(int(p) - NEIGHBOURS // 2 + 1, first, last))
        near = on_grid[start : start + NEIGHBOURS]
        weights = np.array(SIGNED) / (p - start - np.arange(NEIGHBOURS))
        # Where all are the same, exactly that: a slope that is nothing but 1 is known by it.
        found[index] = near[0] if np.ptp(near) == 0 else weights @ near / weights.sum()
    return found


def wrong_on_grid(judged: Judged | None, names: Iterable[str]) -> dict[str, np.ndarray]:
    """The values on the grid of those functions among `names` that are wrong, by name.

    judged: the answers to the question about activations and slopes. A function whose values on the
    grid do not give the values that it was judged by is left out: it is none of z alone.
    """
    found: dict[str, np.ndarray] = {}
    for name in names if judged else ():
        assert judged is not None  # as the loop says
        (on_grid, *_) = judged.values.get(f"{name}_on_grid", [None])
        if judged.statuses.get(name) not in (WRONG, CARRIED):
            continue
        if not isinstance(on_grid, np.ndarray) or on_grid.shape != GRID.shape:
            continue
        asked = zip(judged.cases, judged.values[name], strict=True)
        if all(_gives(on_grid, z_for(name, case.test_inputs), value) for case, value in asked):
            found[name] = on_grid
    return found


def _gives(on_grid: np.ndarray, z: np.ndarray, value: object) -> bool:
    """Whether a function that has the values `on_grid` gives `value` at z, where they are close."""
    if not isinstance(value, np.ndarray) or value.shape != z.shape:
        return False
    near = np.abs(z) < NEAR
    return np.allclose(values_between(on_grid, z)[near], value[near], rtol=1e-7, atol=1e-8)


# Functions that are known by a mistake


class Rule(Protocol):
    """How a quantity is wrong."""

    def value(self, step: SGDStep, quantity: str) -> np.ndarray:
        """The wrong value of a quantity of `step`."""
        ...


@dataclass(frozen=True)
class ByMistake:
    """A mistake by name, of its values the one numbered `which`, and a factor; without a name the
    right value with a factor. New weights count from the old ones."""

    name: str
    which: int
    factor: float

    def value(self, step: SGDStep, quantity: str) -> np.ndarray:
        wrong = [np.asarray(v) for name, v in wrong_values(step, quantity) if name == self.name]
        base = wrong[min(self.which, len(wrong) - 1)] if wrong else step[quantity]
        start = step[quantity.removesuffix("_new")] if quantity in UPDATE else np.zeros(())
        return start + self.factor * (base - start)


@dataclass(frozen=True)
class BySum:
    """A sum of the right terms, each with a factor of its own: a sign, 0, or any other."""

    factors: tuple[float, ...]

    def value(self, step: SGDStep, quantity: str) -> np.ndarray:
        terms = _terms(step, quantity)
        return np.asarray(sum(f * term for f, term in zip(self.factors, terms, strict=True)))


def _terms(known: SGDStep | Mapping[str, Any], quantity: str) -> list[np.ndarray]:
    """The terms of which a quantity is the sum; [] if it is none."""
    if quantity in ("z_h", "z_o"):
        layer = quantity[-1]
        entering = known["x"] if layer == "h" else known["a_h"]
        weighted = entering @ known[f"W_{layer}"]
        return [weighted, np.broadcast_to(known[f"b_{layer}"], weighted.shape)]
    if quantity in UPDATE:
        old = quantity.removesuffix("_new")
        return [known[old], known["eta"] * known[f"d{old}"]]
    return []


def _sum_for(answer: Answer, judged: Judged) -> BySum | None:
    """The BySum that gives an answer in all cases, None if there is none."""
    known = [{**case.test_inputs, **case.expected} for case in judged.cases]
    terms = [_terms(each, answer.quantity) for each in known]
    if not terms[0]:
        return None
    columns = [np.concatenate([each[k].ravel() for each in terms]) for k in range(len(terms[0]))]
    asked = np.concatenate([value.ravel() for value in answer.values])
    factors = tuple(map(float, np.linalg.lstsq(np.stack(columns, axis=1), asked, rcond=None)[0]))
    values = [sum(f * term for f, term in zip(factors, each, strict=True)) for each in terms]
    return BySum(factors) if answer.agrees([np.asarray(v) for v in values]) else None


# What a loss may make of the errors, and of their values
OF_ERRORS = (
    lambda t, a: (t - a) ** 2,
    lambda t, a: t - a,
    lambda t, a: np.abs(t - a),
    lambda t, a: (t + a) ** 2,
    lambda t, a: t * a,
    lambda t, a: np.log(a) * t,
)
OVER_ALL = (
    lambda errors: errors.sum(axis=-1).mean(),
    np.mean,
    np.sum,
    lambda errors: errors.mean(axis=-1).sum(),
    np.max,
    lambda errors: np.sqrt(errors.sum()),
    lambda errors: np.sqrt(errors.mean()),
)


@dataclass(frozen=True)
class ByLoss:
    """Another loss: what it makes of the errors, of all of them, to which power, and a factor."""

    of_errors: Callable[..., Any]
    over_all: Callable[..., Any]
    power: int
    factor: float

    def value(self, step: SGDStep, quantity: str) -> np.ndarray:
        return self.at(step["t"], step["a_o"])

    def at(self, t: np.ndarray, a_o: np.ndarray) -> np.ndarray:
        """The loss."""
        found = self.over_all(self.of_errors(t, a_o))
        return np.asarray(self.factor * found**self.power, dtype=float)


def _loss_for(answer: Answer, judged: Judged) -> ByLoss | None:
    """The ByLoss that gives an answer in all cases, None if there is none."""
    batches = [(case.test_inputs["t"], case.test_inputs["a_o"]) for case in judged.cases]
    for of_errors, over_all, power in product(OF_ERRORS, OVER_ALL, (1, -1)):
        rule = ByLoss(of_errors, over_all, power, 1.0)
        factor = _factor(np.asarray(answer.values[0]), rule.at(*batches[0]))
        rule = replace(rule, factor=factor)
        if factor and answer.agrees([rule.at(*batch) for batch in batches]):
            return rule
    return None


def rule_for(part: Part, judged: Judged) -> Rule | None:
    """The Rule by which all answers to a part are wrong; None if there is none."""
    answer = Answer(part, judged.cases, judged.values[part.name])
    if not all(isinstance(value, np.ndarray) for value in answer.values):
        return None
    answer = answer.in_expected_shape()
    if any(value is None for value in answer.values):
        return None
    bases: list[tuple[str, int, Sequence[np.ndarray]]] = []
    for explanation in explanations(part, judged.cases):
        (name,) = explanation.names
        bases.append((name, sum(name == other for other, *_ in bases), explanation.values))
    for name, which, values in bases:
        if answer.agrees(values):
            return ByMistake(name, which, 1.0)
    by_sum = _sum_for(answer, judged)
    if by_sum:
        return by_sum
    for name, which, values in [("", 0, answer.expected), *bases]:
        if any(v.shape != right.shape for v, right in zip(values, answer.expected, strict=True)):
            continue
        starts = [np.zeros(()) if given is None else given for given in answer.given]
        factor = _factor(answer.values[0] - starts[0], values[0] - starts[0])
        scaled = [start + factor * (v - start) for start, v in zip(starts, values, strict=True)]
        if factor and answer.agrees(scaled):
            return ByMistake(name, which, factor)
    return _loss_for(answer, judged) if answer.quantity == "E" else None


def _rules_for(judged: Judged) -> tuple[dict[str, Rule], set[str]]:
    """The Rules of the parts that are wrong, by quantity, and the parts that none explains."""
    rules: dict[str, Rule] = {}
    unexplained: set[str] = set()
    for part in judged.question.parts:
        if judged.statuses[part.name] == WRONG:
            rule = rule_for(part, judged)
            if rule is None:
                unexplained.add(part.name)
            else:
                rules[part.quantity or part.name] = rule
    return rules, unexplained


def _factor(value: np.ndarray, base: np.ndarray) -> float:
    """How many times `base` the array `value` is where `base` is largest; 0 if they do not fit."""
    if value.shape != base.shape or not np.any(base):
        return 0.0
    largest = np.abs(base).argmax()
    return float(value.ravel()[largest] / base.ravel()[largest])


# A step with the student's own functions


class _OwnStep(SGDStep):
    """A step some of whose quantities have a student's own values."""

    by_functions = True  # for the mistakes that are looked for in code alone

    def __init__(self, step: SGDStep, own: Quantities) -> None:
        super().__init__(step.net, step.x, step.t, step.eta)
        self.own = dict(own)

    @cached_property
    def quantities(self) -> Mapping[str, np.ndarray]:
        return self.following()

    def following(self, W_o_for_delta_h: Any = None, **given: Any) -> Mapping[str, np.ndarray]:
        return super().following(W_o_for_delta_h, **{**self.own, **given})


@dataclass(frozen=True)
class OwnFunctions:
    """The student's functions of a step, as far as they are wrong."""

    rules: Mapping[str, Rule]  # by the quantity that is wrong
    on_grid: Mapping[str, np.ndarray]  # wrong activations and slopes, by name
    # Gradients that are wrong in a way that nothing explains. Who made them up would have to write
    # the loop around them all the same.
    unknown: frozenset[str]

    @classmethod
    def from_answers(cls, earlier: Mapping[str, Judged]) -> OwnFunctions | None:
        """What the answers show of them; None if all are right, or one is missing or unknown."""
        rules: dict[str, Rule] = {}
        unknown: set[str] = set()
        carried: dict[str, bool] = {}
        for name in STEP_QUESTIONS:
            judged = earlier.get(name)
            if judged is None or {MISSING, ERROR} & set(judged.statuses.values()):
                return None
            carried[name] = CARRIED in judged.statuses.values()
            found, unexplained = _rules_for(judged)
            if unexplained - {*GRADIENTS}:
                return None
            rules |= found
            unknown |= unexplained
        if carried["p3.backward"] and "p3.deltas" in earlier:
            # Then it is made with the deltas, which it need not be.
            found, unexplained = _rules_for(earlier["p3.deltas"])
            rules |= found
            unknown |= {*GRADIENTS} if unexplained else set()
        # Those alone that forward and backward use: what is right there is made without them.
        activations = earlier.get("p3.activations")
        on_grid: dict[str, np.ndarray] = {}
        for question, beginning in (("p3.forward", ""), ("p3.backward", "slope_")):
            if carried[question] and activations:
                names = [name for name in ACTIVATIONS if name in activations.statuses]
                on_grid |= wrong_on_grid(activations, [beginning + name for name in names])
        known = cls(rules, on_grid, frozenset(unknown))
        return known if rules or on_grid or unknown else None

    def ways(self, hidden: str) -> Iterator[dict[str, str]]:
        """From what the slope of each layer may be computed: its z, its a, or its own function."""
        changes = bool({*FORWARD} & {*self.rules}) or bool({*ACTIVATIONS} & {*self.on_grid})
        choices = [
            ("own",) if f"slope_{name}" in self.on_grid else ("z", "a") if changes else ("z",)
            for name in ("sigmoid", hidden)
        ]
        for output_layer, hidden_layer in product(*choices):
            yield {"o": output_layer, "h": hidden_layer}

    def step(self, step: SGDStep, way: Mapping[str, str], gradients: Quantities) -> SGDStep:
        """`step` with the student's own functions, its slopes computed by `way`.

        gradients: those that are known as they are.
        """
        own = dict(gradients)
        names = {"h": step.net.hidden, "o": step.net.output}
        for quantity in (*FORWARD, "E", "delta_o", "delta_h", *GRADIENTS, *UPDATE):
            what, _, layer = quantity.partition("_")
            if quantity in self.rules:
                own[quantity] = self.rules[quantity].value(_OwnStep(step, own), quantity)
            elif what == "a" and names[layer] in self.on_grid:
                z = _OwnStep(step, own)[f"z_{layer}"]
                own[quantity] = values_between(self.on_grid[names[layer]], z)
            elif what == "delta" and way[layer] != "z":
                now = _OwnStep(step, own)
                own[quantity] = now[f"dE_da_{layer}"] * self._slope(now, names[layer], layer, way)
        return _OwnStep(step, own)

    def _slope(self, step: SGDStep, name: str, layer: str, way: Mapping[str, str]) -> np.ndarray:
        if way[layer] == "own":
            return values_between(self.on_grid[f"slope_{name}"], step[f"z_{layer}"])
        formula = ACTIVATIONS[name].derivative_from_output
        assert formula is not None  # each activation of the course has one
        return formula(step[f"a_{layer}"])

    def runs(
        self,
        inputs: Mapping[str, Any],
        steps: int,
        gradients: Mapping[str, Any],
        batches: Sequence[np.ndarray] | None = None,
    ) -> list[tuple[list[np.ndarray], np.ndarray]]:
        """The losses before and after each of `steps` steps and the true loss at the end, by way.

        inputs: the test inputs of a case. gradients: those that were recorded, an array with one
        entry for each step, by name; they count where nothing else is known. batches: the indices
        of the points in each step, None where it is all of them; losses are those of all points. A
        way that leads out of all numbers is left out.
        """
        recorded: list[Quantities] = [{} for _ in range(steps + 1)]
        for name in self.unknown:
            own = gradients[name]
            if not isinstance(own, np.ndarray) or own.ndim == 0 or len(own) != steps:
                return []
            for number in range(steps):
                recorded[number][name] = own[number]
        found = []
        for way in self.ways(inputs["hidden"]):
            with suppress(ValueError):  # of a Network, or of shapes that do not fit
                found.append(self._trained(inputs, recorded, way, batches))
        return found

    def _trained(
        self,
        inputs: Mapping[str, Any],
        recorded: Sequence[Quantities],
        way: Mapping[str, str],
        batches: Sequence[np.ndarray] | None,
    ) -> tuple[list[np.ndarray], np.ndarray]:
        parameters = {name: np.asarray(inputs[name]) for name in PARAMETERS}
        losses = []
        for number, own in enumerate(recorded):
            step = _step_at(inputs, parameters)
            now = self.step(step, way, own)
            losses.append(now["E"])
            if number == len(recorded) - 1:
                return losses, np.asarray(step.loss_with(parameters))
            if batches is not None:
                points = batches[number]
                of_batch = {**inputs, "x": inputs["x"][points], "t": inputs["t"][points]}
                now = self.step(_step_at(of_batch, parameters), way, own)
            parameters = {
                # A gradient of another shape may have been spread out.
                name: np.broadcast_to(now[f"{name}_new"], inputs[name].shape)
                for name in PARAMETERS
            }
        raise AssertionError("there is a loss before the first step")


def _step_at(inputs: Mapping[str, Any], parameters: Quantities) -> SGDStep:
    net = Network(
        [parameters["W_h"], parameters["W_o"]],
        [parameters["b_h"], parameters["b_o"]],
        hidden=inputs["hidden"],
    )
    return SGDStep(net, inputs["x"], inputs["t"], inputs["eta"])


# What the questions of Problems 3 and 4 take from it: see Question.intermediates_from

Intermediates = dict[str, list[np.ndarray]]
Recorded = Mapping[str, Sequence[Any]]  # all that was recorded, by name, one for each case


def of_forward(
    cases: Sequence[Case], values: Recorded, earlier: Mapping[str, Judged]
) -> Iterator[Intermediates]:
    """What the student's activations give in the forward pass of each case: f_h and f_o."""
    on_grid = wrong_on_grid(earlier.get("p3.activations"), ACTIVATIONS)
    if not on_grid:
        return

    def f(name: str, z: np.ndarray) -> np.ndarray:
        return values_between(on_grid[name], z) if name in on_grid else ACTIVATIONS[name](z)

    found: Intermediates = {"f_h": [], "f_o": []}
    for case in cases:
        f_h = f(case.test_inputs["hidden"], np.asarray(case.expected["z_h"]))
        found["f_h"].append(f_h)
        z_o = f_h @ case.test_inputs["W_o"] + case.test_inputs["b_o"]
        found["f_o"].append(f("sigmoid", z_o))
    yield found


def of_deltas(
    cases: Sequence[Case], values: Recorded, earlier: Mapping[str, Judged]
) -> Iterator[Intermediates]:
    """What the student's slopes give in the backward pass of each case: slope_h and slope_o."""
    names = [f"slope_{name}" for name in ACTIVATIONS]
    on_grid = wrong_on_grid(earlier.get("p3.activations"), names)
    if not on_grid:
        return
    found: Intermediates = {"slope_h": [], "slope_o": []}
    for case in cases:
        assert case.consequences is not None  # a step has them
        right = next(iter(case.consequences({})))
        for layer, name in (("h", case.test_inputs["hidden"]), ("o", "sigmoid")):
            own = on_grid.get(f"slope_{name}")
            z = case.test_inputs[f"z_{layer}"]
            slope = right[f"slope_{layer}"] if own is None else values_between(own, z)
            found[f"slope_{layer}"].append(slope)
    yield found


def of_backward(
    cases: Sequence[Case], values: Recorded, earlier: Mapping[str, Judged]
) -> Iterator[Intermediates]:
    """What the student's deltas give in each case, delta_o and delta_h, or the slopes alone.

    Which of the two `backward` is made with is for the judge to find out.
    """
    yield from of_deltas(cases, values, earlier)
    judged = earlier.get("p3.deltas")
    if judged is None or not {WRONG, CARRIED} & set(judged.statuses.values()):
        return
    rules, unexplained = _rules_for(judged)
    names = [f"slope_{name}" for name in ACTIVATIONS]
    on_grid = {}
    if CARRIED in judged.statuses.values():
        on_grid = wrong_on_grid(earlier.get("p3.activations"), names)
    own = OwnFunctions(rules, on_grid, frozenset())
    known: list[dict[str, np.ndarray]] = []
    follows = True  # delta_h from delta_o: then it is not wrong by itself
    for number, case in enumerate(cases):
        step = _step_at(case.test_inputs, case.test_inputs)
        layers = {"o": "sigmoid", "h": case.test_inputs["hidden"]}
        way = {k: "own" if f"slope_{name}" in on_grid else "z" for k, name in layers.items()}
        # Those that no mistake explains are the recorded ones: whoever made them up would have to
        # write what is made of them all the same.
        recorded = {name: values[f"own_{name}"][number] for name in unexplained}
        if not all(isinstance(value, np.ndarray) for value in recorded.values()):
            return
        try:
            q = own.step(step, way, recorded)
            known.append({name: q[name] for name in DELTAS})
            follows &= np.allclose(step.following(delta_o=q["delta_o"])["delta_h"], q["delta_h"])
        except ValueError:  # of shapes that do not fit
            return
    names = [name for name in DELTAS if name == "delta_o" or not follows]
    yield {name: [each[name] for each in known] for name in names}


def of_training(
    cases: Sequence[Case], values: Recorded, earlier: Mapping[str, Judged]
) -> Iterator[Intermediates]:
    """What a loop gives with the student's functions in each case: own_losses and own_E_end."""
    own = OwnFunctions.from_answers(earlier)
    if own is None:
        return
    runs = []
    for number, case in enumerate(cases):
        gradients = {name: values[f"own_{name}"][number] for name in GRADIENTS}
        runs.append(own.runs(case.test_inputs, case.test_inputs["steps"], gradients))
    for chosen in product(*runs):
        yield {
            "own_losses": [np.array(losses[:-1]) for losses, _ in chosen],
            "own_E_end": [end for _, end in chosen],
        }


def of_batch_training(
    cases: Sequence[Case], values: Recorded, earlier: Mapping[str, Judged]
) -> Iterator[Intermediates]:
    """As of_training, of a loop over batches, which may be the student's own as well."""
    own = OwnFunctions.from_answers(earlier)
    of_batches = earlier.get("p3.batches")
    own_batches = of_batches is not None and WRONG in of_batches.statuses.values()
    if own is None and not own_batches:
        return
    # Without own functions everything is right but the batches.
    own = own or OwnFunctions({}, {}, frozenset())
    runs = []
    for number, case in enumerate(cases):
        inputs, order = case.test_inputs, values["own_order"][number]
        if not own_batches:
            order = _right_order(inputs)
        if not isinstance(order, np.ndarray) or order.ndim != 2 or not _are_indices(order, inputs):
            return
        size, epochs = int(inputs["size"]), len(order)
        starts = range(0, order.shape[1], size)
        batches = [row[start : start + size].astype(int) for row in order for start in starts]
        gradients = {name: values[f"own_{name}"][number] for name in GRADIENTS}
        found = []
        for losses, end in own.runs(inputs, len(batches), gradients, batches):
            found.append((losses[: -1 : len(batches) // epochs], end))
        runs.append(found)
    for chosen in product(*runs):
        yield {
            "own_losses": [np.array(losses) for losses, _ in chosen],
            "own_E_end": [end for _, end in chosen],
        }


def _right_order(inputs: Mapping[str, Any]) -> np.ndarray:
    """The indices of each epoch, a row for each, as the test inputs' generator draws them."""
    rng = np.random.default_rng(int(inputs["seed"]))
    return np.array([rng.permutation(len(inputs["x"])) for _ in range(int(inputs["epochs"]))])


def _are_indices(order: np.ndarray, inputs: Mapping[str, Any]) -> bool:
    """Whether a table that was recorded has an epoch's indices in each row."""
    count = len(inputs["x"])
    whole = order.size and np.all(order == np.round(order)) and len(order) == inputs["epochs"]
    return bool(whole and order.min() >= 0 and order.max() < count and order.shape[1] <= 2 * count)


def of_reproduction(
    cases: Sequence[Case], values: Recorded, earlier: Mapping[str, Judged]
) -> Iterator[Intermediates]:
    """The loss after the tutorial's step with the student's functions: own_sigmoid, …"""
    own = OwnFunctions.from_answers(earlier)
    if own is None:
        return
    (case,) = cases
    steps = case.test_inputs["steps"]
    runs = {}
    for hidden, inputs in steps.items():
        gradients = {name: values[f"own_{name}_{hidden}"][0] for name in GRADIENTS}
        runs[hidden] = own.runs(inputs, 1, gradients)
    known = [hidden for hidden in steps if runs[hidden]]
    for chosen in product(*(runs[hidden] for hidden in known)):
        yield {
            f"own_{hidden}": [np.asarray(losses[1])]  # with its own loss, as E_new is
            for hidden, (losses, _) in zip(known, chosen, strict=True)
        }


def not_right(earlier: Mapping[str, Judged]) -> list[str]:
    """The student's functions of a step that are not right, by name, from the answers to earlier
    questions. Those alone that go into steps: deltas that backward is not made with do not."""
    statuses = {name: set(judged.statuses.values()) for name, judged in earlier.items()}

    def has(status: str, *questions: str) -> bool:
        return any(status in statuses.get(name, ()) for name in questions)

    functions = earlier.get("p3.activations")
    wrong = [n for n, s in functions.statuses.items() if s == WRONG] if functions else []
    found = {
        "activation": has(CARRIED, "p3.forward") and any(n in ACTIVATIONS for n in wrong),
        "slope": has(CARRIED, "p3.backward") and any(n.startswith("slope_") for n in wrong),
        "forward": has(WRONG, "p3.forward"),
        "loss": has(WRONG, "p3.loss"),
        "deltas": has(CARRIED, "p3.backward") and has(WRONG, "p3.deltas"),
        "backward": has(WRONG, "p3.backward"),
        "sgd_step": has(WRONG, "p3.sgd_step"),
    }
    return [name for name, is_wrong in found.items() if is_wrong]


def not_right_in_batches(earlier: Mapping[str, Judged]) -> list[str]:
    """As `not_right`, with `batches`."""
    of_batches = earlier.get("p3.batches")
    wrong = of_batches is not None and WRONG in of_batches.statuses.values()
    return [*not_right(earlier), *(["batches"] if wrong else [])]


# Activations that a layer in Keras may have by mistake, besides the course's
IN_KERAS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    **{name: ACTIVATIONS[name].f for name in ("linear", "sigmoid", "tanh", "relu", "softmax")},
    "softplus": lambda z: np.logaddexp(z, 0),
    "exponential": np.exp,
    "leaky_relu": lambda z: np.where(z > 0, z, 0.2 * z),
    "elu": lambda z: np.where(z > 0, z, np.expm1(z)),
}


def of_model(
    cases: Sequence[Case], values: Recorded, earlier: Mapping[str, Judged]
) -> Iterator[Intermediates]:
    """The tutorial's outputs of the student's models: own_sigmoid, …

    The models are known by the activations that explain the outputs that were asked for.
    """
    judged = earlier.get("p4.model")
    if judged is None or judged.statuses["a_o"] != WRONG:
        return
    (part,) = judged.question.parts
    answer = Answer(part, judged.cases, judged.values["a_o"])
    if any(
        not isinstance(value, np.ndarray) or value.shape != np.shape(right)
        for value, right in zip(answer.values, answer.expected, strict=True)
    ):
        return
    (case,) = cases
    for hidden, output in product((None, *IN_KERAS), IN_KERAS):
        outputs = [_output(asked.test_inputs, hidden, output) for asked in judged.cases]
        if answer.agrees(outputs):
            yield {
                f"own_{name}": [_output(inputs, hidden, output)]
                for name, inputs in case.test_inputs["steps"].items()
            }


def _output(inputs: Mapping[str, Any], hidden: str | None, output: str) -> np.ndarray:
    """The output of a network whose layers have these activations; None: the one asked for."""
    a_h = IN_KERAS[hidden or inputs["hidden"]](inputs["x"] @ inputs["W_h"] + inputs["b_h"])
    return IN_KERAS[output](a_h @ inputs["W_o"] + inputs["b_o"])


def of_learning_rate(
    cases: Sequence[Case], values: Recorded, earlier: Mapping[str, Judged]
) -> Iterator[Intermediates]:
    """The student's learning rate for Keras's loss in each case: own_eta.

    It is proportional to a power of the number of outputs, which two answers tell.
    """
    judged = earlier.get("p4.learning_rate")
    if judged is None or WRONG not in judged.statuses.values():
        return
    (asked,) = judged.cases
    recorded = (judged.values[part.name][0] for part in judged.question.parts)
    rates = [rate for rate in recorded if isinstance(rate, np.ndarray) and rate.size == 1]
    if len(rates) < len(judged.question.parts):
        return
    eta = asked.test_inputs["eta"]
    (few, many) = (asked.test_inputs["outputs"][part.name] for part in judged.question.parts)
    at_few, at_many = (float(rate.item()) / eta for rate in rates)
    if not at_few * at_many > 0:
        return
    power = np.log(at_many / at_few) / np.log(many / few)
    yield {
        "own_eta": [
            np.asarray(case.test_inputs["eta"] * at_few * (outputs / few) ** power)
            for case in cases
            for outputs in [case.test_inputs["t"].shape[1]]
        ]
    }
