"""Each export is what its platform imports: read back by the rules of the importer.

Those are, in their sources and documentation (August to November 2026):
Moodle, mod/assign/feedback/offline/importgradeslib.php and locallib.php for the grading worksheet,
mod/assign/feedback/file/importziplib.php for feedback files; Canvas, lib/gradebook_importer.rb;
Blackboard, "Work offline with grade data" (user name, and the number after "|" in a column's
title); Brightspace, community.d2l.com/brightspace/kb/articles/3538-importing-grades (user name or
OrgDefinedId, "<item> Points Grade", End-of-Line Indicator).
"""

import csv
import re
import shutil
import zipfile

import pytest

from helpers.grading.class_list import roster
from helpers.grading.command import main
from helpers.grading.gradebook import results
from helpers.grading.gradebook.database import open_gradebook
from helpers.grading.lateness import policy
from helpers.grading.settings import course_at
from tests.entered import P2, P3, course_of_two, enter_class
from tests.sample_class.work import LESSON

HEADER = (
    'Identifier,"Full name","Email address",Status,Grade,"Maximum grade",'
    '"Grade can be changed","Last modified (submission)","Last modified (grade)",'
    '"Feedback comments"\n'
)


def worksheet(*rows, most="{most}"):
    """Moodle's worksheet of (number, name, e-mail)."""
    return (
        "\ufeff"
        + HEADER
        + "".join(
            f'"Participant {number}","{name}",{email},"Submitted for grading",-,{most},Yes,-,-,\n'
            for number, name, email in rows
        )
    )


AMARA = (1204001, "Amara_O Okafor", "amara@example.org")
LI, CY, DEE = (
    (1204002, "Li Wei", "li@example.org"), (1204003, "Cy Kim", "cy@example.org"),
    (1204004, "Dee Ray", "dee@example.org"),
)  # fmt: skip
IDENTIFIERS = {f"{name}_{number}": email for number, name, email in (AMARA, LI, DEE)}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Amara has everything right, Li a part, Cy handed in nothing, Dee's work is set aside."""
    folder = tmp_path_factory.mktemp("made")
    course_of_two(folder)
    amara, li, dee = IDENTIFIERS
    enter_class(
        course_at(folder, folder / "gradebook"),
        {amara: {P2: 0, P3: 0}, li: {P2: 2}, dee: {P2: results.SET_ASIDE, P3: 0}},
        IDENTIFIERS,
    )
    return folder


@pytest.fixture
def course(made, tmp_path, monkeypatch):
    folder = shutil.copytree(made, tmp_path / "course")
    monkeypatch.chdir(folder)
    return course_at(folder, folder / "gradebook")


def most():
    return sum(_of(P).max_points for P in (P2, P3))


def _of(notebook):
    return next(r for r in results.load_all(course_at()) if r.notebook == notebook)


def points(student, *notebooks):
    found = [r for r in results.load_all(course_at()) if r.student == student]
    return sum(r.points for r in found if r.notebook in (notebooks or (P2, P3)))


def lay(text, name="list.csv", encoding="utf-8"):
    with open(name, "w", encoding=encoding, newline="") as file:
        file.write(text.replace("{most}", f"{most():.2f}"))
    roster.keep(course_at(), name)
    return name


def export(*options, code=3):
    assert main(["export", *options]) == code


def table(path, **how):
    with open(path, newline="", **how) as file:
        return list(csv.DictReader(file, delimiter=how.pop("delimiter", ",")))


# Moodle


def read_by_moodle(path, participants):
    """{participant: (grade, comment)}, as assignfeedback_offline_grade_importer takes them."""
    with open(path, encoding="utf-8", newline="") as file:
        columns, *rows = csv.reader(file)
    identifier, grade, _ = (
        columns.index(name) for name in ("Identifier", "Grade", "Last modified (grade)")
    )
    found = {}
    for row in rows:
        number = int(row[identifier][len("Participant") :])
        given = float(row[grade]) if re.fullmatch(r"[\d.]+", row[grade]) else None
        if number in participants and given is not None and given <= participants[number]:
            found[number] = given, row[columns.index("Feedback comments")]
    return found


def test_moodles_worksheet(course, capsys):
    lay(worksheet(AMARA, LI, CY, DEE))
    export("--for", "moodle")
    said = capsys.readouterr().out
    path = f"gradebook/export/moodle {LESSON}.csv"
    found = read_by_moodle(path, dict.fromkeys((1204001, 1204002, 1204003, 1204004), most()))
    # Neither who handed in nothing nor whose work was set aside has a grade, of 0 for instance.
    assert {number: grade for number, (grade, _) in found.items()} == {
        1204001: most(), 1204002: pytest.approx(points("Li Wei_1204002"), abs=0.005),
    }  # fmt: skip
    assert f"{P3}: missing" in found[1204002][1] and f"{P2}: " in found[1204002][1]
    assert "set aside" in said and "Dee Ray" in said and "1 handed in nothing" in said
    export("--for", "moodle", "--zeros")
    assert read_by_moodle(path, {1204003: 1})[1204003][0] == 0


def test_what_moodle_would_leave_out_is_never_written(course, capsys):
    """Its importer skips grades above the maximum and says nothing."""
    lay(worksheet(AMARA, LI, CY, DEE, most="10,00"))
    export("--for", "moodle", code=2)
    assert "--scale" in capsys.readouterr().err
    export("--for", "moodle", "--scale")
    found = read_by_moodle(f"gradebook/export/moodle {LESSON}.csv", {1204001: 10, 1204002: 10})
    assert found[1204001][0] == 10 and 0 < found[1204002][0] < 10
    policy.keep(course, LESSON, policy.Policy(optional={P3: "bonus"}))
    lay(worksheet(AMARA, LI, CY, DEE, most=f"{_of(P2).max_points:.2f}"))
    export("--for", "moodle")
    assert "more than the maximum" in capsys.readouterr().out
    found = read_by_moodle(f"gradebook/export/moodle {LESSON}.csv", {1204001: _of(P2).max_points})
    assert found[1204001][0] == _of(P2).max_points


def test_one_notebook_for_moodle(course):
    lay(worksheet(AMARA, LI, CY, DEE, most="{p3}").replace("{p3}", f"{_of(P3).max_points:.2f}"))
    export("--for", "moodle", "--column", f"{P3}=Grade")
    found = read_by_moodle(f"gradebook/export/moodle {LESSON}.csv", {1204004: 999, 1204001: 999})
    assert found[1204004][0] == found[1204001][0] == _of(P3).max_points


def student_of(path, participants):
    """Whom assignfeedback_file_zip_importer gives a file, and what it calls it; None: nobody."""
    parts = path.split("/")
    while parts:
        info = parts.pop(0).split("_", 4)
        if len(info) < 4 or not info[1].isdecimal() or int(info[1]) not in participants:
            continue
        if info[2:4] != ["assignsubmission", "file"]:
            continue
        rest = [info[4] if len(info) > 4 else "", *parts]
        return int(info[1]), "/".join(rest)
    return None


@pytest.mark.parametrize("blind", [False, True])
def test_moodles_feedback_files(course, blind):
    text = worksheet(AMARA, LI, CY, DEE)
    lay(text)
    if blind:
        text = re.sub(r'("Participant \d+"),"[^"]*",[^,]*', r"\1", text)
        lay(text.replace(',"Full name","Email address"', ""))
        enter_class(course, {"Participant_1204001": {P2: 0}})
        for student in IDENTIFIERS:
            assert main(["forget", student]) == 0
    export("--for", "moodle", "--feedback", code=0 if blind else 3)
    with zipfile.ZipFile(f"gradebook/export/moodle {LESSON} feedback.zip") as archive:
        found = {name: student_of(name, range(1204001, 1204005)) for name in archive.namelist()}
        pages = {who[0]: archive.read(name).decode() for name, who in found.items()}
    assert None not in found.values() and len(pages) == len(found)
    assert set(pages) == ({1204001} if blind else {1204001, 1204002, 1204004})
    assert {file for _, file in found.values()} == {f"/feedback {LESSON}.html"}
    if not blind:
        assert "Amara_O Okafor" in pages[1204001] and "Li Wei" not in pages[1204001]
        assert pages[1204001].count('<h1 class="another"') == 2, "all notebooks on one page"


# Canvas

CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Notes,Problem set 1 (4711),Essay (4712),\
Current Score
,,,,,,,Manual Posting,
    Points Possible,,,,,,{most},10,(read only)
"Okafor, Amara_O",501,s1,amara@example.org,Tue,x,,7,
"Wei, Li",502,s2,li@example.org,Tue,,33,8,
"Kim, Cy",503,s3,cy@example.org,Tue,,12,9,
"Ray, Dee",504,s4,dee@example.org,Tue,,13,9,
"Student, Test",599,,x,Tue,,,,
"""


def read_by_canvas(path):
    """({assignment: {user: grade}}), by the rules of GradebookImporter."""
    with open(path, encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert "Student" in header[0] and "ID" in header[1]
    assert header[2:5] == ["SIS User ID", "SIS Login ID", "Section"]
    found = {}
    for place, name in enumerate(header[5:], 5):
        title, number = re.fullmatch(r"(.+) \((\d+)\)", name).groups()
        found[int(number)] = {
            int(row[1]): row[place] for row in rows if "Points Possible" not in row[0]
        }
    return found


def test_canvass_gradebook(course, capsys):
    lay(CANVAS)
    export("--for", "canvas", code=2)
    assert "Problem set 1 (4711)" in capsys.readouterr().err, "the columns there are"
    for column in ("Problem set 1", "4711", "problem set 1 (4711)"):
        export("--for", "canvas", "--column", column)
    found = read_by_canvas(f"gradebook/export/canvas {LESSON}.csv")
    assert list(found) == [4711], "other assignments are left alone"
    # An empty cell would delete a grade: where there is no mark, what is there stays.
    assert found[4711][503] == "12" and found[4711][504] == "13"
    assert float(found[4711][501]) == most() and 599 not in found[4711]
    assert float(found[4711][502]) == pytest.approx(points("Li Wei_1204002"), abs=0.005)


def test_notebooks_in_columns_of_their_own(course):
    lay(
        CANVAS.replace("{most}", f"{_of(P2).max_points:g}").replace(
            ",10,", f",{_of(P3).max_points:g},"
        )
    )
    export("--for", "canvas", "--column", f"{P2}=4711", "--column", f"{P3}=Essay")
    found = read_by_canvas(f"gradebook/export/canvas {LESSON}.csv")
    assert float(found[4711][501]) == _of(P2).max_points
    assert float(found[4712][504]) == _of(P3).max_points and found[4711][504] == "13"


# Blackboard and Brightspace


def test_blackboards_grade_centre(course):
    text = (
        '"Last Name"\t"First Name"\t"Username"\t"Student ID"\t"Availability"\t'
        '"Weighted Total [Total Pts: up to 0 Percentage] |99000"\t'
        '"Tutorial [Total Pts: {most} Score] |99001"\n'
        '"Okafor"\t"Amara_O"\t"amara@example.org"\t"s1"\t"Yes"\t""\t""\n'
        '"Wei"\t"Li"\t"li@example.org"\t"s2"\t"Yes"\t""\t""\n'
        '"Kim"\t"Cy"\t"cy@example.org"\t"s3"\t"Yes"\t""\t"5"\n'
        '"Ray"\t"Dee"\t"dee@example.org"\t"s4"\t"Yes"\t""\t""\n'
    )
    lay(text, encoding="utf-16")
    export("--for", "blackboard", "--column", "Tutorial")
    with open(f"gradebook/export/blackboard {LESSON}.csv", encoding="utf-16", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    (column,) = (name for name in rows[0] if name.endswith("|99001"))
    assert set(rows[0]) == {"Last Name", "First Name", "Username", "Student ID", column}
    grades = {row["Username"]: row[column] for row in rows}
    assert float(grades["amara@example.org"]) == most()
    assert grades["cy@example.org"] == "5" and grades["dee@example.org"] == ""


BRIGHTSPACE = """OrgDefinedId,Username,Last Name,First Name,Email,{column}End-of-Line Indicator
#s1,#amara,Okafor,Amara_O,amara@example.org,{cell}#
#s2,#li,Wei,Li,li@example.org,{cell}#
#s3,#cy,Kim,Cy,cy@example.org,{cell}#
#s4,#dee,Ray,Dee,dee@example.org,{cell}#
"""


@pytest.mark.parametrize("is_there", [True, False])
def test_brightspaces_grades(course, is_there, capsys):
    column = "Tutorial Points Grade <Numeric MaxPoints:{most} Weight:10>"
    lay(BRIGHTSPACE.replace("{column}", f"{column}," if is_there else "").replace(
        "{cell}", "," if is_there else ""))  # fmt: skip
    export("--for", "brightspace")
    assert ("no grade item" in capsys.readouterr().out) != is_there
    rows = table(f"gradebook/export/brightspace {LESSON}.csv", encoding="utf-8")
    header = list(rows[0])
    assert header[:2] == ["OrgDefinedId", "Username"] and header[-1] == "End-of-Line Indicator"
    assert len(header) == 4 and " Points Grade" in header[2]
    assert {row["End-of-Line Indicator"] for row in rows} == {"#"}
    grades = {row["OrgDefinedId"]: row[header[2]] for row in rows}
    assert float(grades["#s1"]) == most() and grades["#s3"] == grades["#s4"] == ""
    export("--for", "brightspace", "--per-notebook")
    rows = table(f"gradebook/export/brightspace {LESSON}.csv", encoding="utf-8")
    assert float(rows[3][f"{P3} Points Grade"]) == _of(P3).max_points


# A plain table, and pages


def test_a_plain_table_needs_no_list(course):
    export("--for", "csv")
    rows = {r["student"]: r for r in table(f"gradebook/export/csv {LESSON}.csv",
                                           encoding="utf-8-sig")}  # fmt: skip
    amara, dee = rows["Amara_O Okafor_1204001"], rows["Dee Ray_1204004"]
    assert float(amara["points"]) == float(amara["max_points"]) == most()
    assert (dee[P2], dee["points"], dee["state"]) == ("", "", "set aside")
    assert float(dee[P3]) == _of(P3).max_points
    lay("identifier,name,email\n=1+1,Cy Kim,cy@example.org\n"
        + "".join(f"{e},{n.rpartition('_')[0]},{e}\n" for n, e in IDENTIFIERS.items()))  # fmt: skip
    export("--for", "csv", "--output", "out/marks.csv")
    rows = table("out/marks.csv", encoding="utf-8-sig")
    assert {row["state"] for row in rows if row["name"] == "Cy Kim"} == {"missing"}
    assert "'=1+1" in {row["identifier"] for row in rows}


def test_pages_are_nobody_elses(course):
    """Two of one name have files that tell them apart; who handed in nothing has none."""
    enter_class(course, {"Li Wei_77": {P2: 0}, "li wei_77": {P3: 0}})
    for _ in range(2):
        export("--for", "canvas", "--feedback", "--output", "pages.zip")
        with zipfile.ZipFile("pages.zip") as archive:
            names = archive.namelist()
            assert len({name.casefold() for name in names}) == len(names) == 5
            assert all(re.fullmatch(r"[^/\\:*?]+\.html", name) for name in names)
            (mine,) = (n for n in names if "Dee" in n)
            assert "Dee Ray" in archive.read(mine).decode()
            content = archive.read(mine)
    assert b"Li Wei" not in content


# Who is not the same


def test_unknown_double_and_missing_students_stop_it_with_a_list(course, capsys):
    lay(worksheet(AMARA, LI, CY, DEE))
    other = "other.csv"
    eve = (1204009, "Eve New", "eve@example.org")
    with open(other, "w", encoding="utf-8") as file:
        file.write(worksheet(AMARA, eve, CY, most=f"{most():.2f}"))
    export("--for", "moodle", "--students", other, code=2)
    said = capsys.readouterr().err
    assert "unknown to the list: Li Wei_1204002" in said
    assert "missing from the gradebook: Eve New (eve@example.org)" in said
    assert "Cy Kim" not in said, "who handed in nothing, and is on the gradebook's list"
    enter_class(course, {"Amara": {P2: 0}}, {"Amara": "amara@example.org"})
    export("--for", "moodle", code=2)
    assert "several for one row: Amara, Amara_O Okafor_1204001" in capsys.readouterr().err
    assert not (course.gradebook / "export").exists(), "nothing is written"


@pytest.mark.parametrize("platform", ["moodle", "canvas", "blackboard", "brightspace"])
def test_the_platforms_own_export_is_asked_for(course, platform, capsys):
    export("--for", platform, code=2)
    assert "the gradebook has no class list" in capsys.readouterr().err
    lay("".join(["identifier,name\n", *(f"{e},{n}\n" for n, e in IDENTIFIERS.items())]))
    export("--for", platform, code=2)
    said = capsys.readouterr().err
    assert "class_list.csv is a plain list" in said and "--students" in said


def test_lateness_is_in_what_is_given_back(course):
    with open_gradebook(course) as gradebook:
        entry = gradebook.find_submission_notebook(P2, LESSON, "Amara_O Okafor_1204001")
        entry.late_submission_penalty = 5
        gradebook.db.commit()
    lay(worksheet(AMARA, LI, CY, DEE))
    export("--for", "moodle")
    grade, comment = read_by_moodle(f"gradebook/export/moodle {LESSON}.csv", {1204001: 999})[
        1204001
    ]
    assert grade == most() - 5 and "Lateness has cost 5" in comment


def test_what_cannot_be_is_refused(course, capsys):
    lay(worksheet(AMARA, LI, CY, DEE))
    export("--for", "moodle", "--lesson", "lecture", code=2)
    assert "no marks of lecture; it has tutorial" in capsys.readouterr().err
    export("--for", "moodle", "--gradebook", "nowhere", code=2)
    assert "Grade a class first" in capsys.readouterr().err
