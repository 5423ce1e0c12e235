"""One's mind can be changed: tables anew, moved marks, a student deleted, a question dropped."""

import copy
import csv
import shutil
from dataclasses import replace

import pytest
from nbgrader.api import MissingEntry

from helpers.grading.command import main
from helpers.grading.gradebook import registration, results
from helpers.grading.gradebook.database import open_gradebook
from helpers.grading.pages import feedback
from helpers.grading.repair.released import Released, grade_id
from helpers.grading.settings import course_at
from tests.entered import P2, P3, course_of_two, enter_class
from tests.sample_class.work import LESSON

CHECK, ANSWER = "p2-relu-update", "p2-relu-update-answer"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    course_of_two(folder)
    enter_class(course_at(folder, folder / "gradebook"), {"ann": {P2: 2}, "bob": {P2: 0, P3: 0}})
    return folder


@pytest.fixture
def course(made, tmp_path, monkeypatch):
    folder = shutil.copytree(made, tmp_path / "course")
    monkeypatch.chdir(folder)
    return course_at(folder, folder / "gradebook")


def rows(name):
    with open(f"gradebook/{name}", encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def give(course, student, points, comment=None, check=CHECK):
    """What formgrader does when a person saves."""
    with open_gradebook(course) as gradebook:
        grade = gradebook.find_grade(check, P2, LESSON, student)
        grade.manual_score, grade.needs_manual_grade = points, False
        if comment:
            gradebook.find_comment(ANSWER, P2, LESSON, student).manual_comment = comment
        gradebook.db.commit()


def tables(*options, code=0):
    assert main(["--tables", *options]) == code


def test_tables_are_as_the_gradebook_is_now_and_nothing_runs(course, monkeypatch, capsys):
    from helpers.grading.running import executed, sandbox

    def refuse(*_, **__):
        raise AssertionError("something was run")

    for module, name in ((sandbox, "choose"), (executed, "repair_and_execute")):
        monkeypatch.setattr(module, name, refuse)
    tables()
    before = {(r["student"], r["notebook"]): r["points"] for r in rows("grades.csv")}
    assert float(before["bob", P2]) == 50 and before["ann", P3] == "0"
    assert not (course.gradebook / "history.csv").exists()
    give(course, "ann", 3.5, "Come and see me.")
    capsys.readouterr()
    tables()
    after = {(r["student"], r["notebook"]): r["points"] for r in rows("grades.csv")}
    assert float(after["ann", P2]) == float(before["ann", P2]) + 3.5
    assert {key for key in after if after[key] != before[key]} == {("ann", P2)}
    page = (course.feedback / "ann" / LESSON / f"{P2}.html").read_text(encoding="utf-8")
    assert "Come and see me." in page
    said = f"ann, {P2}: {before['ann', P2]} -> {after['ann', P2]}, points given by hand"
    assert said in capsys.readouterr().out
    (change,) = rows("history.csv")
    assert list(change) == "time student lesson notebook before after why".split()
    assert (change["before"], change["after"]) == (before["ann", P2], after["ann", P2])
    tables()
    assert len(rows("history.csv")) == 1, "what has not changed is not written again"
    pages = {path: path.stat().st_mtime_ns for path in course.feedback.rglob("*.html")}
    give(course, "bob", 1)
    tables()
    assert [path.parts[-3] for path, time in pages.items() if path.stat().st_mtime_ns != time] == [
        "bob"
    ], "pages that are as they would be are left alone"
    tables("--optional", f"{P3}=bonus", "--due", "2026-12-01T23:59+01:00")
    assert {r["max_points"] for r in rows("grades.csv") if r["notebook"] == P3} == {"0"}


@pytest.mark.parametrize("options", [["--optional", "p9=bonus"], ["--lesson", "lectures"]])
def test_tables_refuse_what_cannot_be(course, options, capsys):
    tables(*options, code=2)
    assert "Nothing was graded" in capsys.readouterr().err


def test_tables_of_nothing_say_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    tables(code=2)
    assert "Grade a class first" in capsys.readouterr().err
    assert main([]) == 2 and "What is to be graded?" in capsys.readouterr().err


def test_a_class_list_that_comes_only_now(course, capsys):
    (course.root / "list.csv").write_text(
        "identifier,name,email\nk1,Ann,a@x\nk2,Bob,b@x\nk3,C,c@x\n"
    )
    tables("--students", "list.csv")
    assert "Matched: 2 by name" in capsys.readouterr().out
    assert {r["identifier"] for r in rows("grades.csv")} == {"k1", "k2", "k3"}
    tables()
    assert {r["email"] for r in rows("grades.csv")} == {"a@x", "b@x", "c@x"}, "it is kept"


def test_an_extension_of_nobody_is_never_silent(course, capsys):
    (course.root / "more.csv").write_text("identifier,due\nanm,2026-12-05T12:00Z\n")
    tables("--extensions", "more.csv")
    assert "nobody of those found is called anm" in capsys.readouterr().err
    (course.root / "list.csv").write_text("identifier,name\nann,Ann\nbob,Bob\n")
    tables("--extensions", "more.csv", "--students", "list.csv", code=2)
    assert "the class list has no anm" in capsys.readouterr().err


def test_written_answers_that_were_read_need_nobody_any_more(course):
    one = next(r for r in results.load_all(course) if r.key == ("ann", LESSON, P2))
    results.save(course, replace(one, to_read=(CHECK,)))
    tables(code=3)
    give(course, "ann", 3)
    tables()


def test_what_changed_and_why(course):
    tables()
    path = course.submitted / "bob" / LESSON / f"{P2}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    one = next(r for r in results.load_all(course) if r.key == ("bob", LESSON, P2))
    wrong = {
        q: [replace(v, points=0, status="wrong") for v in vs] for q, vs in one.verdicts.items()
    }
    results.save(course, replace(one, verdicts=wrong))
    with open_gradebook(course) as gradebook:
        for grade in gradebook.find_submission_notebook(P2, LESSON, "bob").grades:
            grade.auto_score = 0
        gradebook.db.commit()
    tables()
    (change,) = rows("history.csv")
    assert (change["before"], change["after"], change["why"]) == ("50", "0", "handed in")


def test_a_student_is_deleted_by_a_line(course, capsys):
    (course.root / "list.csv").write_text("identifier,name\nk1,Ann\nk2,Bob\n")
    tables("--students", "list.csv")
    give(course, "ann", 3)
    tables()
    assert rows("history.csv")
    capsys.readouterr()
    assert main(["forget", "K1"]) == 0
    said = capsys.readouterr().out
    assert "Deleted: ann" in said
    left = [
        path for path in course.gradebook.rglob("*")
        if path.is_file() and b"ann" in path.read_bytes().replace(b"channel", b"").lower()
        and path.suffix in (".csv", ".json")
    ]  # fmt: skip
    assert left == [] and not list(course.gradebook.rglob("ann"))
    assert {r["student"] for r in rows("grades.csv")} == {"bob"}
    with open_gradebook(course) as gradebook, pytest.raises(MissingEntry):
        gradebook.find_student("ann")
    assert main(["forget", "ann"]) == 2
    assert "nobody called ann" in capsys.readouterr().err


# Another question


def changed(course, drop=(), points=None):
    """The released P2 with questions dropped or points changed."""
    path = course.released / LESSON / f"{P2}.ipynb"
    notebook = copy.deepcopy(Released(path).notebook)
    notebook.cells = [c for c in notebook.cells if not (grade_id(c) or "").startswith(tuple(drop))
                      or not drop]  # fmt: skip
    for cell in notebook.cells:
        if grade_id(cell) in (points or {}):
            cell.metadata.nbgrader.points = points[grade_id(cell)]
    one = Released(path)
    one.__dict__["notebook"] = notebook
    return one


def test_dropping_a_question_keeps_all_other_marks(course):
    give(course, "ann", 3, "Come and see me.")
    give(course, "ann", 1, check="p2-tanh-update")
    (said,) = registration.register(course, LESSON, [changed(course, drop=["p2-tanh-update"])])
    assert "p2-tanh-update is no more; given by hand there: ann: 1 points" in said
    with open_gradebook(course) as gradebook:
        assert gradebook.find_grade(CHECK, P2, LESSON, "ann").manual_score == 3
        comment = gradebook.find_comment(ANSWER, P2, LESSON, "ann")
        assert comment.manual_comment == "Come and see me."
        with pytest.raises(MissingEntry):
            gradebook.find_grade("p2-tanh-update", P2, LESSON, "ann")
        assert gradebook.find_submission_notebook(P2, LESSON, "bob").score < 50
    assert registration.register(course, LESSON, [changed(course, drop=["p2-tanh-update"])]) == []
    # And back again: it is there for everybody, without marks.
    (said,) = registration.register(course, LESSON, [changed(course)])
    assert "p2-tanh-update is new" in said
    with open_gradebook(course) as gradebook:
        assert gradebook.find_grade("p2-tanh-update", P2, LESSON, "bob").score == 0


def test_other_points_keep_what_was_given(course):
    give(course, "ann", 3)
    (said,) = registration.register(course, LESSON, [changed(course, points={CHECK: 9})])
    assert f"{CHECK} from " in said and "to 9" in said and "kept" in said
    with open_gradebook(course) as gradebook:
        grade = gradebook.find_grade(CHECK, P2, LESSON, "ann")
        assert (grade.manual_score, grade.max_score) == (3, 9)


def test_a_broken_file_is_told_what_to_do(course):

    broken = results.Result(
        "ann",
        LESSON,
        P2,
        results.SET_ASIDE,
        50,
        remarks=("“x.ipynb” is broken: it is not valid JSON (line 3).",),
    )
    solution = replace(broken, remarks=("“x” is the course's own solution. Hand in your own.",))
    ours = replace(broken, remarks=("The grader could not finish this notebook.",))
    for result, told in ((broken, True), (solution, False), (ours, False)):
        feedback.write(course, result)
        page = feedback.path_of(course, result).read_text(encoding="utf-8")
        assert ("open the notebook in Jupyter" in page) == told
