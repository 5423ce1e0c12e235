"""All attacks in one graded class, by the real command: nothing gained, nothing harmed."""

import csv
import os
import re
from zipfile import ZipFile

import nbformat
import pytest

from helpers.grading.gradebook.results import GRADED
from helpers.grading.running import sandbox
from tests.attacks.__main__ import (
    ATTACKS,
    Run,
    canaries,
    honest_students,
    run,
    table,
    write_class,
)
from tests.pages import Page
from tests.sample_class.work import LESSON
from tests.sampling import selected

LARGEST_GRADER = 1_500_000_000  # bytes of memory, of any of the grader's own processes


@pytest.fixture(scope="session")
def attacked(tmp_path_factory, request):
    """The graded class of those attackers that were selected, by a sample for instance."""
    problem = sandbox.bubblewrap_problem()
    if problem and os.environ.get("CI") != "true":
        pytest.skip(problem)
    assert not problem
    chosen = selected(request.session, __file__, "attack") or ATTACKS[:3]
    done = run(chosen, tmp_path_factory.mktemp("attacks"))
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print(f"\n{table(done)}")
    return done


@pytest.mark.sampled(0.02)
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name.replace(" ", "_"))
def test_attack(attacked: Run, attack):
    result = attacked.result(attack)
    assert result is not None, "without a state"
    assert result.state in attack.states
    assert attack.at_least <= attacked.points(attack) <= attack.not_more_than
    words = attacked.words(attack)
    assert words or attacked.points(attack) == attack.not_more_than > 0, (
        "points lost without a word"
    )
    assert not attack.says or any(attack.says in text for text in words), words
    assert attacked.harm(attack) == []


@pytest.mark.parametrize("honest", honest_students(), ids=lambda honest: honest.name)
def test_honest_students_have_their_marks(attacked, honest):
    assert attacked.honest_points(honest) == honest.points
    marks = attacked.marks(honest.name)
    assert {marks[name]["state"] for name in honest.points} == {GRADED}


def test_the_command_came_to_its_end(attacked):
    assert attacked.status in (0, 3), attacked.said
    assert not re.search(r"Traceback|Error\b|Exception", attacked.said)


def test_a_terminal_obeys_nothing(attacked):
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", attacked.said)


@pytest.mark.parametrize("table", ["grades.csv", "checks.csv", "times.csv"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_no_table_has_a_formula(attacked, table, delimiter):
    """However a spreadsheet takes it apart."""
    path = attacked.course.gradebook / table
    with open(path, encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file, delimiter=delimiter) for cell in row]
    assert cells and not [cell for cell in cells if re.match(r"\s*[=@]", cell)]


def test_nothing_outside_was_read(attacked):
    assert attacked.read() == []


def test_nothing_outside_was_written(attacked):
    assert attacked.changed == []


def test_nothing_reached_the_network(attacked):
    assert attacked.reached == []


def test_nothing_is_left(attacked):
    assert attacked.left == []


def test_the_grader_stayed_small(attacked):
    assert attacked.largest < LARGEST_GRADER


def test_pages_are_inert(attacked):
    pages = [*attacked.course.feedback.rglob("*.html"), attacked.course.gradebook / "report.html"]
    assert len(pages) > len(attacked.attacks)
    for path in pages:
        text = path.read_text(encoding="utf-8")
        page = Page(text)
        assert page.runs == [], path
        assert all(source.startswith("data:image/") or not source for source in page.loads), path
        assert not any(re.match("javascript|data", link) for link in page.links), path
        assert "default-src 'none'" in text, path


def test_two_runs_at_once_have_canaries_of_their_own(tmp_path):
    (network,) = (attack for attack in ATTACKS if attack.name == "Network")
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    with canaries(tmp_path / "one") as one, canaries(tmp_path / "other") as other:
        assert not {*one.places.values()} & {*other.places.values()}
        assert not {*one.files} & {*other.files}
        write_class([network], tmp_path / "class.zip", one.places)
    with ZipFile(tmp_path / "class.zip") as archive:
        (name,) = archive.namelist()
        handed_in = archive.read(name).decode()
    assert all(place in handed_in for place in one.places.values())
    assert "OF_THE_CANARY" not in handed_in


SHOWN_AS_HTML = ("text/html", "text/markdown", "image/svg+xml", "text/latex")


def test_what_formgrader_shows_is_inert(attacked):
    for path in attacked.course.autograded.rglob("*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            for output in cell.get("outputs", ()):
                for mime in {*output.get("data", {})} & {*SHOWN_AS_HTML}:
                    assert Page("".join(output.data[mime])).runs == [], path


def test_stored_notebooks_are_valid(attacked):
    """What the kernels sent has become outputs that Jupyter and formgrader can show."""
    for attack in attacked.attacks:
        path = attacked.course.autograded / attack.student / LESSON / f"{attack.notebook}.ipynb"
        if path.is_file():  # it was not set aside
            nbformat.validate(nbformat.read(path, as_version=4))
