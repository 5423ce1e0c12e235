"""Each student their own numbers for the step of SGD in Problems 2, 3 and 4.

They follow from the student's identifier and the course's secret: whoever has both can draw them,
and nothing has to be kept. Without a secret everybody has the course's numbers. In place of either
a notebook may choose the lecture's, by the identifier LECTURE.
"""

import hashlib
import os
import unicodedata
from functools import lru_cache
from pathlib import Path

from helpers.personal.problem_data import DEFAULT_PROBLEM, LECTURE_PROBLEM, ProblemData

SECRET_VARIABLE = "BACKPROP_COURSE_SECRET"
STUDENT_VARIABLE = "BACKPROP_STUDENT"
NUMBERS_VARIABLE = "BACKPROP_NUMBERS"  # given by the grader: the kernel has not the secret
SECRET_FILE = Path(__file__).parents[1] / "course_secret.txt"
MIN_SECRET_LENGTH = 16
NO_SECRET = "none"  # in the environment: even if there is a file
LECTURE = "lecture"  # in place of an identifier: it selects the lecture's numbers

_announced = ""  # the identifier that the notebook gave


def normalised(identifier: str) -> str:
    """An identifier as it is compared: whatever its case, its spaces and how it was typed."""
    return " ".join(unicodedata.normalize("NFKC", identifier).casefold().split())


def course_secret() -> str:
    """The course's secret, "" if it has none: from the environment variable, else from the file.

    Raises ValueError if it is too short to be one.
    """
    where, secret = SECRET_VARIABLE, os.environ.get(SECRET_VARIABLE, "").strip()
    if secret == NO_SECRET:
        return ""
    if not secret and SECRET_FILE.is_file():
        where = f"helpers/{SECRET_FILE.name}"
        try:
            secret = SECRET_FILE.read_text(encoding="utf-8-sig").strip()
        except UnicodeDecodeError:
            raise ValueError(f"{where}: expected text in UTF-8, got something else.") from None
    elif not secret:
        return ""
    if len(secret) < MIN_SECRET_LENGTH:
        raise ValueError(
            f"{where}: expected a secret of at least {MIN_SECRET_LENGTH} characters, "
            f"got {len(secret)}."
        )
    return secret


def secret_fingerprint() -> str:
    """A hash that changes with the secret and does not tell it; "" without one."""
    secret = course_secret()
    return secret and hashlib.sha256(f"course secret: {secret}".encode()).hexdigest()


def numbers_of(student: str = "") -> ProblemData:
    """The ProblemData of a student, by identifier; the course's without identifier or secret.

    LECTURE in place of an identifier has the lecture's, with a secret and without.
    """
    if not isinstance(student, str):
        raise ValueError(f"STUDENT: expected an identifier in quotes, got {student!r:.60}.")
    given = os.environ.get(NUMBERS_VARIABLE)
    if given:
        return ProblemData.from_json(given)
    return own_numbers(student) or DEFAULT_PROBLEM


def own_numbers(student: str) -> ProblemData | None:
    """A student's ProblemData by the course's secret; None without identifier or secret.

    Those of LECTURE need no secret.
    """
    identifier = normalised(student)
    if identifier == LECTURE:
        return LECTURE_PROBLEM
    secret = identifier and course_secret()
    return _drawn(secret, identifier) if secret else None


def marked_as(identifier: str, announced: str | None) -> str:
    """The identifier by whose numbers a notebook is marked that was handed in by `identifier`.

    announced: what its STUDENT says, None if it has none. Without a secret everybody may choose the
    lecture's numbers. With one, numbers are the student's own, and another choice of the notebook's
    is for a person to decide on.
    """
    if normalised(announced or "") == LECTURE and not course_secret():
        return LECTURE
    return identifier


@lru_cache(maxsize=1024)
def _drawn(secret: str, identifier: str) -> ProblemData:
    # Here, since it takes the questions, which most of those who import this do not need.
    from helpers.personal.draws import draw

    return draw(secret, identifier)


def use_student(identifier: str) -> str:
    """Let the checks ask for this student's numbers. Returns the identifier that counts.

    That is the grader's if the notebook is being graded. Says in a sentence or two if the
    identifier changes nothing or selects the lecture's numbers. Raises ValueError if it is no text.
    """
    global _announced
    numbers = numbers_of(identifier)  # refuses what is no identifier before it counts
    _announced = identifier
    if normalised(identifier) == LECTURE:
        print("You work with the weights, inputs and target of the lecture.")
        if course_secret():
            print(
                "This course gives its students numbers of their own: ask your instructor whether "
                "work with other numbers counts."
            )
    elif normalised(identifier) and numbers is DEFAULT_PROBLEM:
        print("Numbers of your own are not switched on here: you work with the course's numbers.")
    return current_student()


def current_student() -> str:
    """The identifier whose numbers the checks ask for: the grader's, else the notebook's."""
    return os.environ.get(STUDENT_VARIABLE, _announced)
