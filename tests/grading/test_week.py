"""An instructor's week with Moodle, from the first zip to the second resubmission.

What each command does by itself, other tests say; here one follows the other on one gradebook, as
the manual has it. Before the week stand what it once stumbled over.
"""

import copy
import csv
import json
import re
import shutil
import zipfile
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from helpers.grading import finishing
from helpers.grading.class_list import roster
from helpers.grading.class_list.reading import ClassList, Student
from helpers.grading.class_list.table import Table
from helpers.grading.command import main
from helpers.grading.errors import NothingGraded
from helpers.grading.gradebook import results
from helpers.grading.gradebook.by_hand import Basis, _since
from helpers.grading.gradebook.database import open_gradebook
from helpers.grading.intake import layouts, submissions
from helpers.grading.intake.times import NAME, NAME_WITH_ZONE
from helpers.grading.lateness import penalty, policy, times
from helpers.grading.lateness.options import Rate
from helpers.grading.pages import feedback, report
from helpers.grading.pages.report_figures import marks_distribution
from helpers.grading.repair.lay_in import repair
from helpers.grading.repair.released import grade_id
from helpers.grading.settings import course_at
from tests.browser import in_the_browser
from tests.sample_class.work import LESSON, ROOT, Notebook
from tests.sampling import a_long_run_of_the_grader

P2 = "problem_2_pen_and_paper"
HERE = datetime(2026, 11, 25, 23, 59).astimezone()  # due, in this machine's zone
ELSEWHERE = HERE.astimezone(timezone(HERE.utcoffset() + timedelta(hours=1)))
DAY = timedelta(days=1)


class Said(list):
    """A progress that keeps the warnings."""

    def warn(self, sentence):
        self.append(sentence)


def class_list(platform, *identifiers):
    listed = [Student(identifier, identifier) for identifier in identifiers]
    table = Table("list.csv", ["identifier"], [[i] for i in identifiers], [], ",", "utf-8")
    return ClassList(listed, platform, "identifier", table, list(range(len(listed))))


# Times without a zone


@pytest.mark.parametrize(
    ("source", "is_refused"),
    [
        (times.WORKSHEET, True),
        (times.LIST, False),  # its times have their zone
        (times.FILE, False),
        (NAME, True),  # Blackboard's and Brightspace's
        (NAME_WITH_ZONE, False),  # nbgrader's
    ],
)
@pytest.mark.parametrize("is_extension", [False, True])
def test_times_without_a_zone_meet_no_due_date_in_another(source, is_refused, is_extension):
    """Else a machine in the cloud, which is in UTC, moves the deadline by hours in silence."""
    same, other = (
        policy.Policy(HERE, extensions={"k1": due}) if is_extension else policy.Policy(due)
        for due in (HERE, ELSEWHERE)
    )
    finishing.check_zone(same, {source})
    if not is_refused:
        return finishing.check_zone(other, {source})
    with pytest.raises(NothingGraded) as refused:
        finishing.check_zone(other, {source})
    assert "TZ=" in str(refused.value) and HERE.isoformat() in str(refused.value)


def test_a_time_in_a_folders_name_is_in_the_zone_that_stands_there():
    noon = datetime(2026, 1, 31, 12)
    _, seconds = layouts.without_attempt("ana 2026-01-31 12:00:00")
    assert seconds == noon.timestamp()
    _, seconds = layouts.without_attempt("ana 2026-01-31 12:00:00 UTC")
    assert seconds == noon.replace(tzinfo=UTC).timestamp()


# Whose time it is


def came(content, listed):
    """Ann's notebook, by a class list that says when; with the Arrivals of it."""
    ann = submissions.Submission("ann", ("ann", "ann"), identifier="ann")
    state = submissions.WOULD_BE_GRADED
    ann.files.append(submissions.HandedIn("ann/x.ipynb", HERE, P2, state, ""))
    ann.notebooks[P2] = content
    return ann, times.arrivals([ann], {"ann": listed})["ann"]


def test_an_older_copy_does_not_bring_its_time_along(tmp_path):
    """The class is graded again by the same line, with the worksheet from before."""
    course = course_at(ROOT, tmp_path / "gradebook")
    resubmitted, arrivals = came(b"new", HERE + 2 * DAY)
    times.keep(course, LESSON, resubmitted, arrivals)
    again, arrivals = came(b"old", HERE - DAY)
    again.notebooks[P2] = b"new"  # which counts, as it is newer
    assert times.keep(course, LESSON, again, arrivals)[P2].submitted == HERE + 2 * DAY


def test_a_later_worksheet_does_not_make_earlier_work_late(tmp_path):
    """The worksheet has the time of what was handed in last, which may not have come here."""
    course = course_at(ROOT, tmp_path / "gradebook")
    rules = policy.Policy(HERE, late=Rate(10))

    def known():
        return times.load(course, "ann", LESSON)[P2]

    def come(content, time):
        ann, _ = came(content, time)
        arrivals = times.arrivals([ann], {"ann": time}, times.WORKSHEET)["ann"]
        times.keep(course, LESSON, ann, arrivals)

    come(b"first", HERE - DAY)
    assert not times.learn(course, LESSON, "ann", HERE - DAY, times.WORKSHEET)
    for _ in range(2):
        assert times.learn(course, LESSON, "ann", HERE + DAY, times.WORKSHEET), "and it is said"
        assert known().submitted == HERE - DAY
    come(b"first", HERE + DAY)  # the same file, handed in again beside others
    assert penalty.counted(rules, ["ann"], known()) is None
    come(b"second", HERE + DAY)
    assert penalty.counted(rules, ["ann"], known()).days == 1
    assert not times.learn(course, LESSON, "ann", HERE + DAY, times.WORKSHEET)
    times.learn(course, LESSON, "ann", HERE + 2 * DAY)  # a list of the instructor's own is its word
    assert penalty.counted(rules, ["ann"], known()).days == 2


def test_who_is_late_is_said_before_anything_runs():
    ann, arrivals = came(b"x", HERE + DAY)
    rules = policy.Policy(HERE, late=Rate(10))
    said = penalty.late_in_words(rules, [ann], {"ann": arrivals})
    assert said == "Late by these times: 1 notebook, of ann."
    later = policy.Policy(HERE, extensions={"ann": HERE + 2 * DAY})
    assert "None of it is late" in penalty.late_in_words(later, [ann], {"ann": arrivals})


def test_an_extension_that_is_no_longer_in_the_list_is_said():
    said = Said()
    before = policy.Policy(HERE, extensions={"k1": HERE, "k2": HERE})
    finishing.warn_of_lost_extensions(before, before, said)
    assert said == []
    finishing.warn_of_lost_extensions(before, policy.Policy(HERE, extensions={"k2": HERE}), said)
    assert "k1 is no longer in it" in said[0] and "k2" not in said[0]


def test_those_who_handed_in_before_did_not_hand_in_nothing():
    ann = SimpleNamespace(student="ann", identifier="k1")
    said = roster.in_words(
        "list.csv", class_list("plain", "k1", "k2", "k3"), [ann], {"ann": "by name"}, ["K2"]
    )
    assert said.endswith("Handed in before, and not now: 1. Handed in nothing: 1.")


# After another question


def test_given_cells_are_numbered_anew_when_a_question_is_dropped():
    """What students read of it would be that they had changed the labels."""

    def labelled(cell, label):
        cell.metadata.nbgrader = {
            "grade_id": label, "grade": False, "solution": False, "locked": True,
        }  # fmt: skip
        cell.id = label
        return cell

    def notebook(number):
        return new_notebook(
            cells=[
                labelled(new_markdown_cell("## 7"), f"after-p2-compare-{number}"),
                labelled(new_code_cell("x = 1"), f"after-p2-compare-{number + 1}"),
            ]
        )

    assert repair(notebook(1), notebook(5))[1] == []


def test_a_comment_on_the_same_answer_was_not_for_an_earlier_one():
    assert "judged this answer otherwise" in _since(Basis("a", 4), Basis("a", 5))
    assert _since(Basis("a", 4), Basis("b", 4)) == "for an earlier answer"


# The picture of the marks


@pytest.mark.parametrize(
    ("highest", "width", "last"),
    [
        *((147, 20, 160), (123, 10, 130), (50, 5, 50), (24, 2, 24), (7, 1, 7), (0, 1, 1)),
        (999, 100, 1000),
    ],
)
def test_marks_are_counted_between_round_numbers(highest, width, last):
    figure = marks_distribution([0, highest / 2, highest], highest)
    assert figure["edges"] == list(range(0, last + 1, width))
    assert sum(figure["counts"]) == 3 and 0 <= figure["mean_at"] <= 1


def test_a_bonus_beyond_the_maximum_has_a_bin_of_its_own():
    figure = marks_distribution([60, 146], 122)
    assert figure["edges"][-1] >= 146 and figure["counts"][-1] == 1


@pytest.mark.parametrize("mean", range(5, 100, 5))
def test_no_number_stands_on_the_line_of_the_average(mean):
    figure = marks_distribution([mean - 1] * 57 + [mean + 1] * 57, 100)
    macros = feedback.templates().get_template("report_figures.html").module
    picture = str(macros.marks_distribution(figure))
    line = float(re.search(r'<path d="M([\d.]+),', picture)[1])
    for place, digits in re.findall(r'<text x="([\d.]+)" y="[\d.]+" text-anchor="middle">(57|114)<',
                                    picture):  # fmt: skip
        assert abs(float(place) - line) >= 4 * len(digits) + 3  # half of it, and a little more


@in_the_browser
def test_long_names_of_files_fit_a_phone(tmp_path, chromium):
    """They have no spaces, and stand in what there is to know and in what needs a person."""
    course = course_at(ROOT, tmp_path)
    long = f"“Bartholomew_1204001_assignsubmission_file_/{P2}.ipynb” is older."
    found = [
        results.Result("Ann_1", LESSON, P2, results.SET_ASIDE, 50, remarks=(long,)),
        results.Result("Bo_2", LESSON, P2, results.MISSING, 50, notes=(long,)),
    ]
    path = report.write(course, found, {result.key: 0 for result in found})
    window = chromium.new_page(viewport={"width": 390, "height": 844})
    window.goto(path.as_uri())
    assert window.evaluate("document.documentElement.scrollWidth") <= 390
    window.close()


# The week

NAMES = ("Ann Ames", "Ben Bell", "Cem Can", "Dora Diaz", "Eli Ek", "Fay Fox")
NUMBERS = {name: 1204001 + 37 * place for place, name in enumerate(NAMES)}
HEADER = (
    "Identifier", "Full name", "Email address", "Status", "Grade", "Maximum grade",
    "Grade can be changed", "Last modified (submission)", "Last modified (grade)",
    "Feedback comments",
)  # fmt: skip
DROPPED, BY_HAND = "p2-compare", "p2-tanh-backward"


def moodles_zip(path, files, downloaded):
    """What Moodle gives for a download: {name: {file name: bytes}}, all with its own time."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, own in files.items():
            for file, data in own.items():
                info = zipfile.ZipInfo(
                    f"{name}_{NUMBERS[name]}_assignsubmission_file_/{file}",
                    downloaded.timetuple()[:6],
                )
                archive.writestr(info, data)


def moodles_worksheet(path, submitted, most):
    """submitted: when, by name, where somebody handed in."""
    with open(path, "w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for name, number in NUMBERS.items():
            time = submitted.get(name)
            # By hand, as the names of months and of halves depend on the locale.
            shown = f"{time.day} November 2026, {time:%H:%M}" if time else "-"
            writer.writerow([f"Participant {number}", name, f"s{number}@example.org", "", "-",
                             f"{most:.2f}", "Yes", shown, "-", ""])  # fmt: skip


def rows(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def marks():
    """{name: (points before lateness, what lateness takes off, state)}."""
    return {
        row["student"].partition("_")[0]: (
            float(row["points"]), float(row["late_points"]), row["state"],
        )
        for row in rows("gradebook/grades.csv")
    }  # fmt: skip


def without(notebook, dropped):
    """A released notebook without a question, its given cells labelled as a build labels them."""
    notebook = copy.deepcopy(notebook)
    names = [grade_id(cell) or "" for cell in notebook.cells]
    before = names[names.index(f"{dropped}-answer") - 1]
    stem, _, number = before.rpartition("-")
    place = int(number)
    kept = []
    for cell, name in zip(notebook.cells, names):
        if name in (dropped, f"{dropped}-answer"):
            continue
        if name.startswith(f"after-{dropped}-"):
            place += 1
            cell.id = cell.metadata.nbgrader.grade_id = f"{stem}-{place}"
        kept.append(cell)
    notebook.cells = kept
    return notebook


@a_long_run_of_the_grader
def test_a_week(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    released = tmp_path / "notebooks" / LESSON / f"{P2}.ipynb"
    released.parent.mkdir(parents=True)
    shutil.copy(ROOT / "notebooks" / LESSON / released.name, released)
    course = course_at(tmp_path, tmp_path / "gradebook")

    def done(*arguments, code):
        """What a command said, all of it."""
        assert main(list(arguments)) == code
        said = capsys.readouterr()
        return said.out + said.err

    right, file = bytes(Notebook(P2)), f"{P2}.ipynb"
    slip = Notebook(P2).edit("p2.tanh.backward", ("(a_o - t)", "(t - a_o)"))
    notebook = nbformat.from_dict(json.loads(right))
    most = sum(cell.metadata.nbgrader.get("points", 0) for cell in notebook.cells)

    # Monday: the class, with its list and its rules. Dora has handed in nothing.
    submitted = {
        "Ann Ames": HERE - DAY, "Ben Bell": HERE + timedelta(minutes=11),
        "Cem Can": HERE + 1.5 * DAY, "Eli Ek": HERE - DAY, "Fay Fox": HERE - DAY,
    }  # fmt: skip
    moodles_zip(
        "class.zip",
        {
            "Ann Ames": {file: bytes(Notebook(P2, solved=False))},
            "Ben Bell": {"homework (2).ipynb": right}, "Cem Can": {file: bytes(slip)},
            "Eli Ek": {file: right[:9000]}, "Fay Fox": {"answers.pdf": b"%PDF-1.4"},
        },
        HERE + 3 * DAY,
    )  # fmt: skip
    moodles_worksheet("monday.csv", submitted, most)
    line = ("class.zip", "--students", "monday.csv", "--due", HERE.isoformat(), "--grace", "15m",
            "--late", "10% per day, at most 50%")  # fmt: skip
    before = done(*line, "--dry-run", code=3)
    assert "Handed in nothing: 1." in before
    assert f"Late by these times: 1 notebook, of Cem Can_{NUMBERS['Cem Can']}." in before
    assert not course.gradebook.exists()
    said = done(*line, code=3)
    assert all(name in said for name in ("Eli Ek", "Fay Fox"))
    found = marks()
    assert found["Ann Ames"] == (0, 0, "graded") and found["Dora Diaz"][2] == "missing"
    assert found["Ben Bell"] == (most, 0, "repaired"), "the grace is 15 minutes"
    cem = found["Cem Can"][0]
    assert 0 < cem < most and found["Cem Can"][1] == pytest.approx(cem / 5), "two days begun"

    # Tuesday: a regrade request is answered in formgrader.
    with open_gradebook(course) as gradebook:
        grade = gradebook.find_grade(BY_HAND, P2, LESSON, f"Cem Can_{NUMBERS['Cem Can']}")
        grade.manual_score, grade.needs_manual_grade = grade.max_score, False
        gradebook.db.commit()
    assert "points given by hand" in done("--tables", code=3)
    assert marks()["Cem Can"][0] > cem

    # Wednesday: Ann hands in again, late; Cem has an extension, and would lose it by the next list.
    moodles_zip("ann.zip", {"Ann Ames": {file: right}}, HERE + 4 * DAY)
    moodles_worksheet("wednesday.csv", submitted | {"Ann Ames": HERE + 0.5 * DAY}, most)
    said = done("--tables", "--students", "wednesday.csv", code=3)
    assert f"handed in again since, which has not come here: Ann Ames_{NUMBERS['Ann Ames']}" in said
    said = done("ann.zip", "--students", "wednesday.csv", code=0)
    assert "Handed in before, and not now: 4. Handed in nothing: 1." in said
    assert f"0 -> {0.9 * most:g}, handed in again" in said
    for due, name in ((HERE + 3 * DAY, "Cem Can"), (HERE + 3 * DAY, "Eli Ek")):
        with open("more.csv", "w", encoding="utf-8") as extensions:
            extensions.write(f"identifier,due\ns{NUMBERS[name]}@example.org,{due.isoformat()}\n")
        said = done("--tables", "--extensions", "more.csv", code=3)
    assert f"s{NUMBERS['Cem Can']}@example.org is no longer in it" in said

    # Thursday: a question is dropped, and the class graded again by Monday's line.
    shorter = without(notebook=nbformat.read(released, as_version=4), dropped=DROPPED)
    nbformat.write(shorter, released)
    less = sum(c.metadata.nbgrader.get("points", 0) for c in shorter.cells if grade_id(c))
    assert less < most
    said = done(*line, code=3)
    assert f"{DROPPED} is no more" in said
    found = marks()
    assert found["Ann Ames"] == (less, pytest.approx(less / 10), "graded"), "what came on Wednesday"
    assert found["Ben Bell"][0] == less and found["Cem Can"] == (
        pytest.approx(less), pytest.approx(less / 5), "graded",
    ), "with the points by hand"  # fmt: skip
    page = course.feedback / f"Ann Ames_{NUMBERS['Ann Ames']}" / LESSON / f"{P2}.html"
    assert "had to be put in order" not in page.read_text(encoding="utf-8")

    # Friday: a student leaves, marks and pages go back, and Ann hands in for the second time.
    done("forget", f"s{NUMBERS['Fay Fox']}@example.org", code=0)
    done("export", "--for", "moodle", "--scale", code=3)
    exported = f"gradebook/export/moodle {LESSON}.csv"
    given = {row["Full name"]: row["Grade"] for row in rows(exported)}
    assert list(given) == [name for name in NAMES if name != "Fay Fox"]
    assert float(given["Ann Ames"]) == pytest.approx(0.9 * most, abs=0.01)
    assert given["Dora Diaz"] == given["Eli Ek"] == "-"
    done("export", "--for", "moodle", "--feedback", code=3)
    with zipfile.ZipFile(f"gradebook/export/moodle {LESSON} feedback.zip") as archive:
        who = [name.split("_")[1] for name in archive.namelist()]
    assert who == [str(NUMBERS[name]) for name in ("Ann Ames", "Ben Bell", "Cem Can", "Eli Ek")]
    moodles_zip("ann.zip", {"Ann Ames": {file: bytes(slip)}}, HERE + 5 * DAY)
    done("ann.zip", code=3)  # without a worksheet nobody knows when
    done("--tables", "--students", "wednesday.csv", code=3)
    kept = course.earlier / f"Ann Ames_{NUMBERS['Ann Ames']}" / LESSON
    assert len(list(kept.iterdir())) == 2
    told = [row for row in rows("gradebook/history.csv") if row["student"].startswith("Ann")]
    assert [row["why"].partition(":")[0] for row in told] == [
        "handed in again", "graded again", "handed in again", "lateness",
    ]  # fmt: skip
    assert not any("Fay" in row["student"] for row in rows("gradebook/history.csv"))
