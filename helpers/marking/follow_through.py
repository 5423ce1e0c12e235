"""Follow-through: does a later answer rightly follow from the student's own earlier ones?

A teacher who marks a page by hand takes marks off where a slip happens, and gives them for what is
done rightly with the wrong value afterwards. So does the marker. A value that would make the rest
trivial carries nothing over: then later answers are compared with what is right.
"""

import numpy as np

from helpers.marking.verdict import ERROR, MISSING, RIGHT, WRONG

HUGE = 1e4  # times the expected size: such a value saturates whatever comes after it
FEW = 4  # numbers: as many as a matrix by hand has
TINY = 1e-4  # of the expected size: as good as 0


class StudentValues:
    """A student's own values by quantity, case by case, as far as later answers may build on them.

    error_sources: of the quantities among them that are not right, in the order in which they were
    answered, the quantity at which the error came in, which may be itself: a dict by quantity.
    not_carried: names of the parts that carry nothing over, with why: a dict.
    """

    def __init__(self, cases):
        self.cases = cases
        self.values = [{} for _ in cases]
        self.error_sources = {}
        self.not_carried = {}
        self.names = {}  # what the student calls each quantity

    def add(self, part, answers, error_source):
        """Take in the answers to `part`, one array a case.

        error_source: the quantity by which they are wrong, their own or an earlier one; None if
        right.
        """
        if part.index is not None or any(case.consequences is None for case in self.cases):
            return
        quantity = part.quantity or part.name
        reasons = [
            why_degenerate(
                answer, np.asarray(case.expected[part.name]), case.inputs, case.duplicate_rows
            )
            for answer, case in zip(answers, self.cases, strict=True)
        ]
        if error_source == quantity and any(reasons):
            self.not_carried[part.name] = next(filter(None, reasons))
            return
        for values, answer in zip(self.values, answers, strict=True):
            values[quantity] = answer
        self.names[quantity] = part.name
        if error_source is not None:
            self.error_sources[quantity] = error_source

    def add_used(self, quantity, answers, right):
        """Take in wrong values of a quantity that is not asked for, one array a case."""
        if any(
            why_degenerate(a, r, c.inputs, c.duplicate_rows)
            for a, r, c in zip(answers, right, self.cases)
        ):
            return
        for values, answer in zip(self.values, answers, strict=True):
            values[quantity] = answer
        self.error_sources[quantity] = quantity

    def consequences(self, part, without=()):
        """What `part` may be, given the student's own values: a list of lists, one array a case.

        without: quantities for which the right value is taken instead. What is trivial is left out.
        """
        # From all that was written down, rounded as it may be, or from the slips alone.
        others = {
            name for values in self.values for name in values if not self.is_error_source(name)
        }
        found = self._consequences(part, without)
        return found + self._consequences(part, {*without, *others})

    def is_error_source(self, quantity):
        """Whether the student's value of `quantity` is wrong by itself."""
        return self.error_sources.get(quantity) == quantity

    def _consequences(self, part, without):
        quantity = part.quantity or part.name
        index = () if part.index is None else part.index
        by_case = []
        for case, values in zip(self.cases, self.values, strict=True):
            own = {name: v for name, v in values.items() if name not in {quantity, *without}}
            if case.consequences is None or not own:
                return []
            expected = np.asarray(case.expected[part.name])
            found = [
                np.asarray(q[quantity])[index] for q in case.consequences(own) if quantity in q
            ]
            by_case.append(
                [v for v in found if v.shape == expected.shape and not why_degenerate(v, expected)]
            )
        return list(zip(*by_case))

    def error_source_behind(self, part, agrees):
        """The first error without which `part` would not follow; None if it needs none.

        agrees: whether the student's answers agree with given values, a function of a list.
        """
        for source in dict.fromkeys(self.error_sources.values()):
            wrong_by_it = [
                name for name, came_in in self.error_sources.items() if came_in == source
            ]
            if not any(map(agrees, self.consequences(part, without=wrong_by_it))):
                return source
        return None


def shown_to_work(functions, verdicts):
    """Whether what the student's `functions` give may be taken from the student's kernel.

    functions: as in Question. verdicts: on the questions answered before, by id. All functions must
    have been answered, and all but one be right or wrong in a way that is recognised: who has got
    so far gains little by making up what they give. Where all are right there is nothing to take.
    """
    mistakes, unknown = 0, 0
    for question, parts in functions:
        found = [v for v in verdicts.get(question, ()) if parts is None or v.part in parts]
        if not found or any(v.verdict in (MISSING, ERROR) for v in found):
            return False
        mistakes += any(v.verdict != RIGHT for v in found)
        unknown += any(v.verdict == WRONG and not v.misconception for v in found)
    return mistakes > 0 and unknown <= 1


def why_degenerate(value, expected, inputs=(), duplicate_rows=()):
    """Why `value`, an array shaped like `expected`, carries nothing over; "" if it does.

    inputs: arrays that are given; to repeat one is no answer. duplicate_rows: two places along the
    first axis, if there is one, at which the inputs are the same.
    """
    if not np.all(np.isfinite(value)):
        return "it is not finite"
    near_0 = np.abs(value) < TINY * np.abs(expected)
    # Of many numbers some may be 0 rightly: those of a ReLU unit that is off at a point.
    if near_0.mean() > (0.5 if value.size > FEW else 0):
        return "it is 0, or nearly, where it should not be"
    if np.all(np.isin(np.abs(value), (0, 1))) and not np.all(np.isin(np.abs(expected), (0, 1))):
        return "it is nothing but 0 and 1"
    if np.abs(value).max(initial=0) > HUGE * max(1, np.abs(expected).max(initial=0)):
        return "it is far too large"
    if np.array_equal(value, expected):
        return ""
    if (
        duplicate_rows
        and value.ndim
        and not np.allclose(value[duplicate_rows[0]], value[duplicate_rows[1]], rtol=1e-9)
    ):
        return "it differs where its inputs are the same"
    for given in inputs:
        same_size = value.size == given.size and np.array_equal(value.ravel(), given.ravel())
        if same_size or (value.size == 1 and value.item() in given):
            return "it repeats a number that was given"
    return ""
