"""The catalogue of recognised mistakes: what they are called and how to lead out of them.

catalogue.toml describes each. Which numbers a mistake gives is said in `of_a_step` for quantities
of an SGD step, in `of_training` for the losses of a training loop, in `of_many_layers` for the
gradients of a deeper network, and in helpers/marking/questions/ where a question has mistakes of
its own.
"""

import tomllib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class Misconception:
    """A mistake with a name."""

    name: str
    quantity: str  # what it is a mistake in
    shows: str  # how it shows in the numbers
    hint: str  # what the student is told
    explained: str  # where the course explains it, as in "P2 3"
    seen: str = ""  # where people have been seen to make it
    # Of a mistake that is a plain factor and goes along with any other, what is told then; "" of
    # the rest.
    as_second: str = ""
    # Of a plain factor that an earlier quantity may bring along: what the numbers show, without a
    # cause. It is told where the earlier quantity is right.
    fact: str = ""


def _entry(name: str, fields: dict[str, str]) -> Misconception:
    """An entry of the catalogue. Raises ValueError, with its name, if it is not complete."""
    try:
        return Misconception(name, **fields)
    except TypeError as error:
        wanted = "quantity, shows, hint, explained; seen, as_second, fact if there is something"
        raise ValueError(f"catalogue.toml, {name}: expected {wanted}; {error}.") from None


CATALOGUE = {
    name: _entry(name, entry)
    for name, entry in tomllib.loads(
        files(__package__).joinpath("catalogue.toml").read_text(encoding="utf-8")
    ).items()
}


def hint(name: str) -> str:
    """The sentence that leads out of the misconception `name`."""
    return CATALOGUE[name].hint
