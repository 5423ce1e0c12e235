"""What a question is: its parts, the cases it is asked for, and what is right and wrong in each."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

import numpy as np

from helpers.asking import Answers, Task, TestInputs, answers_themselves, name_of
from helpers.asking.cell_ids import validate_question_id
from helpers.asking.record import Answer
from helpers.marking.misconceptions.of_a_step import Value, wrong_values
from helpers.sgd_step import PARAMETERS, Quantities, SGDStep

Mistake = tuple[str, Value]  # a misconception, and the value that it gives
CollectAnswers = Callable[..., Answers]  # see Case.collect_answers
Consequences = Callable[[Quantities], Iterable[Mapping[str, np.ndarray]]]  # see Case.consequences
MoreMistakes = Callable[[str], Iterable[Mistake]]  # see step_case
# See Question.intermediates_from
IntermediatesFrom = Callable[
    [Sequence["Case"], Mapping[str, Sequence[Answer]], Mapping[str, "Judged"]],
    Iterable[dict[str, list[np.ndarray]]],
]


@dataclass(frozen=True)
class Tolerance:
    """How far a number may be off: the larger of `relative` · |expected| and `absolute`."""

    relative: float
    absolute: float
    # Whether dimensions of length 1 do not matter, so that [0.1, 0.2] stands for one row.
    by_hand: bool = False
    # The decimals that are enough; 0 where numbers are not typed. A number with no more of them is
    # right within half a unit of the last one.
    decimals: int = 0
    earlier: float = 0.0  # what is added for earlier results that were rounded before use

    def allowed(self, expected: Value, given: Value | None = None) -> np.ndarray:
        """The allowed error of each element, for an answer with more than `decimals` decimals.

        given: what the student started from (the old weight, the old loss): then the relative
        tolerance is one of the change, or an unchanged weight would pass as an updated one.
        """
        change = expected if given is None else expected - given
        allowed = np.maximum(self.relative * np.abs(change), self.absolute)
        if self.decimals:  # with more of them a number is no less exact than with these alone
            allowed = np.minimum(allowed, 0.5 * 10.0**-self.decimals)
        return allowed + self.earlier

    def accepts(self, answer: Value, expected: Value, given: Value | None = None) -> np.ndarray:
        """Whether each element of `answer` is right; all arrays have one shape. See `allowed`."""
        off = np.abs(answer - expected)
        fine = off <= self.allowed(expected, given)
        if self.decimals:
            unit = 10.0**-self.decimals
            rounded = (np.round(answer, self.decimals) == answer) & (
                off <= 0.5 * unit + self.earlier
            )
            # A number that rounds to 0, or to the old weight, says nothing.
            rounded &= (answer != 0) | (expected == 0)
            if given is not None:  # nor does one that has moved the other way
                rounded &= (answer - given) * (expected - given) > 0
                rounded &= answer != np.round(given, self.decimals)
            fine |= rounded
        return fine


# By hand a number is right if it is right to the digits that are given, three decimals at least:
# to half a unit of the third, or of the fourth (or to 0.5 %, whichever is larger, but never to more
# than half a unit of the third: Python sees no 0 at the end, and 1.14 is 1.140). A unit of the
# fourth is added for earlier results that were rounded (an input of 1.5 enlarges their rounding).
BY_HAND = Tolerance(relative=5e-3, absolute=5.001e-5, by_hand=True, decimals=3, earlier=1e-4)
FLOAT64 = Tolerance(relative=1e-7, absolute=1e-10)
FLOAT32 = Tolerance(relative=1e-4, absolute=2e-6)
EXACT = Tolerance(relative=1e-9, absolute=0, by_hand=True)


@dataclass(frozen=True)
class Layer:
    """The parts that ask for one layer's gradients, where there are many layers, by name."""

    weights: str
    biases: str
    next_biases: str  # of the layer whose deltas come back to this one; "" for the last layer


@dataclass(frozen=True)
class Part:
    """One thing a question asks for, marked on its own."""

    name: str  # as the student knows it
    points: float  # what it is worth
    description: str = ""  # what the part is, for the check's table
    tolerance: Tolerance = FLOAT64
    quantity: str = ""  # its name in an SGDStep, where it is not `name`
    index: tuple[int, ...] | None = None  # its element that is asked for; None for all
    # What to say of a wrong answer that no catalogue entry explains, where its size says nothing.
    default_hint: str = ""
    # What a wrong answer in a case is, in words; None where nothing of its own is to be said.
    described: Callable[["Case", np.ndarray], str] | None = None
    # Whether how many numbers there are is part of what is asked: then it is not told.
    count_is_asked: bool = False
    # Whether what follows from it is no easier where one of its two numbers is 0.
    some_may_be_0: bool = False
    # Of a formula: the symbols without which it cannot be right, "a_k|z_k" where either will do,
    # and those besides that may stand in it.
    needs: tuple[str, ...] = ()
    may_have: tuple[str, ...] = ()
    # Of a formula: what to look at where its symbols are the right ones, and what each symbol of
    # the notebook is, in words.
    question: str = ""
    meanings: Mapping[str, str] = field(default_factory=dict, hash=False)
    layer: Layer | None = None  # of a gradient that is one of many layers
    # Of a multiple-choice question, what to say of each answer, by letter or word; what is said of
    # the right one is "". Any other answer is answered with the list of choices.
    hint_for_choice: dict[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Case:
    """One set of inputs at which a question is judged."""

    expected: Mapping[str, np.ndarray | str]  # what is right, a float64 array or a word, by part
    mistakes: Mapping[str, Sequence[Mistake]] = field(default_factory=dict)  # by part
    # What a part started from, by part (see Tolerance.allowed).
    given: Mapping[str, Value] = field(default_factory=dict)
    # How to get the answers from the student's, a function in helpers.asking of `test_inputs`, its
    # inputs, and the keyword arguments of `check`; it returns a dict by part, of values or of
    # helpers.asking.Later for those that may stop (so that an error costs one part only). It runs
    # in the student's kernel, which sees the test inputs: nothing in it may tell what is right.
    collect_answers: CollectAnswers = answers_themselves
    test_inputs: TestInputs = field(default_factory=dict)
    label: str = ""  # names the case to the student, as in "hidden='relu'"
    # What it has and other cases have not, in words, by what is asked: {"outputs": "one output"}.
    traits: Mapping[str, str] = field(default_factory=dict)
    # What may follow from a student's own values, a dict of arrays by quantity: a function of it
    # that gives such dicts, one for each way to go on. None where nothing does.
    consequences: Consequences | None = None
    # The mistakes in a part by its name, made with a student's own values, a dict of arrays by
    # quantity, in place of the right ones. None where they are not known.
    mistakes_after: Callable[[Quantities, str], Iterable[Mistake]] | None = None
    # What is given; a value that merely repeats one carries nothing over.
    inputs: tuple[np.ndarray, ...] = ()
    # Places along the first axis, and in the same order others at which the inputs are the same, or
    # (): what differs there was not computed from these inputs, and carries nothing over either.
    duplicate_rows: tuple[list[int], ...] = ()
    # What is compared, from an array that is recorded; None where that is the same.
    read: Callable[[np.ndarray], np.ndarray] | None = None


@dataclass(frozen=True)
class Question:
    """A check cell's question.

    Raises ValueError if the ids of cells cannot carry its id (see helpers.asking.cell_ids).
    """

    id: str  # as in check("p2.sigmoid.forward", …)
    parts: tuple[Part, ...]  # in the order of the table
    arguments: tuple[str, ...]  # the keyword arguments of `check`
    cases: Callable[[np.random.Generator], list[Case]]
    # The earlier questions whose answers this one builds on, by question id, with the quantities
    # that it takes from each (None for all).
    depends_on: dict[str, tuple[str, ...] | None] = field(default_factory=dict, hash=False)
    # Quantities that are not asked for here, but that the answers are made with by the student's
    # own functions: from a quantity to what the student calls it.
    intermediates: dict[str, str] = field(default_factory=dict, hash=False)
    # What the intermediates are, computed here and not taken from the student's kernel: a function
    # of the cases, of all that was recorded and of the answers to earlier questions. It gives dicts
    # of arrays, one for each case, by quantity; one dict for each way that it may be, none if it
    # is not known or all is right.
    intermediates_from: IntermediatesFrom | None = None
    # The student's own functions that make the intermediates what they are, by name, from the
    # answers to earlier questions; None where what `intermediates` calls them says it.
    functions_not_right: Callable[[Mapping[str, "Judged"]], list[str]] | None = None
    # Names of further values that `collect_answers` returns, for `method_recognised` or for what
    # later questions compute from them.
    method_values: tuple[str, ...] = ()
    # A function of the cases and the answers by name that gives, by part, the name of the mistake
    # that the method is, however near its numbers are; {} if it is none.
    method_recognised: Callable[[list[Case], dict[str, list[Answer]]], dict[str, str]] | None = None
    # Whose numbers it asks for, by identifier (see helpers.personal); "" for the course's.
    student: str = ""
    # What the notebook gives and the answers are made with, by its name there: numbers, lists of
    # them, or a dict of these by name. Whoever gives such a name another value is told.
    given_data: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        validate_question_id(self.id)

    @property
    def recorded(self) -> list[str]:
        """The names under which a record of this question has values: parts first."""
        return [
            *(part.name for part in self.parts),
            *self.method_values,
        ]

    @property
    def points(self) -> float:
        return sum(part.points for part in self.parts)

    def cases_from(self, seed: int) -> list[Case]:
        """The cases drawn from `seed`. The same seed gives the same cases anywhere."""
        return _cases(self, seed)

    def task_from(self, seed: int, nonce: str = "") -> Task:
        """The Task of asking for the cases drawn from `seed`."""
        cases = self.cases_from(seed)
        return Task(
            question=self.id,
            arguments=self.arguments,
            parts=tuple(part.name for part in self.parts),
            recorded=tuple(self.recorded),
            collect_answers=name_of(cases[0].collect_answers),
            test_inputs=tuple(case.test_inputs for case in cases),
            nonce=nonce,
            given_data=self.given_data,
        )


@dataclass(frozen=True)
class Judged:
    """The answers to a question, judged."""

    question: Question
    cases: Sequence[Case]
    values: Mapping[str, Sequence[Answer]]  # all that was recorded, by name, one for each case
    statuses: Mapping[str, str]  # of its verdicts, by part


# A check observes and judges the same cases; a grading run asks every submission for the same.
@lru_cache(maxsize=64)
def _cases(question: Question, seed: int) -> list[Case]:
    cases = question.cases(np.random.default_rng(seed))
    for case in cases:
        for part in question.parts:
            right = case.expected.get(part.name)
            if not isinstance(right, str | np.ndarray | np.generic):
                raise ValueError(
                    f"{question.id}: expected a case with an array or a word for {part.name}, "
                    f"got {right!r}."
                )
    return cases


def learning_rate(rng: np.random.Generator) -> float:
    """A learning rate for one case, where each has its own: else a number in its place is right."""
    return float(rng.uniform(0.15, 0.6))


def traits_of(hidden: str = "", outputs: int = 0, points: int = 0) -> dict[str, str]:
    """The traits of a case (see Case) whose network or batch is as given; "" and 0 say nothing."""
    found = {"hidden": f"hidden={hidden!r}"} if hidden else {}
    if outputs:
        found["outputs"] = "one output" if outputs == 1 else "several outputs"
    if points:
        found["points"] = "one data point" if points == 1 else "several data points"
    return found


def given_in_code(step: SGDStep, *names: str) -> dict[str, Any]:
    """What a notebook gives of a step under x, t, eta and params, as Question.given_data."""
    given: dict[str, Any] = {"x": step.x.tolist(), "t": step.t.tolist(), "eta": step.eta}
    given["params"] = {name: step[name].tolist() for name in PARAMETERS}
    return {name: given[name] for name in names}


def step_case(
    step: SGDStep,
    parts: Sequence[Part],
    collect_answers: CollectAnswers = answers_themselves,
    test_inputs: TestInputs | None = None,
    label: str = "",
    more_mistakes: MoreMistakes | None = None,
) -> Case:
    """The Case in which `parts` are quantities of the SGDStep `step`; the others as in Case.

    more_mistakes: a function of a part's name that gives (misconception, value) pairs of its own,
    which are tried first.
    """
    expected: Quantities = {}
    given: Quantities = {}
    for part in parts:
        quantity = part.quantity or part.name
        index = () if part.index is None else part.index
        expected[part.name] = np.asarray(step[quantity])[index]
        if quantity.endswith("_new"):
            given[part.name] = step[quantity.removesuffix("_new")][index]
    inputs = tuple(step[name] for name in ("x", "t", *PARAMETERS))
    return Case(
        expected,
        mistakes=_mistakes_of_step(step, parts, more_mistakes),
        given=given,
        collect_answers=collect_answers,
        test_inputs=test_inputs or {},
        label=label,
        consequences=step.consequences,
        mistakes_after=partial(_mistakes_after, step, parts),
        inputs=inputs,
    )


class MistakesOnDemand(Mapping[str, list[Mistake]]):
    """(misconception, value) pairs by part, made when they are asked for.

    A right answer from code is never held beside them, and to make them all takes longer than the
    rest.
    """

    def __init__(
        self,
        parts: Iterable[str],
        make: Callable[[str], Iterable[Mistake]],
        on_the_way: Iterable[str] = (),
    ) -> None:
        """parts: their names; make: gives the pairs of a part by its name. on_the_way: what is not
        asked for, and has pairs all the same if they are asked for by name.
        """
        self._parts, self._make = dict.fromkeys(parts), make
        self._known = {*self._parts, *on_the_way}
        self._made: dict[str, list[Mistake]] = {}

    def __getitem__(self, name: str) -> list[Mistake]:
        if name not in self._known:
            raise KeyError(name)
        if name not in self._made:
            self._made[name] = list(self._make(name))
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)


def _mistakes_of_step(
    step: SGDStep, parts: Sequence[Part], more_mistakes: MoreMistakes | None
) -> MistakesOnDemand:
    """The mistakes in `parts`, quantities of a step; the arguments are those of step_case."""
    by_name = {part.name: part for part in parts}

    def made(name: str) -> Iterator[Mistake]:
        part = by_name.get(name)
        index = () if part is None or part.index is None else part.index
        yield from more_mistakes(name) if part and more_mistakes else ()
        for mistake, value in wrong_values(step, part.quantity or name if part else name):
            # 0 for one unit alone may be anything, and one number stands in no order.
            if index and mistake in ("slope_of_relu", "units_swapped", "transposed"):
                continue
            if _has_element(value, index):
                yield mistake, np.asarray(value)[index]

    return MistakesOnDemand(by_name, made, on_the_way=("delta_o", "delta_h"))


def _mistakes_after(
    step: SGDStep, parts: Sequence[Part], own: Quantities, name: str
) -> Iterator[Mistake]:
    """The mistakes in the part `name` of a step that goes on from a student's own values."""
    if name in {part.name for part in parts}:
        yield from _mistakes_of_step(step.with_values(own), parts, None)[name]


def _has_element(value: Value, index: tuple[int, ...]) -> bool:
    """Whether a mistake's value, which may have another shape, has the element asked for."""
    shape = np.shape(value)
    return len(index) <= len(shape) and all(i < n for i, n in zip(index, shape))
