"""Lateness costs what was said, of the points earned, by times that are known; and no other."""

import argparse
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from nbformat.v4 import new_notebook
from nbgrader.preprocessors import AssignLatePenalties
from traitlets.config import Config

from helpers.grading.command import main
from helpers.grading.errors import NothingGraded
from helpers.grading.gradebook import csv_tables, results
from helpers.grading.gradebook.database import open_gradebook
from helpers.grading.gradebook.marks import by_hand
from helpers.grading.gradebook.standing import standing
from helpers.grading.intake import archive, students, submissions
from helpers.grading.intake.times import seconds_of
from helpers.grading.lateness import options as given
from helpers.grading.lateness import penalty, policy, times
from helpers.grading.pages import feedback, report
from helpers.grading.repair.released import Released
from helpers.grading.settings import configure, course_at
from helpers.grading.student import enter_lateness
from tests.entered import P2, P3, course_of_two, enter_class
from tests.sample_class.work import LESSON, ROOT, Notebook
from tests.sampling import a_run_of_the_grader

DUE = datetime(2026, 12, 1, 23, 59, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RULES = policy.Policy(DUE, timedelta(minutes=15), given.Rate(10, 50))


# In words


def test_what_the_manual_says_is_understood():
    assert given.due("2026-12-01T23:59+01:00") == datetime.fromisoformat("2026-12-01T22:59Z")
    assert given.grace("15m") == timedelta(minutes=15) and given.grace("2h") == 2 * HOUR
    assert given.late("10% per day, at most 50%") == given.Rate(10, 50)
    assert given.late("2.5% per day") == given.Rate(2.5, 100)
    assert given.optional("problem_1_derivation=bonus") == ("problem_1_derivation", "bonus")


@pytest.mark.parametrize(
    ("kind", "text", "example"),
    [
        *((given.due, text, given.DUE_EXAMPLE) for text in (
            "2026-12-01", "2026-12-01T23:59", "1.12.2026 23:59", "tomorrow", "20261201", "")),
        *((given.grace, text, "15m") for text in ("15", "quarter", "15 min", "-5m", "1.5h", "")),
        *((given.late, text, given.LATE_EXAMPLE) for text in (
            "10% a day", "10 per day", "10% per hour", "10%", "ten percent per day", "110% per day",
            "10% per day at most 50%", "10% per day, at most 500%", "-10% per day", "")),
        *((given.optional, text, "=bonus") for text in ("p", "p=", "p=yes", "=bonus")),
    ],
)  # fmt: skip
def test_any_other_wording_is_refused_with_an_example(kind, text, example):
    with pytest.raises(argparse.ArgumentTypeError) as refused:
        kind(text)
    assert example in str(refused.value)


@pytest.mark.parametrize("options", [["--late", "10% a day"], ["--due", "2026-12-01"]])
def test_the_command_refuses_it_too(options, capsys):
    with pytest.raises(SystemExit) as left:
        main(["class.zip", *options])
    assert left.value.code == 2 and "such as" in capsys.readouterr().err.replace("or “", "such as ")


def extensions(tmp_path, text):
    (tmp_path / "extensions.csv").write_text(text)
    return policy.read_extensions(tmp_path / "extensions.csv")


def test_extensions_are_read(tmp_path):
    found = extensions(tmp_path, "identifier;due\nk17;2026-12-05T12:00+01:00\n")
    assert found == {"k17": datetime.fromisoformat("2026-12-05T11:00Z")}
    for text, said in (
        ("identifier,until\nk17,x\n", "has the columns"),
        ("identifier,due\nk17,2026-12-05\n", "line 2"),
        ("identifier,due\n,2026-12-05T12:00+01:00\n", "line 2"),
        ("identifier,due\nk17,2026-12-05T12:00Z\nK17,2026-12-06T12:00Z\n", "lines 2 and 3"),
    ):
        with pytest.raises(NothingGraded, match=said):
            extensions(tmp_path, text)


def options(**given):
    nothing = dict.fromkeys(("due", "grace", "late", "extensions", "optional"))
    return argparse.Namespace(**nothing | given)


def test_what_holds_is_kept_and_only_what_is_said_changes(tmp_path):
    course = course_at(tmp_path, tmp_path / "gradebook")
    assert policy.load(course, LESSON) == policy.Policy()
    policy.keep(course, LESSON, RULES)
    policy.keep(course, "lecture", policy.Policy())
    kept = policy.load(course, LESSON)
    assert kept == RULES
    with_bonus = policy.changed(kept, options(optional=[(P2, "bonus")]), [P2, P3])
    assert (with_bonus.due, with_bonus.optional) == (DUE, {P2: "bonus"})
    assert policy.changed(with_bonus, options(optional=[(P2, "counts")]), [P2]).optional == {}
    with pytest.raises(NothingGraded, match="no such notebook.*problem_2"):
        policy.changed(kept, options(optional=[("problem_9", "bonus")]), [P2])
    with pytest.raises(NothingGraded, match="--late: when was it due"):
        policy.changed(policy.Policy(), options(late=given.Rate(10)), [P2])
    policy.path_of(course).write_text("[")
    with pytest.raises(NothingGraded, match="cannot be read"):
        policy.load(course, LESSON)


# What it costs


@pytest.mark.parametrize(
    ("after", "days", "percent"),
    [
        (-DAY, 0, 0), (timedelta(0), 0, 0),
        # Within the grace nothing; beyond it all counts, from when it was due.
        (timedelta(minutes=15), 0, 0), (timedelta(minutes=16), 1, 10),
        (DAY, 1, 10), (DAY + timedelta(seconds=1), 2, 20), (4.5 * DAY, 5, 50), (9 * DAY, 9, 50),
    ],
)  # fmt: skip
def test_each_day_begun_costs_of_the_points_earned(after, days, percent):
    late = RULES.lateness(["ann"], DUE + after)
    assert (late.days, late.percent) == (days, percent)
    assert late.penalty(30) == pytest.approx(0.3 * percent) and late.penalty(-1) == 0


def test_an_extension_is_one_students_due_date():
    rules = policy.Policy(DUE, late=given.Rate(10), extensions={"K17": DUE + 3 * DAY})
    assert rules.lateness(["k17", "ann"], DUE + 2 * DAY).days == 0
    assert rules.lateness(["k17"], DUE + 4 * DAY).days == 1
    assert rules.lateness(["k18"], DUE + 2 * DAY).days == 2


# When it was handed in


def zipped(path, files):
    """A zip of {name: (content, time)}."""
    with zipfile.ZipFile(path, "w") as file:
        for name, (content, time) in files.items():
            info = zipfile.ZipInfo(name, time.astimezone().timetuple()[:6])
            file.writestr(info, content)
    return path


def entries(path, **options):
    found = students.find_students(path, archive.all_entries_of(path), [P2, P3], **options)
    return {name: student.entries for name, student in found.students.items()}


STAMP = b"2026-12-03 10:00:00.5 UTC"


@pytest.mark.parametrize("name", [f"ann/{LESSON}/timestamp.txt", "ann/timestamp.txt"])
def test_nbgraders_timestamp_says_when(tmp_path, name):
    work = name.replace("timestamp.txt", f"{P2}.ipynb")
    path = zipped(tmp_path / "class.zip", {name: (STAMP, DUE), work: (b"{}", DUE),
                                           f"bob/{P2}.ipynb": (b"{}", DUE)})  # fmt: skip
    found = entries(path)
    (mine,) = (e for e in found["ann"] if e.name.endswith("ipynb"))
    assert mine.time_from == "timestamp.txt"
    assert mine.arrived == datetime(2026, 12, 3, 10, 0, 0, 500000, tzinfo=UTC)
    assert found["bob"][0].time_from == ""


def test_a_students_own_timestamp_says_nothing(tmp_path):
    """In a zip of theirs, in a deeper folder, or among files that a platform has named."""
    with zipfile.ZipFile(tmp_path / "own.zip", "w") as own:
        own.writestr("timestamp.txt", b"2020-01-01 00:00:00 UTC")
        own.writestr(f"{P2}.ipynb", b"{}")
    folder = "Amara Okafor_1204001_assignsubmission_file_"
    path = zipped(tmp_path / "class.zip", {
        f"{folder}/timestamp.txt": (b"2020-01-01 00:00:00 UTC", DUE),
        f"{folder}/{P2}.ipynb": (b"{}", DUE),
    })  # fmt: skip
    assert {e.time_from for e in entries(path)["Amara Okafor_1204001"]} == {""}
    path = zipped(tmp_path / "folders.zip", {
        "ann/all.zip": ((tmp_path / "own.zip").read_bytes(), DUE),
        "bob/my/own/timestamp.txt": (b"2020-01-01 00:00:00 UTC", DUE),
        f"bob/my/own/{P2}.ipynb": (b"{}", DUE),
    })  # fmt: skip
    assert {e.time_from for found in entries(path).values() for e in found} == {""}


def test_times_in_a_students_own_zip_are_those_of_the_zip(tmp_path):
    """The student's computer may say what it likes."""
    released = [Released(ROOT / "notebooks" / LESSON / f"{P2}.ipynb")]
    own = zipped(tmp_path / "own.zip", {
        f"{P2}.ipynb": (released[0].path.read_bytes(), DUE - 300 * DAY)
    })  # fmt: skip
    path = zipped(tmp_path / "class.zip", {"ann/all.zip": (own.read_bytes(), DUE + DAY),
                                           "bob/x.txt": (b"", DUE)})  # fmt: skip
    ann = submissions.collect(path, released).submissions[0]
    (file,) = (f for f in ann.files if f.state == submissions.WOULD_BE_GRADED)
    assert abs(file.arrived - (DUE + DAY)) <= timedelta(seconds=2)


def test_platforms_names_and_gradescopes_metadata_say_when(tmp_path):
    name = f"Tutorial_amara_attempt_2026-12-03-10-00-00_{P2}.ipynb"
    path = zipped(tmp_path / "class.zip", {name: (b"{}", DUE)})
    (file,) = entries(path)["amara"]
    assert (file.time_from, file.arrived.day) == ("the name of the folder or file", 3)
    metadata = (
        "submission_1:\n  :submitters:\n  - :name: Ann\n    :sid: s1\n    :email: a@example.org\n"
        "  :created_at: 2026-12-03 10:00:00.000000000 -08:00\n"
    )
    path = zipped(tmp_path / "gradescope.zip", {
        "export/submission_metadata.yml": (metadata, DUE),
        f"export/submission_1/{P2}.ipynb": (b"{}", DUE),
    })  # fmt: skip
    ((file,),) = entries(path).values()
    assert file.time_from == "Gradescope's submission_metadata.yml"
    assert file.arrived == datetime(2026, 12, 3, 18, tzinfo=UTC)
    assert seconds_of("yesterday") is None and seconds_of("2026-13-03 10:00:00 UTC") is None


def came(student, time, notebook=P2, source=""):
    one = submissions.Submission(student, (student, student), identifier=student)
    state = submissions.WOULD_BE_GRADED
    one.files.append(submissions.HandedIn(f"{student}.ipynb", time, notebook, state, "", time,
                                          source))  # fmt: skip
    one.notebooks[notebook] = student.encode()
    return one


def test_times_of_a_download_are_no_lateness():
    """A download is quick, and comes after all was handed in."""
    late = DUE + 2 * DAY
    class_of = [came(f"s{n}", late + timedelta(seconds=n)) for n in range(5)]
    found = times.arrivals(class_of, {})
    assert all(found[s.student][P2].may_be_earlier for s in class_of)
    assert penalty.counted(RULES, ["s1"], found["s1"][P2]) is None
    # What was in time by then was in time.
    early = times.arrivals([came("ann", DUE - DAY)], {})["ann"][P2]
    assert penalty._question(RULES, ["ann"], early) == ""
    assert "may be that of the download" in penalty._question(RULES, ["s1"], found["s1"][P2])
    spread = [*class_of, came("ann", DUE - DAY)]
    assert penalty.counted(RULES, ["s1"], times.arrivals(spread, {})["s1"][P2]).days == 3
    by_name = came("bob", late, source="the name of the folder or file")
    found = times.arrivals([*class_of, by_name], {"s3": DUE + HOUR})
    assert penalty.counted(RULES, ["bob"], found["bob"][P2]).days == 2
    assert found["s3"][P2].source == "the class list" and not found["s3"][P2].may_be_earlier
    said = penalty.sources(found.values())
    assert "1 by the class list" in said and "4 by the file's time, which may be" in said


def test_a_time_that_is_not_known_is_asked_for():
    assert "not known when" in penalty._question(RULES, ["ann"], None)
    assert penalty._question(policy.Policy(DUE), ["ann"], None) == "", "where it costs nothing"


def test_the_same_file_keeps_its_earlier_time(tmp_path):
    course = course_at(tmp_path, tmp_path / "gradebook")

    def kept(time, content=b"x", source="timestamp.txt"):
        one = came("ann", time, source=source)
        one.notebooks[P2] = content
        return times.keep(course, LESSON, one, times.arrivals([one], {})["ann"])[P2].submitted

    assert kept(DUE) == DUE
    assert kept(DUE + DAY) == DUE, "downloaded once more"
    assert kept(DUE + DAY, source="") == DUE
    assert kept(DUE + 2 * DAY, b"y") == DUE + 2 * DAY, "a resubmission"
    times.learn(course, LESSON, "ann", DUE + HOUR)
    assert times.load(course, "ann", LESSON)[P2].submitted == DUE + HOUR


# In the gradebook, and wherever points are shown


@pytest.fixture
def course(tmp_path):
    course_of_two(tmp_path)
    return course_at(tmp_path, tmp_path / "gradebook")


def lateness_entered(course, student, **arrivals):
    """The Results of a student with lateness entered; arrivals: by notebook."""
    known = {
        name: times.Arrival(time.isoformat(), "timestamp.txt") for name, time in arrivals.items()
    }
    times._save(course, student, LESSON, known)
    mine = [r for r in results.load_all(course) if r.student == student]
    with open_gradebook(course) as gradebook:
        penalty.enter_due(gradebook, LESSON, policy.load(course, LESSON))
        found = enter_lateness(gradebook, course, LESSON, student, mine)
    for result in found:
        results.save(course, result)
    return found


def test_each_notebook_by_its_own_time_everywhere_the_same(course):
    enter_class(course, {"ann": {P2: 0, P3: 0}, "bob": {P2: 0}})
    policy.keep(course, LESSON, RULES)
    found = lateness_entered(course, "ann", **{P2: DUE + 1.5 * DAY, P3: DUE})
    lateness_entered(course, "bob", **{P2: DUE - DAY})
    p2, p3 = (next(r for r in found if r.notebook == name) for name in (P2, P3))
    lost = 0.2 * p2.points
    now = standing(course, results.load_all(course))
    assert now.late[p2.key] == pytest.approx(lost) and now.late[p3.key] == 0
    assert now.points[p2.key] == pytest.approx(p2.points - lost)
    grades, *_ = csv_tables.write(course, now.found, now.points, now.late)
    line = f"ann,{LESSON},{P2},{p2.points:g},{p2.max_points:g},graded,,,{lost:g}"
    assert line in grades.read_text(encoding="utf-8-sig").splitlines()
    assert by_hand(course, p2).late == pytest.approx(lost)
    feedback.write(course, p2)
    page = feedback.path_of(course, p2).read_text(encoding="utf-8")
    assert "2 days begun after it was due" in page and f"−{lost:g}" in page
    text = report.write(course, now.found, now.points, standing=now).read_text(encoding="utf-8")
    assert f"{p2.points - lost + p3.points:g}" in text
    with open_gradebook(course) as gradebook:
        submission = gradebook.find_submission(LESSON, "ann")
        assert submission.duedate == DUE.replace(tzinfo=None)
        assert submission.total_seconds_late == 1.5 * 86400
        entry = gradebook.find_submission_notebook(P2, LESSON, "ann")
        assert entry.late_submission_penalty == pytest.approx(lost)


def test_nbgrader_itself_comes_to_the_same(course, monkeypatch):
    """`nbgrader autograde` would set every penalty to none by its own rule."""
    enter_class(course, {"ann": {P2: 0, P3: 0}})
    policy.keep(course, LESSON, RULES)
    lateness_entered(course, "ann", **{P2: DUE + 1.5 * DAY, P3: DUE})
    config = Config()
    configure(config, course, course.root)
    before = standing(course, results.load_all(course)).late
    for name in (P2, P3):
        ids = {"notebook": name, "assignment": LESSON, "student": "ann", "db_url": course.database}
        AssignLatePenalties(config=config).preprocess(new_notebook(), {"nbgrader": ids})
    assert standing(course, results.load_all(course)).late == before


def test_nbgraders_own_dates_and_penalties_are_never_undone(course):
    """Where no due date was given here, what somebody entered stays."""
    enter_class(course, {"ann": {P2: 0}})
    with open_gradebook(course) as gradebook:
        gradebook.update_or_create_assignment(LESSON, duedate="2026-11-01 00:00:00")
        entry = gradebook.find_submission_notebook(P2, LESSON, "ann")
        entry.late_submission_penalty = 3
        gradebook.db.commit()
    lateness_entered(course, "ann", **{P2: DUE})
    late = standing(course, results.load_all(course)).late
    assert late["ann", LESSON, P2] == 3
    with open_gradebook(course) as gradebook:
        assert gradebook.find_assignment(LESSON).duedate == datetime(2026, 11, 1)


def test_points_by_hand_count_before_lateness(course):
    """And what lateness costs is of the points as they are now."""
    enter_class(course, {"ann": {P2: 1}})
    policy.keep(course, LESSON, RULES)
    lateness_entered(course, "ann", **{P2: DUE + HOUR})
    with open_gradebook(course) as gradebook:
        grade = gradebook.find_grade("p2-relu-update", P2, LESSON, "ann")
        grade.manual_score, grade.needs_manual_grade = 5, False
        gradebook.db.commit()
    (result, *_) = lateness_entered(course, "ann", **{P2: DUE + HOUR})
    now = standing(course, results.load_all(course))
    assert now.before_lateness(result) == pytest.approx(result.points + 5)
    assert now.late[result.key] == pytest.approx(0.1 * (result.points + 5))


def test_bonus_and_left_out_work(course):
    enter_class(course, {"ann": {P2: 0, P3: 0}})
    policy.keep(course, LESSON, policy.Policy(optional={P2: "bonus"}))
    now = standing(course, results.load_all(course))
    counted = {r.notebook: r for r in now.counted}
    assert counted[P2].max_points == 0 and counted[P3].max_points > 0
    text = report.write(course, now.found, now.points, standing=now).read_text(encoding="utf-8")
    total = sum(now.points.values())
    assert f"{counted[P3].max_points:g} points" in text and f"average is {total:g}" in text
    policy.keep(course, LESSON, policy.Policy(optional={P2: "leave-out"}))
    now = standing(course, results.load_all(course))
    assert [r.notebook for r in now.counted] == [P3]
    grades, checks, _ = csv_tables.write(
        course, now.found, now.points, now.late, now.people, now.counted
    )
    assert P2 not in grades.read_text("utf-8-sig") and P2 in checks.read_text("utf-8-sig")
    text = report.write(course, now.found, now.points, standing=now).read_text(encoding="utf-8")
    assert f"average is {counted[P3].max_points:g}" in text


# A whole run


@a_run_of_the_grader
def test_a_class_with_its_list_and_late_work(tmp_path, monkeypatch, capsys):
    course_of_two(tmp_path)
    monkeypatch.chdir(tmp_path)
    work = {name: bytes(Notebook(P2)) for name in ("ann", "bob")}
    zipped(tmp_path / "class.zip", {
        f"ann/{LESSON}/{P2}.ipynb": (work["ann"], DUE),
        f"ann/{LESSON}/timestamp.txt": (STAMP, DUE),
        f"bob/{LESSON}/{P2}.ipynb": (work["bob"], DUE - DAY),
    })  # fmt: skip
    (tmp_path / "list.csv").write_text(
        "identifier,name,email\nk1,Ann,a@example.org\nk2,Bob,b@example.org\nk3,Cy,c@example.org\n"
    )
    given = ["class.zip", "--students", "list.csv", "--workers", "1", "--due", DUE.isoformat(),
             "--late", "10% per day, at most 50%"]  # fmt: skip
    assert main(given) == 0
    said = capsys.readouterr().out
    assert "Matched: 2 by name. Handed in nothing: 1." in said and "1 by timestamp.txt" in said
    of = {line.split(",")[0]: line for line in
          (tmp_path / "gradebook" / "grades.csv").read_text("utf-8-sig").splitlines()
          if f",{P2}," in line}  # fmt: skip
    assert of["ann"] == f"ann,{LESSON},{P2},50,50,graded,k1,a@example.org,10"
    assert of["bob"] == f"bob,{LESSON},{P2},50,50,graded,k2,b@example.org,0"
    assert of["Cy"] == f"Cy,{LESSON},{P2},0,50,missing,k3,c@example.org,0"
    page = tmp_path / "gradebook" / "feedback" / "ann" / LESSON / f"{P2}.html"
    assert "2 days begun after it was due" in page.read_text(encoding="utf-8")
    # An extension, without running anything; and the list and the rest are still known.
    (tmp_path / "more.csv").write_text("identifier,due\nk1,2026-12-02T12:00Z\n")
    assert main(["--tables", "--extensions", "more.csv"]) == 0
    assert "40 -> 45, lateness" in capsys.readouterr().out
