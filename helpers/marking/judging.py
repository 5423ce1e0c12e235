"""Judge a record of answers part by part. Used by the check in the notebook and by the grader."""

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

import numpy as np

from helpers.asking.record import (
    NOT_NUMBERS,
    Missing,
    Unusable,
    answers_in,
    changed_in,
    decode,
    formula_in,
    is_tuple_in,
    read_as,
    reads_as_numbers,
)
from helpers.marking import places
from helpers.marking.agreement import not_ruled_out, with_one_rate, with_shared_causes
from helpers.marking.answer import Answer
from helpers.marking.description import (
    describe_count,
    describe_error,
    describe_symbols,
    where_off,
)
from helpers.marking.follow_through import StudentValues, depends_on
from helpers.marking.misconceptions import CATALOGUE, hint
from helpers.marking.questions import follows_through
from helpers.marking.questions.model import Case, Judged, Part, Question
from helpers.marking.recognition import (
    hint_for,
    match_misconception,
    match_misconception_after_error,
    match_misconception_in_part,
    match_own_slip,
    match_twin,
    match_wrong_shape,
)
from helpers.marking.trail import NEW
from helpers.marking.verdict import CARRIED, ERROR, MISSING, RIGHT, WRONG, Misconceptions, Verdict

# An answer on which later ones may build, and the quantity that it is wrong by, None if right.
Kept = tuple[Answer, str | None]


class Judge:
    """Judges the records of one student, question by question, in the order of the notebook.

    What later questions build on is kept, so each record is judged once; again only where a record
    before it is a new one.
    """

    def __init__(self, seed: int) -> None:
        """seed: from which the cases of all questions are drawn."""
        self.seed = seed
        self.verdicts: dict[str, list[Verdict]] = {}  # the newest, by question id
        self._records: dict[str, tuple[Question, object]] = {}
        self._kept: dict[str, list[Kept]] = {}
        self._judged_answers: dict[str, Judged] = {}
        self._replaced: dict[str, list[Kept]] = {}  # what was kept of the record before the newest

    def judge(self, question: Question, record: object, seed: int | None = None) -> list[Verdict]:
        """Judge `record`, any JSON value; returns one Verdict a part, in the question's order.

        seed: of the record's cases, where it is another than the Judge's; then no other record may
        depend on it (see questions.shares_inputs).

        What is a right consequence of the student's own values, in this record or in those of the
        questions that this one depends on, is "carried". Never raises, whatever the records hold.
        """
        if self._records.get(question.id, (question, record))[1] != record:
            self._replaced[question.id] = self._kept.get(question.id, [])
        self.forget(question.id)
        its_seed = self.seed if seed is None else seed
        verdicts, kept = self._judged(question, record, its_seed)
        verdicts = [
            _with_what_was_read(question, part, verdict, record)
            for part, verdict in zip(question.parts, verdicts, strict=True)
        ]
        self._remember(question, record, its_seed, verdicts)
        verdicts = [self._beside_replaced(question, verdict) for verdict in verdicts]
        if seed is None or seed == self.seed:
            self._records[question.id], self._kept[question.id] = (question, record), kept
        self.verdicts[question.id] = verdicts
        return verdicts

    def forget(self, name: str) -> None:
        """Let no later question build on the record of the question of this id."""
        self._records.pop(name, None)
        self._judged_answers.pop(name, None)
        self._forget_kept(name)

    def _remember(
        self, question: Question, record: object, seed: int, verdicts: Sequence[Verdict]
    ) -> None:
        """Keep the answers of a record for questions that compute intermediates from them."""
        cases = question.cases_from(seed)
        values = answers_in(record, question, cases)
        if values is not None:
            statuses = {verdict.part: verdict.status for verdict in verdicts}
            self._judged_answers[question.id] = Judged(question, cases, values, statuses)

    @np.errstate(all="ignore")
    def _beside_replaced(self, question: Question, verdict: Verdict) -> Verdict:
        """The verdict; if the answer fits a value that has been replaced since, it says so."""
        judged = self._judged_answers.get(question.id)
        if judged is None or verdict.status != WRONG:
            return verdict
        (part,) = (part for part in question.parts if part.name == verdict.part)
        answer = Answer(part, judged.cases, judged.values[part.name])
        if not all(
            isinstance(v, np.ndarray | np.generic) for v in (*answer.values, *answer.expected)
        ):
            return verdict
        answer = answer.in_expected_shape()
        if any(value is None for value in answer.values):
            return verdict
        for name in (question.id, *question.depends_on):
            own = StudentValues(judged.cases)
            for kept, error_source in self._replaced.get(name, ()):
                if len(kept.cases) == len(judged.cases):
                    own.at(kept.cases).add(kept, error_source)
            if any(map(answer.agrees, own.consequences(answer))):
                source = own.error_source_behind(answer)
                called = own.names[source] if source else "earlier values"
                # Another slip may give the same as the one that has been mended.
                again = "Is it computed again? It"
                if answer.is_formula:
                    again = "Is its cell run again? As a formula it"
                said = f"{again} fits the {called} that you had before. Else: {verdict.hint}"
                return replace(verdict, hint=said)
        return verdict

    def _forget_kept(self, name: str) -> None:
        """Forget what is kept of a question, and of those that depend on it."""
        self._kept.pop(name, None)
        for other, (question, _) in self._records.items():
            if name in question.depends_on and other in self._kept:
                self._forget_kept(other)

    def _kept_of(self, name: str) -> list[Kept]:
        if name not in self._kept and name in self._records:
            self._kept[name] = self._judged(*self._records[name], self.seed)[1]
        return self._kept.get(name, [])

    @np.errstate(all="ignore")  # whatever numbers come
    def _judged(
        self, question: Question, record: object, seed: int
    ) -> tuple[list[Verdict], list[Kept]]:
        """The verdicts on a record, and what later questions may build on."""
        cases = question.cases_from(seed)
        values = answers_in(record, question, cases)
        if values is None:
            return without_record(question, "no record of your answers reached the grader"), []
        verdicts, kept = self._compared(question, cases, values)
        verdicts = _with_places(question, cases, values, verdicts)
        methods = question.method_recognised(cases, values) if question.method_recognised else {}
        if methods:
            parts = {part.name: part for part in question.parts}
            by_method = {
                name: _verdict(parts[name], WRONG, ((method,),), hint(method))
                for name, method in methods.items()
            }
            return [by_method.get(verdict.part, verdict) for verdict in verdicts], []
        return verdicts, kept

    def _compared(
        self, question: Question, cases: Sequence[Case], values: Mapping[str, Sequence[Any]]
    ) -> tuple[list[Verdict], list[Kept]]:
        """As `_judged`, by the answers alone, whatever the method."""
        answers = [Answer(part, cases, values[part.name]) for part in question.parts]
        right = {answer.quantity for answer in answers if _is_right(answer)}
        if not follows_through(question):
            return with_shared_causes([_judge_alone(answer, right)[0] for answer in answers]), []
        ways = [
            self._judged_with(question, answers, intermediates, right)
            for intermediates in self._intermediates(question, cases, values)
        ]
        return max(ways, key=lambda way: sum(verdict.points for verdict in way[0]))

    def _judged_with(
        self,
        question: Question,
        answers: Sequence[Answer],
        intermediates: Mapping[str, Sequence[np.ndarray]],
        right: Set[str],
    ) -> tuple[list[Verdict], list[Kept]]:
        """As `_judged`, of answers that are made with the `intermediates`; right: the quantities
        that are."""
        own = self._own_values(question, answers[0].cases)
        known = {*right, *own.right}
        blamed = question.functions_not_right
        functions = blamed(self._judged_answers) if blamed and intermediates else []
        for quantity, values in intermediates.items():
            _add_used(own, quantity, values)
            if own.is_error_source(quantity):
                own.names[quantity] = _listed(functions) or question.intermediates[quantity]
        verdicts, kept = [], []
        for answer in answers:
            verdict, to_keep = _judge_following(question, answer, own, known)
            verdicts.append(verdict)
            kept += to_keep
        return with_shared_causes(_with_one_rate(answers, verdicts, own)), kept

    def _intermediates(
        self, question: Question, cases: Sequence[Case], values: Mapping[str, Sequence[Any]]
    ) -> list[dict[str, list[np.ndarray]]]:
        """What the question's intermediates may be, at least one way: that nothing is known."""
        if question.intermediates_from is None:
            return [{}]
        return list(question.intermediates_from(cases, values, self._judged_answers)) or [{}]

    def _own_values(self, question: Question, cases: Sequence[Case]) -> StudentValues:
        """The student's own values from the questions that this one depends on."""
        own = StudentValues(cases)
        for name, quantities in question.depends_on.items():
            for answer, error_source in self._kept_of(name):
                needed = quantities is None or answer.quantity in quantities
                if needed and len(answer.cases) == len(cases):
                    known = error_source is None or own.has(error_source)
                    own.at(answer.cases).add(answer, error_source if known else answer.quantity)
        return own


def judge(question: Question, record: object, seed: int) -> list[Verdict]:
    """Judge a record by itself, with the cases drawn from `seed`: see Judge.judge."""
    return Judge(seed).judge(question, record)


def without_record(question: Question, reason: str) -> list[Verdict]:
    """The verdicts for a check cell that left no valid record: 0 points, and why."""
    return _verdict_on_all(question, ERROR, hint=reason)


def _verdict_on_all(
    question: Question, status: str, misconceptions: Misconceptions = (), hint: str = ""
) -> list[Verdict]:
    return [_verdict(part, status, misconceptions, hint) for part in question.parts]


def _verdict(
    part: Part, status: str, misconceptions: Misconceptions = (), hint: str = ""
) -> Verdict:
    points = part.points if status in (RIGHT, CARRIED) else 0
    return Verdict(part.name, points, part.points, status, misconceptions, hint)


def _with_places(
    question: Question,
    cases: Sequence[Case],
    values: Mapping[str, Sequence[Any]],
    verdicts: Sequence[Verdict],
) -> list[Verdict]:
    """The verdicts; those that have each other's right values, or each other's shapes, say so."""
    answers = [Answer(part, cases, values[part.name]) for part in question.parts]
    by_shape = places.shapes_of_others(answers)
    verdicts = [
        replace(v, hint=places.of_a_shape_in_words(v.part, by_shape[v.part]))
        if v.part in by_shape and v.status == WRONG and not v.misconceptions
        else v
        for v in verdicts
    ]
    whose = places.values_of_others(answers)
    # What explains other parts as well is likelier.
    elsewhere = {name for v in verdicts if v.part not in whose for name in v.names}
    return [
        replace(v, misconceptions=(), hint=places.in_words(v.part, whose[v.part]))
        if v.part in whose and v.status == WRONG and not elsewhere.intersection(v.names)
        else v
        for v in verdicts
    ]


# One answer, compared with what is right


def _is_right(answer: Answer) -> bool:
    """Whether an answer is of numbers, and right."""
    every = (*answer.values, *answer.expected)
    if answer.part.index is not None or any(isinstance(v, str) for v in every):
        return False
    if not all(isinstance(value, np.ndarray) for value in answer.values):
        return False
    fitting = answer.in_expected_shape()
    if any(value is None for value in fitting.values) or not fitting.agrees(answer.expected):
        return False
    return not match_twin(fitting)


def _judge_alone(answer: Answer, known: Set[str]) -> tuple[Verdict, Answer | None]:
    """The verdict on an answer, and the answer in the expected shapes if it has numbers in them.

    known: the quantities that the student has right.
    """
    part, cases = answer.part, answer.cases
    unanswered = _why_unanswered(answer)
    if unanswered:
        return unanswered, None
    if any(isinstance(value, str) for value in answer.expected):
        return _judge_choice(answer), None
    if any(isinstance(value, str) for value in answer.values):
        return _verdict(part, ERROR, hint=_of_text(answer)), None
    fitting = answer.in_expected_shape()
    for value, right, own, case in zip(fitting.values, answer.expected, answer.values, cases):
        if value is None:
            found, said = match_wrong_shape(answer)
            said = said or describe_count(answer, own, right, case)
            if part.count_is_asked:
                return _verdict(part, WRONG, found, said or part.default_hint), None
            shapes = _label(case, cases) + _expected_shape(part, own, right)
            return _verdict(part, WRONG, found, f"{shapes} {said}".strip()), None
    return _judge_numbers(fitting, known), fitting


def _why_unanswered(answer: Answer) -> Verdict | None:
    """The verdict on an answer that is missing or cannot be used in some case, else None."""
    part, cases = answer.part, answer.cases
    missing = [isinstance(value, Missing) for value in answer.values]
    if any(missing):
        labels = dict.fromkeys(case.label for case, gone in zip(cases, missing) if gone)
        only = f" with {' and '.join(labels)}" if not all(missing) and all(labels) else ""
        reasons = [value.reason for value in answer.values if isinstance(value, Missing)]
        if any(reasons):
            return _verdict(part, MISSING, hint=f"{next(filter(None, reasons))}{only}")
        return _verdict(part, MISSING, hint=f"not answered yet{only}")
    for value, case in zip(answer.values, cases):
        if isinstance(value, Unusable):
            said = value.reason + (_asked_for(part) if value.reason == NOT_NUMBERS else "")
            return _verdict(part, ERROR, hint=_label(case, cases) + said)
    return None


def _of_text(answer: Answer) -> str:
    """What is said of an answer that is text where numbers are asked for."""
    part, right = answer.part, np.asarray(answer.expected[0])
    text = next(value for value in answer.values if isinstance(value, str))
    single = right.size == 1 and not part.count_is_asked
    wanted = "a number" if single else "numbers"
    if part.tolerance.by_hand and not part.count_is_asked:
        wanted = _numbers_asked(right)
    if reads_as_numbers(text):
        point = ", and write a point in place of the comma" if re.search(r"\d,\d", text) else ""
        return f"expected {wanted}, got text: take the quotes away{point}"
    if not single and re.fullmatch(r"[^a-zA-Z]*\d[^a-zA-Z]*", text):
        return (
            f"expected {wanted}, got text: a list has square brackets around its numbers, commas "
            "between them, and no quotes"
        )
    return f"expected {wanted}, got text{_asked_for(part)}"


def _asked_for(part: Part) -> str:
    """What a part asks for, as a sentence of its own behind another one."""
    return f". Asked for: {part.description}" if part.description else ""


def _judge_choice(answer: Answer) -> Verdict:
    """The verdict on a word or a letter, one of several that can be chosen."""
    part, choices = answer.part, answer.part.hint_for_choice
    if all(map(_same_words, answer.values, answer.expected)):
        return _verdict(part, RIGHT)
    if not all(isinstance(value, str) for value in answer.values):
        return _verdict(part, ERROR, hint='expected a word or letter in quotes, such as "A"')
    chosen = {word for word in choices for value in answer.values if _same_words(value, word)}
    if choices and not chosen:
        wanted = ", ".join(f'"{word}"' for word in choices)
        return _verdict(part, ERROR, hint=f"expected one of {wanted}")
    hints = [choices[word] for word in chosen if choices[word]]
    return _verdict(part, WRONG, hint=hints[0] if hints else part.default_hint)


def _judge_numbers(answer: Answer, known: Set[str]) -> Verdict:
    """The verdict on numbers that have the expected shapes."""
    if answer.agrees(answer.expected):
        twins = match_twin(answer)
        status = WRONG if twins else RIGHT
        return _verdict(answer.part, status, twins, hint_for(twins))
    by_hand = answer.part.tolerance.by_hand
    rounded = by_hand and all(map(_too_few_digits, answer.values, answer.expected))
    nearly = by_hand and not rounded and _fits_to_few_digits(answer)
    found, said = not_ruled_out(answer, match_misconception(answer, rounded or nearly), known)
    if rounded and not found:
        found, said = (("too_few_digits",),), hint("too_few_digits")
    if nearly and not found:
        found, said = (("rounded_on_the_way",),), hint("rounded_on_the_way")
    if not found and not answer.part.count_is_asked:
        found, said = _recognise_where_off(answer, known)
    said = said or describe_error(answer, answer.expected, known)
    return _verdict(answer.part, WRONG, found, said)


def _recognise_where_off(answer: Answer, known: Set[str]) -> tuple[Misconceptions, str]:
    """The mistakes that were made with some of the numbers and not with others, and the hint.

    known: the quantities that the student has right.
    """
    where = where_off(answer)
    # Of numbers that are but signs one fits by chance.
    signs = all(np.all(np.abs(right) == 1) for right in answer.expected)
    found = match_misconception_in_part(answer) if where and not signs else ()
    if not found:
        return (), ""
    said = hint_for(found)
    if all(CATALOGUE[name].fact for names in found for name in names):  # no cause beside these
        found, said = not_ruled_out(answer, found, known)
    off = sum(
        int(np.sum(~answer.accepted(number, right))) for number, right in enumerate(answer.expected)
    )
    # One number by hand fits many a mistake within its tolerance.
    uncertain = off == 1 and answer.part.tolerance.by_hand
    if uncertain and len(found) == 1:
        return found, _perhaps(where, said)
    return found, f"{where}. {said}"


def _perhaps(where: str, cause: str) -> str:
    """Where an answer is off, joined with what may be its cause."""
    subject = re.match(r"This is |These are ", cause)
    if subject:
        return f"{where}, and perhaps {subject[0].lower()}{cause.removeprefix(subject[0])}"
    return f"{where}, and this may be why. {cause}"


# One answer, where the student's own earlier values count


def _judge_following(
    question: Question, answer: Answer, own: StudentValues, known: Set[str]
) -> tuple[Verdict, list[Kept]]:
    """The verdict on an answer, where a right consequence of the student's own values counts.

    With it what later answers may build on, which `own` has from now on as well.
    """
    verdict, fitting = _judge_alone(answer, known)
    if fitting is None:
        return verdict, []
    error_source = None  # what this answer is wrong by
    if verdict.status == WRONG:
        error_source = fitting.quantity
        following = own.consequences(fitting)
        is_twin = fitting.agrees(fitting.expected)
        # What is near to the right value and to a slip may follow, too: then to all its digits.
        follows = any(map(fitting.equals if is_twin else fitting.agrees, following))
        slips = _own_slips(fitting, own, known, following) if not is_twin else ((), "")
        # A number with all its digits shows whether it follows or comes from a slip near by.
        exact = slips[0] if fitting.is_computed else ()
        if follows and not exact:
            error_source = own.error_source_behind(fitting)
            verdict = _carried(fitting.part, own, error_source)
        elif own.error_sources and _differ(following, fitting.expected):
            verdict = _after_error(verdict, fitting, following[0], known, own, slips)
        elif slips[0] and not any(len(names) == 1 for names in verdict.misconceptions):
            verdict = replace(verdict, misconceptions=slips[0], hint=slips[1])
        elif fitting.part.tolerance.by_hand and not verdict.misconceptions:
            verdict = _after_what_carries_nothing(verdict, fitting, own)
    elif fitting.is_computed and own.names:
        found, said = _own_slips(fitting, own, known, own.consequences(fitting))
        if found:
            error_source = fitting.quantity
            verdict = _verdict(fitting.part, WRONG, found, said)
    own.add(fitting, error_source)
    return verdict, [(fitting, error_source)]


def _with_one_rate(
    answers: Sequence[Answer], verdicts: Sequence[Verdict], own: StudentValues
) -> list[Verdict]:
    """The verdicts; where all new weights by hand show another learning rate, they say so."""
    rows = []
    for place, (answer, verdict) in enumerate(zip(answers, verdicts, strict=True)):
        numbers = all(isinstance(value, np.ndarray) for value in answer.values)
        if answer.quantity not in NEW or not answer.part.tolerance.by_hand or not numbers:
            continue
        fitting = answer.in_expected_shape()
        if verdict.status not in (RIGHT, CARRIED, WRONG) or fitting.values[0] is None:
            continue
        following = own.consequences(fitting)
        rows.append((place, fitting, following[0][0] if following else fitting.expected[0]))
    return with_one_rate(verdicts, rows) if rows else list(verdicts)


def _own_slips(
    answer: Answer,
    own: StudentValues,
    known: Set[str],
    following: Sequence[Sequence[np.ndarray]],
) -> tuple[Misconceptions, str]:
    """The mistakes that give an answer by hand from the student's own values, and the hint."""
    if not answer.part.tolerance.by_hand or not own.names:
        return (), ""
    found = match_own_slip(answer, own.mistakes(answer), [*following, answer.expected])
    return not_ruled_out(answer, found, known) if found else ((), "")


def _after_what_carries_nothing(verdict: Verdict, answer: Answer, own: StudentValues) -> Verdict:
    """The verdict on a wrong answer; if an earlier part is to be mended first, it says so."""
    source = own.follows_from_refused(answer)
    if source:
        why = own.not_carried[source]
        said = f"This follows from your {source}, so mend that first."
        return replace(verdict, hint=f"{said} Points do not carry over from it, because {why}.")
    for name, why in own.not_carried.items():
        if depends_on(answer, name):
            stop = "" if verdict.hint.endswith((".", "?")) else "."
            said = f"{verdict.hint}{stop} Mend your {name} first, since this depends on it: {why}."
            return replace(verdict, hint=said)
    return verdict


def _carried(part: Part, own: StudentValues, error_source: str | None) -> Verdict:
    """The verdict on a part that follows from the student's own values, wrong by `error_source`."""
    if error_source is None:  # earlier results were rounded before use
        return _verdict(part, RIGHT)
    called = own.names[error_source]
    several = re.fullmatch(r"\w+(, \w+)* and \w+", called)  # functions by their names
    said = f"consistent with your {called}, which {'are' if several else 'is'} not right yet"
    return _verdict(part, CARRIED, hint=said)


def _after_error(
    verdict: Verdict,
    answer: Answer,
    following: Sequence[np.ndarray],
    known: Set[str],
    own: StudentValues,
    slips: tuple[Misconceptions, str],
) -> Verdict:
    """The verdict on a wrong part, said with a view to what would follow from earlier values.

    slips: the mistakes that give it from these values, and their hint. They come first: what
    someone has in their hands is likelier than what is right.
    """
    found, said = slips
    in_both = [names for names in found if names in verdict.misconceptions]
    if not in_both and (found or verdict.misconception not in CATALOGUE):
        if not found:
            found = match_misconception_after_error(answer, following)
            said = hint_for(found)
        if found:
            said = f"This is compared with what follows from your earlier values. {said}"
            return replace(verdict, misconceptions=found, hint=said)
    if verdict.misconceptions:
        return verdict
    by_hand = answer.part.tolerance.by_hand
    if by_hand and all(map(_too_few_digits, answer.values, following)):
        source = next(iter(own.error_sources))
        called = own.names.get(own.error_sources[source], source)
        said = (
            f"As far as it goes it follows from your earlier values ({called} is not right yet), "
            "but it is rounded too early: give four decimals."
        )
        return replace(verdict, hint=said)
    said = describe_error(answer, following, known, own.error_sources)
    said = f"Even with your own earlier values this does not come out. {said[:1].upper()}{said[1:]}"
    return replace(verdict, hint=said)


def _listed(names: Sequence[str]) -> str:
    """Names in a row: "", "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _differ(following: Sequence[Any], expected: Sequence[np.ndarray]) -> bool:
    """Whether there are consequences, and the student's slips make a difference to them."""
    return bool(following) and not all(map(np.allclose, following[0], expected))


def _add_used(own: StudentValues, quantity: str, values: Sequence[Any]) -> None:
    """Add the student's own values of a quantity that the answers are made with, unless right."""
    right = []
    for case in own.cases:
        assert case.consequences is not None, "a question that records intermediates has them"
        right.append(next(iter(case.consequences({})))[quantity])
    if any(not isinstance(v, np.ndarray) or v.shape != r.shape for v, r in zip(values, right)):
        return
    if not all(np.allclose(v, r, rtol=1e-9) for v, r in zip(values, right)):
        own.add_used(quantity, values, right)


# Words


def _with_what_was_read(
    question: Question, part: Part, verdict: Verdict, record: object
) -> Verdict:
    """A verdict that is not right with what Python understood, where that is a value.

    Of a formula with what its symbols say, and in a notebook whose given data have other values
    with their names.
    """
    if verdict.status not in (WRONG, ERROR):
        return verdict
    said = verdict.hint
    one_number = re.match(r"expected one number, got (\d+)\.", said)
    if one_number and part.tolerance.by_hand:
        value = decode(record["answers"][part.name][0])  # type: ignore[index]
        commas = ""
        if is_tuple_in(record, part.name) and isinstance(value, np.ndarray):
            commas = _commas(value)
        if commas:
            said = said.replace(one_number[0], one_number[0] + commas, 1)
        elif said == one_number[0]:
            said = said[:-1] + _asked_for(part)
    if part.default_hint and said.startswith(part.default_hint):
        way = said.removeprefix(part.default_hint)
        said = describe_symbols(part, formula_in(record, part.name), way) or said
    changed = changed_in(record, question.given_data) if verdict.status == WRONG else []
    if changed:
        names = " and ".join(f"`{name}`" for name in changed)
        was = "was" if len(changed) == 1 else "were"
        them = "it" if len(changed) == 1 else "them"
        said = (
            f"{names} {was} changed since the notebook gave {them}: run the cell that gives {them} "
            f"again, then your answer. {said[:1].upper()}{said[1:]}"
        )
    return replace(verdict, hint=said, read_as=read_as(record, verdict.part))


def _expected_shape(part: Part, answer: np.ndarray, expected: np.ndarray) -> str:
    if not part.tolerance.by_hand:
        got = answer.shape if answer.ndim else "one number"
        if not expected.ndim:
            return f"expected one number, got an array of shape {got}."
        return f"expected shape {expected.shape}, got {got}."
    wanted = _numbers_asked(expected)
    if expected.squeeze().ndim == 2:
        return f"expected {wanted}."
    # As [0,12, 0,34] is read: two whole numbers for each one.
    comma = 1 < expected.size == answer.size / 2 and not np.any(answer % 1)
    return f"expected {wanted}, got {answer.size}.{DECIMAL_COMMA if comma else ''}"


DECIMAL_COMMA = " A decimal comma parts two numbers: write 0.12, not 0,12."
COMMAS = " A comma parts two numbers in Python: write 1000, not 1,000, and 0.12, not 0,12."


def _numbers_asked(expected: np.ndarray) -> str:
    """How many numbers are asked for by hand, in words."""
    if expected.squeeze().ndim == 2:
        rows, columns = expected.shape
        return f"a list of {rows} rows with {columns} numbers each"
    return "one number" if expected.size == 1 else f"a list of {expected.size} numbers"


def _commas(numbers: np.ndarray) -> str:
    """What is said of numbers without brackets, in place of one: how Python reads commas."""
    first, later = numbers.ravel()[0], numbers.ravel()[1:]
    if np.any(numbers % 1) or np.any(later < 0):
        return ""
    thousands = 1 <= abs(first) < 1000 and np.all((later == 0) | ((100 <= later) & (later < 1000)))
    if thousands:
        return COMMAS
    return DECIMAL_COMMA if later.size == 1 else ""


def _too_few_digits(answer: np.ndarray, expected: np.ndarray) -> bool:
    """Whether every number is the expected one rounded to two or three decimals.

    Of one decimal it is not told: ten tries for each further digit would lead to the number.
    """
    return any(
        np.allclose(answer, np.round(expected, digits), rtol=0, atol=1e-12) for digits in (2, 3)
    ) and not np.all(answer == 0)


FEW = 2  # decimals, too few of them to tell anything


def _fits_to_few_digits(answer: Answer) -> bool:
    """Whether an answer with few decimals is nowhere off by more than a unit of the last one.

    It may be the right one, computed with results that were rounded. Not so where the right value
    has no more decimals itself, or where the answer is 0.
    """
    off = [~answer.accepted(number, right) for number, right in enumerate(answer.expected)]
    return all(
        np.all(np.round(own[o], FEW) == own[o])
        and np.all(np.abs(own[o] - right[o]) <= 10.0**-FEW)
        and np.all(np.abs(np.round(right[o], FEW) - right[o]) > 1e-9)
        and np.all(own[o] != 0)
        for own, right, o in zip(answer.values, answer.expected, off, strict=True)
    )


# A letter with words around it: "(C).", "Answer C", "C: because …".
LETTER = re.compile(
    r"(?:answer|option)?\W*([a-z])(?:\W*|\s*[.:),;–-].*|\s+(?:because|since)\b.*)", re.DOTALL
)


def _same_words(answer: object, expected: str) -> bool:
    if not isinstance(answer, str):
        return False
    answer, expected = answer.strip(" .()\"'").casefold(), expected.casefold()
    letter = LETTER.fullmatch(answer) if len(expected) == 1 else None
    return answer == expected or bool(letter and letter[1] == expected)


def _label(case: Case, cases: Sequence[Case]) -> str:
    """Which case is meant, where there are several."""
    return f"with {case.label}: " if case.label and len(cases) > 1 else ""
