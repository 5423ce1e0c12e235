"""The catalogue of recognised mistakes: what they are called and how to lead out of them.

catalogue.toml describes each. Which numbers a mistake gives is said in `of_a_step` for quantities
of an SGD step, and in helpers/marking/questions/ where a question has mistakes of its own.
"""

import re
import tomllib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class Misconception:
    """A mistake with a name.

    quantity: what it is a mistake in. shows: how it shows in the numbers. hint: what the student
    is told. explained: where the course explains it, as in "P2 3". seen: where people have been
    seen to make it. as_second: of a mistake that is a plain factor and goes along with any other,
    what is told then; "" of the rest.
    """

    name: str
    quantity: str
    shows: str
    hint: str
    explained: str
    seen: str
    as_second: str = ""


CATALOGUE = {
    name: Misconception(name, **entry)
    for name, entry in tomllib.loads(
        files(__package__).joinpath("catalogue.toml").read_text(encoding="utf-8")
    ).items()
}
# A verdict names two mistakes made at once, and mistakes that give the same number.
AND, OR = " + ", " or "


def hint(name):
    """The sentence that leads out of the misconception `name`."""
    return CATALOGUE[name].hint


def names_in(misconception):
    """The catalogue's names in what a verdict says: one, "a + b", "a or b", or none."""
    return [name for name in re.split(r" \+ | or ", misconception) if name]
