"""The lesson plan in solutions/README.md says what the notebooks and their questions say."""

import re
from pathlib import Path

import nbformat
import pytest

from helpers.marking.questions import NOTEBOOKS, questions_of

SOLUTIONS = Path(__file__).parents[1] / "solutions"
PLAN = (SOLUTIONS / "README.md").read_text(encoding="utf-8")
README = (SOLUTIONS.parent / "README.md").read_text(encoding="utf-8")
LECTURES = [name for name in NOTEBOOKS.values() if (SOLUTIONS / f"lecture/{name}.md").exists()]


def cells(name):
    (path,) = SOLUTIONS.glob(f"*/{name}.ipynb")
    return nbformat.read(path, as_version=nbformat.NO_CONVERT).cells


@pytest.mark.parametrize("name", NOTEBOOKS.values())
def test_points(name):
    points = sum(question.points for question in questions_of(name).values())
    (planned,) = re.findall(rf"^\| `\w+/{name}` \| (\d+) \|", PLAN, re.MULTILINE)
    assert int(planned) == points
    (said,) = (re.search(r"\*\*Points\.\*\* (\d+)", cell.source) for cell in cells(name)
               if "**Points.**" in cell.source)  # fmt: skip
    assert int(said[1]) == points


def minutes_in(text):
    """The minutes in class and alone that a text gives, as numbers; an hour is 60."""
    text = text.replace("an hour", "60")
    return [int(number) for number in re.findall(r"\b\d+\b", text)]


@pytest.mark.parametrize("name", NOTEBOOKS.values())
def test_the_minutes_are_the_same_wherever_they_stand(name):
    """In the notebook's opening, in the README and in the lesson plan."""
    (opening,) = (
        re.search(r"\*\*How long it takes\.\*\* (.*)", cell.source)[1]
        for cell in cells(name)
        if "**How long it takes.**" in cell.source
    )
    (in_plan,) = re.findall(rf"^\| `\w+/{name}` \| \d+ \| (.*?) \|", PLAN, re.MULTILINE)
    assert minutes_in(in_plan)[0] == minutes_in(opening)[0]
    # The README shows the course at a glance, perhaps without a notebook that goes beyond.
    for in_readme in re.findall(rf"^\| `{name}` \| (.*?) \|", README, re.MULTILINE):
        in_class, *alone = minutes_in(in_readme)
        assert in_class == minutes_in(opening)[0]
        assert {*alone, *minutes_in(in_plan)} <= {*minutes_in(opening)}


@pytest.mark.parametrize("name", LECTURES)
def test_minutes_of_the_slides(name):
    minutes = sum(cell.metadata.slideshow.get("minutes", 0) for cell in cells(name))
    (planned,) = re.findall(rf"^\| `lecture/{name}` \| \d+ \| (\d+) in", PLAN, re.MULTILINE)
    assert int(planned) == minutes


def test_every_section_that_the_plan_names_exists():
    named = re.findall(r"lecture (\d), sections? (\d+)", PLAN)
    assert len(named) > 3
    for lecture, section in named:
        (name,) = (name for name in LECTURES if name.startswith(lecture))
        text = "\n".join(cell.source for cell in cells(name))
        assert re.search(rf"^## {section}\. ", text, re.MULTILINE), (lecture, section)


def test_the_lecture_takes_an_hour():
    minutes = re.findall(r"^\| (\d):(\d\d)–(\d):(\d\d) \|", PLAN, re.MULTILINE)
    spans = [(60 * int(a) + int(b), 60 * int(c) + int(d)) for a, b, c, d in minutes]
    hours = [k for k, (start, _) in enumerate(spans) if start == 0]
    assert len(hours) == 2  # the lecture and the tutorial
    for before, after in zip(spans, spans[1:]):
        assert after[0] in (0, before[1])
    assert spans[-1][1] == 60 and spans[hours[1] - 1][1] == 60
