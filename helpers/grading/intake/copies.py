"""Which of a student's copies of one notebook counts, and what is to be said of that."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from helpers.grading.intake.archive import Entry

# Copies that are closer in time may be of any order: zips round to two seconds, and what is cloned
# or unpacked gets the time of that.
SAME_TIME = 60  # seconds
MANY = 4  # differing copies that make one doubt whether they are one student's
MOST_LISTED = 10


@dataclass(frozen=True)
class Copy:
    """A student's copy of a notebook."""

    entry: Entry
    kept: bytes  # what is kept of it
    remark: str  # what is to be said of that, "" if nothing
    digest: bytes  # of the file
    answers: tuple[str, ...]  # what the student wrote in it
    is_exact: bool  # whether the file is called as it was released
    is_given: bool  # whether it lies where a copy of the whole course has its released notebooks
    announced: str  # whose numbers it was worked with, by its own account, "" if it says nothing

    @property
    def times(self) -> tuple[float, float]:
        """Seconds, the first of which counts before the second; 0 is no time.

        When it was handed in, where the platform dated the zip in which it came: its own time is
        that of the student's computer, which tells copies in one zip apart.
        """
        entry = self.entry
        is_dated = entry.time_from and entry.handed_in is not None
        return (entry.handed_in or 0) if is_dated else entry.modified, entry.modified

    @property
    def rank(self) -> tuple[tuple[float, float], bool, int]:
        """What counts is what is higher: the newest, of these the one that is called right."""
        return self.times, self.is_exact, -len(self.entry.parts)


@dataclass
class Choice:
    """The copy that counts."""

    chosen: Copy
    remarks: list[str] = field(default_factory=list)  # sentences for the student
    questions: list[str] = field(default_factory=list)  # sentences for the instructor
    left: list[tuple[Copy, str]] = field(default_factory=list)  # the others, and why not they


def choose(copies: Sequence[Copy]) -> Choice:
    """Choose one of a student's copies: the newest, or, where times do not tell, one with answers.

    What is not certain becomes a question.
    """
    # A notebook that nobody has worked in, among those that the course hands out, is no copy.
    own = [copy for copy in copies if copy.answers or not copy.is_given] or list(copies)
    newest = max(own, key=lambda copy: copy.rank)
    near = [copy for copy in own if _may_be_newer(copy, newest)]
    answered = [copy for copy in near if copy.answers]
    chosen = max(answered or near, key=lambda copy: copy.rank)
    choice = Choice(chosen)
    choice.left = [(copy, _why_not(copy, chosen, near)) for copy in copies if copy is not chosen]
    if len({copy.digest for copy in own}) == 1:
        return choice
    shown = f"“{chosen.entry.shown}”"
    start = f"There were {len(own)} copies of this notebook"
    older = [copy for copy in own if copy.answers and copy not in near]
    disagree = len({copy.answers for copy in answered}) > 1
    differing = len({copy.answers for copy in own})
    if len(near) == 1 and (differing >= MANY or (older and not chosen.answers)):
        choice.remarks.append(
            f"{start}. For now the newest, {shown}, was graded; your instructor decides."
        )
    elif len(near) == 1:
        choice.remarks.append(f"{start}; the newest, {shown}, was graded.")
    elif disagree:
        choice.remarks.append(
            f"{start} with different answers, and their times do not tell which is the newest. "
            f"For now {shown} was graded; your instructor decides."
        )
    elif answered and len(answered) < len(near):
        choice.remarks.append(
            f"{start}, and their times do not tell which is the newest: {shown}, which has "
            "answers, was graded."
        )
    else:
        same = "the same answers" if answered else "no answers"
        choice.remarks.append(f"{start}; {shown} was graded. Those that may be newest have {same}.")
    if differing >= MANY:
        choice.questions.append(
            f"There are {differing} differing copies of this notebook in one student's work: "
            f"{_listed(own)}. Are they all one student's? For now {shown} is graded."
        )
    elif disagree:
        choice.questions.append(
            f"Copies have different answers, and their times do not tell which is the newest: "
            f"{_listed(answered)}. For now {shown} is graded; to grade another, hand over that one "
            "alone."
        )
    elif older and not chosen.answers:
        choice.questions.append(
            f"The newest copy, {shown}, has no answers, but {_listed(older)} has. For now the "
            "newest is graded; to grade the other, hand over that one alone."
        )
    return choice


def _may_be_newer(copy: Copy, newest: Copy) -> bool:
    """Whether a copy may be the newest, for all that the times tell."""
    return all(
        not (its and that) or that - its < SAME_TIME
        for its, that in zip(copy.times, newest.times, strict=True)
    )


def _why_not(copy: Copy, chosen: Copy, near: Sequence[Copy]) -> str:
    other = f"“{chosen.entry.shown}”"
    if copy.digest == chosen.digest:
        return f"is the same as {other}"
    if copy.answers == chosen.answers:
        return f"has the same answers as {other}"
    if not copy.answers:
        return f"has no answers; {other} counts" if chosen.answers else f"{other} counts"
    if copy in near:
        return f"may be as new as {other}, which is graded for now"
    return f"is older than {other}"


def _listed(copies: Sequence[Copy]) -> str:
    """Their files, the newest first."""
    ordered = sorted(copies, key=lambda copy: copy.rank, reverse=True)
    more = f" and {len(ordered) - MOST_LISTED} more" if ordered[MOST_LISTED:] else ""
    return ", ".join(f"“{copy.entry.shown}”" for copy in ordered[:MOST_LISTED]) + more
