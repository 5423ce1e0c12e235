"""What a question is: its parts, the cases it is asked for, and what is right and wrong in each."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from helpers.asking import Task, answers_themselves, name_of
from helpers.asking.cell_ids import validate_question_id
from helpers.marking.misconceptions.of_a_step import wrong_values
from helpers.sgd_step import PARAMETERS


@dataclass(frozen=True)
class Tolerance:
    """How far a number may be off: the larger of `relative` · |expected| and `absolute`.

    by_hand: whether dimensions of length 1 do not matter, so that [0.1, 0.2] stands for one row.
    decimals: a number with so many decimals that is right when rounded is right too; 0 for none.
    """

    relative: float
    absolute: float
    by_hand: bool = False
    decimals: int = 0

    def allowed(self, expected, given=None):
        """The allowed error of each element.

        given: what the student started from (the old weight, the old loss): then the relative
        tolerance is one of the change, or an unchanged weight would pass as an updated one.
        """
        change = expected if given is None else expected - given
        return np.maximum(self.relative * np.abs(change), self.absolute)

    def accepts(self, answer, expected, given=None):
        """Whether each element of `answer` is right; all arrays have one shape. See `allowed`."""
        off = np.abs(answer - expected)
        fine = off <= self.allowed(expected, given)
        if self.decimals:
            unit = 10.0**-self.decimals
            rounded = (np.round(answer, self.decimals) == answer) & (off <= 0.5 * unit + 1e-9)
            # A number that rounds to 0, or to the old weight, says nothing.
            rounded &= (answer != 0) | (expected == 0)
            if given is not None:
                rounded &= answer != np.round(given, self.decimals)
            fine |= rounded
        return fine


# By hand: 0.5 %, or half a unit of the fourth decimal for the number itself and a unit for earlier
# results that were rounded before use (an input of 1.5 enlarges their rounding as well).
BY_HAND = Tolerance(relative=5e-3, absolute=1.5001e-4, by_hand=True, decimals=3)
FLOAT64 = Tolerance(relative=1e-7, absolute=1e-10)
FLOAT32 = Tolerance(relative=1e-4, absolute=2e-6)
EXACT = Tolerance(relative=1e-9, absolute=0, by_hand=True)


@dataclass(frozen=True)
class Part:
    """One thing a question asks for, marked on its own.

    name: as the student knows it. points: what it is worth. quantity: its name in an SGDStep,
    where it is not `name`; index: the element of it that is asked for, None for all.
    description: what the part is, for the check's table. default_hint: what to say of a wrong
    answer that no catalogue entry explains, where its size says nothing.
    hint_for_choice: of a multiple-choice question, what to say of each answer, by letter or word;
    what is said of the right one is "". Any other answer is answered with the list of choices.
    """

    name: str
    points: float
    description: str = ""
    tolerance: Tolerance = FLOAT64
    quantity: str = ""
    index: tuple | None = None
    default_hint: str = ""
    hint_for_choice: dict = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Case:
    """One set of inputs at which a question is judged.

    expected: what is right, a float64 array or a str, by part. mistakes: (misconception, value)
    pairs by part. given: what a part started from, by part (see Tolerance.allowed).
    ask: how to get the answers from the student's, a function in helpers.asking of `probe`, its
    inputs, and the keyword arguments of `check`; it returns a dict by part, of values or of
    functions without arguments that return them (so that an error costs one part only). It runs in
    the student's kernel, which sees the probe: nothing in it may tell what is right.
    label: names the case to the student, as in "hidden='relu'".
    consequences: what may follow from a student's own values, a dict of arrays by quantity: a
    function of it that gives such dicts, one for each way to go on. None where nothing does.
    inputs: what is given, arrays; a value that merely repeats one carries nothing over.
    duplicate_rows: two places along the first axis at which the inputs are the same, or (): what
    differs there was not computed from these inputs, and carries nothing over either.
    """

    expected: dict
    mistakes: Mapping = field(default_factory=dict)
    given: dict = field(default_factory=dict)
    ask: Callable = answers_themselves
    probe: dict = field(default_factory=dict)
    label: str = ""
    consequences: Callable | None = None
    inputs: tuple = ()
    duplicate_rows: tuple = ()


@dataclass(frozen=True)
class Question:
    """A check cell's question.

    id: as in check("p2.sigmoid.forward", …); ValueError if the ids of cells cannot carry it (see
    helpers.asking.cell_ids). parts: in the order of the table. arguments: the
    keyword arguments of `check`. cases: a function of a random generator that returns the cases.
    depends_on: the earlier questions whose answers this one builds on, with the quantities that it
    takes from each (None for all): a dict by question id.
    recorded_intermediates: quantities that are recorded although they are not asked for here, since
    the answers are made with the student's own: `ask` returns them beside the parts. A dict from a
    quantity to what the student calls it.
    functions: those of the student's that the recorded intermediates come from, as (question id,
    names of its parts or None for all) pairs. What they give is known from the student's kernel
    alone, so it counts only where those parts are answered (see follow_through.shown_to_work).
    probes: names of further values that `ask` returns, for `method_recognised`.
    method_recognised: a function of (cases, answers by name) that gives the name of the mistake
    that the method as a whole is, however near its numbers are; "" if it is none.
    student: whose numbers it asks for, by identifier (see helpers.personal); "" for the course's.
    """

    id: str
    parts: tuple
    arguments: tuple
    cases: Callable
    depends_on: dict = field(default_factory=dict, hash=False)
    recorded_intermediates: dict = field(default_factory=dict, hash=False)
    functions: tuple = ()
    probes: tuple = ()
    method_recognised: Callable | None = None
    student: str = ""

    def __post_init__(self):
        validate_question_id(self.id)

    @property
    def recorded(self):
        """The names under which a record of this question has values: parts first."""
        return [*(part.name for part in self.parts), *self.recorded_intermediates, *self.probes]

    @property
    def points(self):
        return sum(part.points for part in self.parts)

    def cases_from(self, seed):
        """The cases drawn from `seed`, an int. The same seed gives the same cases anywhere."""
        return _cases(self, seed)

    def task_from(self, seed, nonce=""):
        """The Task of asking for the cases drawn from `seed`."""
        cases = self.cases_from(seed)
        return Task(
            question=self.id,
            arguments=self.arguments,
            parts=tuple(part.name for part in self.parts),
            recorded=tuple(self.recorded),
            ask=name_of(cases[0].ask),
            probes=tuple(case.probe for case in cases),
            nonce=nonce,
        )


# A check observes and judges the same cases; a grading run asks every submission for the same.
@lru_cache(maxsize=64)
def _cases(question, seed):
    return question.cases(np.random.default_rng(seed))


def step_case(
    step, parts: Iterable[Part], ask=answers_themselves, probe=None, label="", more_mistakes=None
):
    """The Case in which `parts` are quantities of the SGDStep `step`; ask and probe as in Case.

    more_mistakes: a function of a part's name that gives (misconception, value) pairs of its own,
    which are tried first.
    """
    expected, given = {}, {}
    for part in parts:
        quantity = part.quantity or part.name
        index = () if part.index is None else part.index
        expected[part.name] = np.asarray(step[quantity])[index]
        if quantity.endswith("_new"):
            given[part.name] = step[quantity.removesuffix("_new")][index]
    inputs = tuple(step[name] for name in ("x", "t", *PARAMETERS))
    mistakes = _MistakesOfStep(step, parts, more_mistakes)
    return Case(expected, mistakes, given, ask, probe or {}, label, step.consequences, inputs)


class _MistakesOfStep(Mapping):
    """(misconception, value) pairs by part, made when they are asked for: of wrong answers alone.

    step, parts, more_mistakes: as in step_case.
    """

    def __init__(self, step, parts, more_mistakes):
        self._step, self._more_mistakes = step, more_mistakes
        self._parts = {part.name: part for part in parts}
        self._made = {}

    def __getitem__(self, name):
        if name not in self._made:
            self._made[name] = self._mistakes(self._parts[name])
        return self._made[name]

    def __iter__(self):
        return iter(self._parts)

    def __len__(self):
        return len(self._parts)

    def _mistakes(self, part):
        index = () if part.index is None else part.index
        found = list(self._more_mistakes(part.name)) if self._more_mistakes else []
        for name, value in wrong_values(self._step, part.quantity or part.name):
            if _has_element(value, index):
                found.append((name, np.asarray(value)[index]))
        return found


def _has_element(value, index):
    """Whether a mistake's value, which may have another shape, has the element asked for."""
    shape = np.shape(value)
    return len(index) <= len(shape) and all(i < n for i, n in zip(index, shape))
