"""The parts of one table agree: what some of them show of the causes of others.

A wrong gradient may have the numbers of a wrong delta. Where the student's delta is right, it is no
cause, and nothing may be said of it.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

import numpy as np

from helpers.marking.answer import FROM_TYPED, Answer
from helpers.marking.misconceptions import CATALOGUE, hint
from helpers.marking.questions.model import Case
from helpers.marking.recognition import MAX_TOLD, hint_for
from helpers.marking.verdict import WRONG, Misconceptions, Verdict

# What a quantity of an SGDStep is computed from.
COMPUTED_FROM = {
    "a_h": ("z_h",),
    "z_o": ("z_h", "a_h"),
    "a_o": ("z_h", "a_h", "z_o"),
    "E": ("z_h", "a_h", "z_o", "a_o"),
    "delta_o": ("dE_da_o", "slope_o"),
    "dW_o": ("delta_o",),
    "db_o": ("delta_o",),
    "delta_h": ("delta_o", "slope_h"),
    "dW_h": ("delta_o", "delta_h"),
    "db_h": ("delta_o", "delta_h"),
    # The formulas of Problem 1
    "delta_k_formula": ("dE_da_k", "da_k_dz_k"),
    "dE_dw_jk": ("delta_k_formula",),
    "dE_db_k": ("delta_k_formula",),
    "delta_j_formula": ("delta_k_formula", "da_j_dz_j"),
    "dE_dw_ij": ("delta_k_formula", "delta_j_formula"),
    "dE_db_j": ("delta_k_formula", "delta_j_formula"),
}
# What shows that a delta is right where it is not asked for: the gradient that is the delta itself,
# averaged. The weights' gradient has another factor as well.
SHOWN_BY = {"delta_o": "db_o", "delta_h": "db_h"}


def right_before(answer: Answer, name: str, right: Set[str]) -> str:
    """What the mistake `name` would have spoilt on the way to an answer, and is right; "" if none.

    right: the quantities that the student has right. It is in words, "delta_h is right".
    """
    for earlier in COMPUTED_FROM.get(answer.quantity, ()):
        shown_by = SHOWN_BY.get(earlier, "")
        if not right & {earlier, shown_by} - {answer.quantity} or not all(
            _comes_by_way_of(earlier, answer, case, name) for case in answer.cases
        ):
            continue
        if earlier in right:
            return f"{earlier} is right"
        return f"{shown_by} is right, and so is the delta in it"
    return ""


def _comes_by_way_of(earlier: str, answer: Answer, case: Case, name: str) -> bool:
    """Whether a mistake's value of the answer follows from its value of the `earlier` quantity."""
    if case.consequences is None:
        return False
    wrong = _values(case, answer.part.name, name)
    index = () if answer.part.index is None else answer.part.index
    right = case.expected.get(earlier)
    if right is None:  # it is not asked for
        right = next(iter(case.consequences({}))).get(earlier)
    return any(
        earlier_value.shape == np.asarray(right).shape
        and any(
            np.allclose(np.asarray(follows[answer.quantity])[index], value)
            for follows in case.consequences({earlier: earlier_value})
            if answer.quantity in follows
        )
        for earlier_value in _values(case, earlier, name)
        for value in wrong
    )


def _values(case: Case, part: str, name: str) -> list[np.ndarray]:
    return [np.asarray(value) for other, value in case.mistakes.get(part, ()) if other == name]


def not_ruled_out(
    answer: Answer, misconceptions: Misconceptions, right: Set[str]
) -> tuple[Misconceptions, str]:
    """Those explanations of an answer that no right answer on the way to it contradicts; the hint.

    If each is contradicted, those stay of which something can be said all the same: plain factors,
    which the numbers show whatever their cause, and single mistakes, as what was used in place of
    the right quantity. right: the quantities that the student has right.
    """
    against = {
        names: {name: right_before(answer, name, right) for name in names}
        for names in misconceptions
    }
    possible = tuple(names for names in misconceptions if not any(against[names].values()))
    if possible:
        return possible, hint_for(possible)
    left = tuple(
        names
        for names in misconceptions
        if len(names) == 1 or all(CATALOGUE[n].fact for n in names if against[names][n])
    )
    if len(left) == 1:
        return left, _hint_beside(left[0], against[left[0]])
    causes = [names for names in left if not any(CATALOGUE[name].fact for name in names)]
    if len(left) != len(causes) or not 1 < len(left) <= MAX_TOLD:
        return (), ""
    earlier = next(filter(None, against[left[0]].values()))
    return left, f"Your {earlier}, but this does not follow from it. {hint_for(left)}"


def with_one_rate(
    verdicts: Sequence[Verdict], rows: Sequence[tuple[int, Answer, np.ndarray]]
) -> list[Verdict]:
    """The verdicts of a table by hand in which all steps are too long or too short by one factor.

    rows: the place in the table, the answer and what it should be, of each new weight or bias. The
    learning rate is the same in all of them: what fits one row and not the others is no cause.
    """
    low, high = -np.inf, np.inf
    for _, answer, right in rows:
        value, given = np.ravel(answer.values[0]), np.ravel(answer.given[0])
        step = np.ravel(right) - given
        moves = step != 0
        change, step = value[moves] - given[moves], step[moves]
        unit = 0.0 if answer.is_computed else 0.55 * 10.0**-answer.decimals
        room = (unit + FROM_TYPED * np.abs(change)) / np.abs(step)
        low = max([low, *(change / step - room)])
        high = min([high, *(change / step + room)])
    found = list(verdicts)
    off = [place for place, _, _ in rows if verdicts[place].status == WRONG]
    middle = (low + high) / 2
    if len(off) < 2 or not low <= high or high - low > WIDE * abs(middle) or low <= 1 <= high:
        return found
    shared = set.intersection(*(set(verdicts[place].misconceptions) for place in off))
    if any(len(names) == 1 for names in shared):
        return found  # one mistake with a name gives them all
    turned = " and in the other direction" if middle < 0 else ""
    said = (
        f"All your steps are about {abs(middle):.2g} times as long as they should be{turned}. "
        "Which learning rate is given here, and which one have you used?"
    )
    for place in off:
        found[place] = replace(verdicts[place], misconceptions=(), hint=said)
    return found


WIDE = 0.1  # relative: a factor between such limits is not known


# What explains one part, and what explains it where another part shows the other mistake: zeros in
# the biases' gradient are not those of the biases alone if the weights' gradient has them too.
IN_COMPANY = {("bias_gradient_forgotten",): ("nothing_arrives",)}


def with_shared_causes(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """The verdicts of a table; of several causes of a part those are left that others share.

    What explains several parts is likelier than another mistake for each.
    """
    return [
        _with_shared_cause(verdict, [other for other in verdicts if other is not verdict])
        for verdict in verdicts
    ]


def _with_shared_cause(verdict: Verdict, others: Sequence[Verdict]) -> Verdict:
    alternatives = verdict.misconceptions
    elsewhere = {names for other in others for names in other.misconceptions}
    shared = tuple(names for names in alternatives if names in elsewhere)
    for alone, together in IN_COMPANY.items():
        if alone in alternatives and together in elsewhere:
            said, alternatives = hint_for(alternatives), (together,)
            hint = verdict.hint.removesuffix(said) + hint_for(alternatives)
            return replace(verdict, misconceptions=alternatives, hint=hint)
    if not shared:  # of two mistakes at once one may be alone elsewhere
        single = {names[0] for names in elsewhere if len(names) == 1}
        shared = tuple(names for names in alternatives if single & set(names))
    said = hint_for(alternatives)
    if not 0 < len(shared) < len(alternatives) or not verdict.hint.endswith(said):
        return verdict
    hint = verdict.hint.removesuffix(said) + hint_for(shared)
    return replace(verdict, misconceptions=shared, hint=hint)


def _hint_beside(names: Sequence[str], against: Mapping[str, str]) -> str:
    """What to say of one or two mistakes that right quantities contradict.

    against: what is right, in words, by mistake, "" where nothing is.
    """
    earlier = next(filter(None, against.values()))
    if not all(CATALOGUE[name].fact for name in names if against[name]):
        return f"Your {earlier}, but this does not follow from it. {hint(names[0])}"
    facts = [
        CATALOGUE[name].fact if against[name] else CATALOGUE[name].as_second or hint(name)
        for name in names
    ]
    both = "Two mistakes at once. " if len(names) == 2 else ""
    return f"{both}{' '.join(facts)} Your {earlier}: what happens between it and this?"
