"""Who handed in which folder of Gradescope's export, which says so in submission_metadata.yml."""

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from helpers.grading.errors import NothingGraded, Unreadable
from helpers.grading.intake import archive
from helpers.grading.intake.times import seconds_of

METADATA = "submission_metadata.yml"
# Written in C where it was built so, since the file also has what tests printed. It makes text of
# everything, whatever its kind in Ruby.
LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@dataclass(frozen=True)
class Submitter:
    """One of those who handed in a folder; fields that Gradescope does not have are ""."""

    name: str
    number: str
    email: str
    submitted: float | None = None  # when, in seconds, if Gradescope says

    @property
    def student(self) -> str:
        """What the student's id is made of: a name alone may be that of two."""
        return "_".join(filter(None, [self.name, self.number or self.email]))

    @property
    def called(self) -> tuple[str, ...]:
        """See Submission.called."""
        known = (self.student, self.number, self.email, self.name or self.student)
        return tuple(filter(None, known))


def submitters(metadata: archive.Entry) -> dict[str, list[Submitter]]:
    """The Submitters by folder. Raises NothingGraded if the file says nothing of the kind."""
    try:
        content = yaml.load(metadata.content(), LOADER)  # noqa: S506 (it makes nothing but text)
    except (Unreadable, yaml.YAMLError, UnicodeError, RecursionError) as error:
        raise NothingGraded(
            f"{metadata.shown} cannot be read, and the folders beside it do not say whose they "
            f"are: {' '.join(str(error).split())[:200]}. Download the submissions again, or rename "
            "each folder to its student and remove the file."
        ) from error
    found = {}
    if isinstance(content, dict):
        found = {str(folder): list(_submitters(about)) for folder, about in content.items()}
    if not any(found.values()):
        raise NothingGraded(
            f"{metadata.shown} names no submitters. Expected: for each folder a list "
            "“:submitters:” with “:name:”, “:sid:” and “:email:”, as Gradescope exports it."
        )
    return found


def _submitters(about: object) -> Iterator[Submitter]:
    listed = about.get(":submitters") if isinstance(about, dict) else None
    created = seconds_of(_text(about.get(":created_at"))) if isinstance(about, dict) else None
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict):
            name, number, email = (_text(one.get(key)) for key in (":name", ":sid", ":email"))
            made = Submitter(name, number, email, created)
            if made.student:
                yield made


def _text(field: object) -> str:
    return field.strip() if isinstance(field, str) and field not in ("~", "null") else ""
