"""Judge a record of answers part by part. Used by the check in the notebook and by the grader."""

from dataclasses import replace

import numpy as np

from helpers.asking.record import Missing, Unusable, answers_in
from helpers.marking.description import describe_error, where_off
from helpers.marking.follow_through import StudentValues, shown_to_work
from helpers.marking.misconceptions import AND, CATALOGUE, hint
from helpers.marking.questions import follows_through, question_by_id
from helpers.marking.recognition import (
    match_misconception,
    match_misconception_after_error,
    match_misconception_in_part,
)
from helpers.marking.verdict import CARRIED, ERROR, MISSING, RIGHT, WRONG, Verdict


@np.errstate(all="ignore")  # whatever numbers come
def judge(question, record, seed, earlier=None, verdicts=None):
    """Judge `record`, any JSON value, for `question` with the cases drawn from `seed`.

    earlier: the records of the questions that this one follows, a dict by question id; what is a
    right consequence of the student's own values in them, or in this record, is "carried".
    verdicts: on the questions answered before, a dict by question id.
    Returns one Verdict a part, in the question's order. Never raises, whatever the records hold.
    """
    cases = question.cases_from(seed)
    answers = answers_in(record, question, cases)
    if answers is None:
        return without_record(question, "no record of your answers reached the grader")
    method = question.method_recognised and question.method_recognised(cases, answers)
    if method:
        return [Verdict(p.name, 0, p.points, WRONG, method, hint(method)) for p in question.parts]
    if not follows_through(question):
        return [_judge_part(part, answers[part.name], cases) for part in question.parts]
    own = StudentValues(cases)
    for name, quantities in question.depends_on.items():
        asked = question_by_id(name, question.student)
        _take_in_earlier(own, asked, quantities, (earlier or {}).get(name), seed)
    if shown_to_work(question.functions, verdicts or {}):
        for quantity in question.recorded_intermediates:
            _take_in_used(own, quantity, answers[quantity])
    return [_judge_following(question, part, answers[part.name], own) for part in question.parts]


def _take_in_earlier(own, question, quantities, record, seed):
    """Add the answers of an earlier record, to `question`, to the student's own values."""
    cases = question.cases_from(seed)
    answers = answers_in(record, question, cases)
    if answers is None or len(cases) != len(own.cases):
        return
    before = StudentValues(cases)
    before.values, before.error_sources = own.values, own.error_sources
    before.not_carried, before.names = own.not_carried, own.names
    for part in question.parts:
        if quantities is None or (part.quantity or part.name) in quantities:
            _judge_following(question, part, answers[part.name], before)


def _take_in_used(own, quantity, answers):
    """Add the student's own values of a quantity that the answers are made with, unless right."""
    right = [next(iter(case.consequences({})))[quantity] for case in own.cases]
    if any(not isinstance(a, np.ndarray) or a.shape != r.shape for a, r in zip(answers, right)):
        return
    if not all(np.allclose(a, r, rtol=1e-9) for a, r in zip(answers, right)):
        own.add_used(quantity, answers, right)


def _judge_following(question, part, answers, own):
    """The verdict of one part, where a right consequence of the student's own values counts."""
    cases = own.cases
    verdict = _judge_part(part, answers, cases)
    expected = [case.expected[part.name] for case in cases]
    in_words = any(isinstance(value, str) for value in expected)
    if in_words or not all(isinstance(answer, np.ndarray) for answer in answers):
        return verdict
    fitting = [reshape_to(a, e, part) for a, e in zip(answers, expected, strict=True)]
    if any(answer is None for answer in fitting):
        return verdict

    def agrees(values):
        return all(_matches(part, cases, fitting, values))

    error_source = None  # what this answer is wrong by
    if verdict.verdict == WRONG:
        error_source = part.quantity or part.name
        following = own.consequences(part)
        if any(map(agrees, following)):
            error_source = own.error_source_behind(part, agrees)
            if error_source is None:  # earlier results were rounded before use
                verdict = Verdict(part.name, part.points, part.points, RIGHT)
            else:
                called = (
                    question.recorded_intermediates.get(error_source) or own.names[error_source]
                )
                hint = f"consistent with your {called}, which is not right yet"
                verdict = Verdict(part.name, part.points, part.points, CARRIED, hint=hint)
        elif (
            own.error_sources
            and _differ(following, expected)
            and verdict.misconception not in CATALOGUE
        ):
            name, said = match_misconception_after_error(part, cases, following[0], agrees)
            if name or not verdict.misconception:
                said = said or describe_error(
                    part, cases, fitting, following[0], [False] * len(cases)
                )
                said = f"also with your own earlier values: {said}"
                verdict = replace(verdict, misconception=name, hint=said)
        elif own.not_carried and part.tolerance.by_hand and not verdict.misconception:
            name, why = next(iter(own.not_carried.items()))
            hint = f"{verdict.hint}; nothing carries over from your {name}, because {why}"
            verdict = replace(verdict, hint=hint)
    own.add(part, fitting, error_source)
    return verdict


def _differ(following, expected):
    """Whether there are consequences, and the student's slips make a difference to them."""
    return bool(following) and not all(map(np.allclose, following[0], expected))


def without_record(question, reason):
    """The verdicts for a check cell that left no valid record: 0 points, and why."""
    return [Verdict(part.name, 0, part.points, ERROR, hint=reason) for part in question.parts]


def _judge_part(part, answers, cases):
    def verdict(kind, misconception="", hint=""):
        points = part.points if kind == RIGHT else 0
        return Verdict(part.name, points, part.points, kind, misconception, hint)

    missing = [isinstance(answer, Missing) for answer in answers]
    if any(missing):
        labels = [case.label for case, gone in zip(cases, missing, strict=True) if gone]
        only = f" with {' and '.join(labels)}" if not all(missing) and all(labels) else ""
        return verdict(MISSING, hint=f"not answered yet{only}")
    for answer, case in zip(answers, cases, strict=True):
        if isinstance(answer, Unusable):
            return verdict(ERROR, hint=_where(case, cases) + answer.reason)
    expected = [case.expected[part.name] for case in cases]
    if any(isinstance(value, str) for value in expected):
        if all(_same_words(a, e) for a, e in zip(answers, expected, strict=True)):
            return verdict(RIGHT)
        if not all(isinstance(answer, str) for answer in answers):
            return verdict(ERROR, hint='wanted a word or letter in quotes, such as "A"')
        chosen = {word for word in part.hint_for_choice for a in answers if _same_words(a, word)}
        if part.hint_for_choice and not chosen:
            wanted = ", ".join(f'"{word}"' for word in part.hint_for_choice)
            return verdict(ERROR, hint=f"wanted one of {wanted}")
        said = [part.hint_for_choice[word] for word in chosen if part.hint_for_choice[word]]
        return verdict(WRONG, hint=said[0] if said else part.default_hint)
    if any(isinstance(answer, str) for answer in answers):
        return verdict(ERROR, hint="wanted a number, got text: take the quotes away")

    fitting = [reshape_to(a, e, part) for a, e in zip(answers, expected, strict=True)]
    for answer, value, fits, case in zip(answers, expected, fitting, cases, strict=True):
        if fits is None:
            shapes = _where(case, cases) + _wanted_shape(part, answer, value)
            name, said = _recognised_by_shape(part, cases, answers)
            return verdict(WRONG, name, f"{shapes} {said}".strip())

    def agrees(values):
        return all(_matches(part, cases, fitting, values))

    if agrees(expected):
        return verdict(RIGHT)
    rounded = part.tolerance.by_hand and all(map(_too_few_digits, fitting, expected))
    name, said = match_misconception(part, cases, agrees, alone=rounded)
    if rounded and not name:
        name, said = "too_few_digits", hint("too_few_digits")
    matches = _matches(part, cases, fitting, expected)
    if not name:
        name, said = _recognised_where_off(part, cases, fitting, expected, matches)
    said = said or describe_error(part, cases, fitting, expected, matches)
    return verdict(WRONG, name, said)


def _recognised_where_off(part, cases, answers, expected, matches):
    """As `recognised`, for a mistake that was made with some of the numbers and not with others."""
    where = where_off(part, cases, answers, expected, matches)
    if not where:
        return "", ""

    def agrees(values):
        return all(
            value.shape == answer.shape
            and np.all(_accepted(part, case, answer, value) | _accepted(part, case, answer, right))
            for answer, value, right, case in zip(answers, values, expected, cases, strict=True)
        )

    off = sum(
        int(np.sum(~_accepted(part, case, answer, right)))
        for answer, right, case in zip(answers, expected, cases, strict=True)
    )
    # One number by hand fits many a mistake within its tolerance.
    uncertain = off == 1 and part.tolerance.by_hand
    name, said = match_misconception_in_part(part, cases, agrees)
    perhaps = "It fits this: " if uncertain else ""
    return name, f"{where}. {perhaps}{said}" if name else ""


# Answers of a wrong shape that say what went wrong, by name: what of the answer, and what of the
# right value, would agree.
WRONG_SHAPES = {
    "transposed": (np.transpose, np.asarray),
    "points_left_apart": (
        lambda answer: answer.mean(axis=0) if answer.ndim else answer,
        np.asarray,
    ),
    "units_added": (np.asarray, np.sum),
}


def _recognised_by_shape(part, cases, answers):
    """As `recognised`, for answers that have not the wanted shape."""
    expected = [np.asarray(case.expected[part.name]) for case in cases]
    for mistake, (of_answer, of_value) in WRONG_SHAPES.items():
        listed = all(mistake in dict(case.mistakes.get(part.name, ())) for case in cases)
        if not listed:
            continue
        reduced = [
            reduced.reshape(right.shape) if reduced.size == right.size == 1 else reduced
            for reduced, right in zip(map(np.asarray, map(of_answer, answers)), expected)
        ]

        def agrees(values, reduced=reduced, of_value=of_value):
            of_values = [np.asarray(of_value(value)) for value in values]
            fit = all(map(_same_shape, values, expected))
            return fit and all(_matches(part, cases, reduced, of_values))

        if agrees(expected):
            return mistake, hint(mistake)
        name, said = match_misconception(part, cases, agrees)
        if name:
            return f"{mistake}{AND}{name}", f"{hint(mistake)} {said}"
    return "", ""


def _same_shape(one, other):
    return one.shape == other.shape


def reshape_to(answer, expected, part):
    """`answer` in the shape of `expected`, or None if its shape is wrong.

    By hand, dimensions of length 1 do not matter. In code they do, but a single number may come as
    an array of one, and a vector as one row, as `keepdims` leaves it.
    """

    def essential(shape):
        return tuple(n for n in shape if n != 1)

    if answer.shape == expected.shape:
        return answer
    one_row = expected.ndim == 1 and answer.shape == (1, *expected.shape)
    loose = part.tolerance.by_hand or expected.size == 1 or one_row
    if loose and essential(answer.shape) == essential(expected.shape):
        return answer.reshape(expected.shape)
    return None


def _wanted_shape(part, answer, expected):
    if not part.tolerance.by_hand:
        got = answer.shape if answer.ndim else "one number"
        return f"wanted shape {expected.shape}, got {got}."
    if expected.squeeze().ndim == 2:
        rows, columns = expected.shape
        return f"wanted a list of {rows} rows with {columns} numbers each."
    numbers = "one number" if expected.size == 1 else f"a list of {expected.size} numbers"
    return f"wanted {numbers}, got {answer.size}."


def _accepted(part, case, answer, value):
    return part.tolerance.accepts(answer, value, case.given.get(part.name))


def _matches(part, cases, answers, values):
    """Whether the answer agrees with the value, case by case: a list."""
    return [
        value.shape == answer.shape and bool(np.all(_accepted(part, case, answer, value)))
        for answer, value, case in zip(answers, values, cases, strict=True)
    ]


def _too_few_digits(answer, expected):
    """Whether every number is the expected one rounded to at most three decimals."""
    return any(
        np.allclose(answer, np.round(expected, digits), rtol=0, atol=1e-12) for digits in (1, 2, 3)
    ) and not np.all(answer == 0)


def _same_words(answer, expected):
    return isinstance(answer, str) and answer.strip(" .()").casefold() == expected.casefold()


def _where(case, cases):
    return f"with {case.label}: " if case.label and len(cases) > 1 else ""
