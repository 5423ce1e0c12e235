"""The class list is read as platforms export it, and it is said whose row each submission has.

The files are made up, in the columns of: Moodle's grading worksheet (mod/assign/gradingtable.php,
read back by mod/assign/feedback/offline/importgradeslib.php) and list of participants, Canvas's
lib/gradebook_exporter.rb, Blackboard's "Work offline with grade data" and Brightspace's "Exporting
grades" (community.d2l.com/brightspace/kb).
"""

import csv
from datetime import datetime

import pytest

from helpers.grading.class_list import roster
from helpers.grading.class_list.reading import Student, moodles_time, read_class_list, read_list
from helpers.grading.errors import NothingGraded
from helpers.grading.gradebook import csv_tables, results
from helpers.grading.gradebook.standing import standing
from helpers.grading.intake import students as intake_students
from helpers.grading.intake import submissions
from helpers.grading.settings import course_at
from helpers.personal import class_list
from tests.entered import P2, P3, course_of_two, enter_class
from tests.sample_class.work import LESSON

WORKSHEET = """\ufeffIdentifier,"Full name","ID number","Email address",Status,Grade,\
"Maximum grade","Grade can be changed","Last modified (submission)","Last modified (grade)",\
"Feedback comments"
"Participant 1204001","Amara Okafor",s1001,amara@example.org,"Submitted for grading - ",,100.00,\
Yes,"Wednesday, 2 December 2026, 2:14 PM",-,
"Participant 1204002","Li Wei",s1002,li@example.org,"Submitted for grading - ",,100.00,Yes,\
"Monday, November 30, 2026, 9:05 AM",-,
"Participant 1204003","Li Wei",s1003,wei@example.org,"No submission - ",,100.00,Yes,-,-,
"""
BLIND = """Identifier,Status,Grade,"Maximum Grade","Grade can be changed",\
"Last modified (submission)","Last modified (grade)","Feedback comments"
"Participant 1204001","Submitted for grading - ",,100.00,Yes,-,-,
"Participant 1204002","Submitted for grading - ",,100.00,Yes,-,-,
"""
PARTICIPANTS = """"First name","Last name","ID number","Email address",Groups
Amara,Okafor,s1001,amara@example.org,
Li,Wei,s1002,li@example.org,
"""
CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Problem set 1 (4711),Current Score
,,,,,Manual Posting,
    Points Possible,,,,,100.00,(read only)
"Okafor, Amara",501,s1001,amara,Tue,,
"Wei, Li",502,s1002,liwei,Tue,N/A,
"Student, Test",599,,abc123,Tue,,
"""
BLACKBOARD = (
    '"Last Name"\t"First Name"\t"Username"\t"Student ID"\t"Last Access"\t"Availability"\t'
    '"Tutorial [Total Pts: 100 Score] |99001"\n'
    '"Okafor"\t"Amara"\t"amara"\t"s1001"\t""\t"Yes"\t""\n'
    '"Wei"\t"Li"\t"liwei"\t"s1002"\t""\t"Yes"\t""\n'
)
BRIGHTSPACE = """OrgDefinedId,Username,Last Name,First Name,Email,\
Tutorial Points Grade <Numeric MaxPoints:100>,End-of-Line Indicator
#s1001,#amara,Okafor,Amara,amara@example.org,,#
#s1002,#liwei,Wei,Li,li@example.org,,#
"""
LISTS = {
    "moodle": (WORKSHEET.encode(), "ID number", ["s1001", "s1002", "s1003"]),
    "moodle participants": (PARTICIPANTS.encode(), "ID number", ["s1001", "s1002"]),
    "canvas": (CANVAS.encode(), "SIS User ID", ["s1001", "s1002"]),
    "blackboard": (BLACKBOARD.encode("utf-16"), "Username", ["amara", "liwei"]),
    "brightspace": (BRIGHTSPACE.encode(), "OrgDefinedId", ["s1001", "s1002"]),
    "plain": (b"identifier,name,email\ns1001,Amara Okafor,a@example.org\n", "identifier",
              ["s1001"]),
}  # fmt: skip


def listed(tmp_path, data):
    path = tmp_path / "list.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_class_list(path)


@pytest.mark.parametrize("platform", LISTS)
def test_each_platforms_export_is_read_as_it_is(tmp_path, platform):
    data, column, identifiers = LISTS[platform]
    found = listed(tmp_path, data)
    assert (found.platform, found.column) == (platform, column)
    assert [student.identifier for student in found.students] == identifiers
    assert found.students[0].name == "Amara Okafor"
    if platform not in ("canvas", "blackboard"):
        assert "@example.org" in found.students[0].email


def test_an_identifier_is_one_that_everybody_has(tmp_path):
    """Never another kind for one student than for the others, or the same for two."""
    found = listed(tmp_path, WORKSHEET.replace("s1002", ""))
    assert found.column == "Email address"
    found = listed(tmp_path, WORKSHEET.replace("s1002", "s1001"))
    assert found.column == "Email address"
    found = listed(tmp_path, BLIND)
    assert [s.identifier for s in found.students] == ["Participant 1204001", "Participant 1204002"]
    assert found.is_blind
    with pytest.raises(NothingGraded, match="no column in which each student"):
        listed(tmp_path, PARTICIPANTS.replace("s1001", "").replace("li@", "amara@"))


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("Wednesday, 2 December 2026, 2:14 PM", (2026, 12, 2, 14, 14)),
        ("Wednesday, December 2, 2026, 12:04 AM", (2026, 12, 2, 0, 4)),
        ("Wednesday, 2 December 2026, 14:14", (2026, 12, 2, 14, 14)),
        ("-", None), ("", None), ("12/02/2026", None), ("Freitag, 2 Dezember 2026, 14:14", None),
    ],
)  # fmt: skip
def test_moodles_times(text, time):
    found = moodles_time(text)
    assert found == (datetime(*time).astimezone() if time else None)


def test_a_time_without_its_zone_is_refused(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("identifier,submitted\na1,2026-12-01T23:59+01:00\nb2,\n")
    assert [s.submitted is not None for s in read_list(path)] == [True, False]
    for text in ("2026-12-01T23:59", "yesterday"):
        path.write_text(f"identifier,submitted\na1,{text}\n")
        with pytest.raises(NothingGraded, match="line 2.*2026-12-01T23:59"):
            read_list(path)


# Whose row


def submitted(*names):
    return [
        submissions.Submission(intake_students.student_id(raw), (raw, plain))
        for raw, plain in names
    ]


@pytest.mark.parametrize(
    ("data", "called", "identifier", "by"),
    [
        # Moodle's folders: name and number, or blind the word for a participant and the number.
        (WORKSHEET, ("Li Wei_1204003", "Li Wei"), "s1003", "e-mail, login or number"),
        (BLIND, ("Participant_1204002", "Participant"), "Participant 1204002", "number"),
        (PARTICIPANTS, ("Li Wei_77", "Li Wei"), "s1002", "by name"),
        # Canvas's files: letters of the name, and the user's number.
        (CANVAS, ("weili_502", "weili"), "s1002", "number"),
        (CANVAS, ("wéili_502", "wéili"), "s1002", "number"),
        (BLACKBOARD, ("liwei", "liwei"), "liwei", "by identifier"),
        (BRIGHTSPACE, ("Li Wei", "Li Wei"), "s1002", "by name"),
        (WORKSHEET, ("amara@example.org", "amara@example.org"), "s1001", "e-mail"),
        (WORKSHEET, ("amara", "amara"), "s1001", "by name"),
    ],
)
def test_how_each_submission_is_matched(tmp_path, data, called, identifier, by):
    (one,) = found = submitted(called)
    how = {}
    students = listed(tmp_path, data.encode("utf-16") if data is BLACKBOARD else data).students
    assert class_list.identify(found, students, how=how) == []
    assert one.identifier == identifier and by in how[one.student]


def test_moodles_number_of_another_assignment_never_decides_against_the_name(tmp_path):
    """Participants have other numbers in each assignment."""
    found = submitted(("Amara Okafor_1204003", "Amara Okafor"))
    class_list.identify(found, listed(tmp_path, WORKSHEET).students)
    assert found[0].identifier == "s1001"


def test_two_submissions_of_one_row_are_asked_about():
    found = submitted(("Amara Okafor_1", "Amara Okafor"), ("a1", "a1"))
    for one in found:
        one.notebooks[P2] = b"{}"
    class_list.identify(found, [Student("a1", "Amara Okafor")])
    assert all("so is that of" in one.questions[P2][0] for one in found)


def test_what_was_matched_is_said(tmp_path):
    found, how = submitted(("Amara Okafor_1204001", "Amara Okafor"), ("s1002", "s1002")), {}
    mine = listed(tmp_path, WORKSHEET)
    class_list.identify(found, mine.students, how=how)
    said = roster.in_words("list.csv", mine, found, how)
    for words in ("Moodle's grading worksheet, 3 students", "“ID number”", "Handed in nothing: 1",
                  "1 by identifier", "1 by e-mail, login or number"):  # fmt: skip
        assert words in said


# In grades.csv


def test_grades_have_identifiers_and_everybody_has_rows(tmp_path):
    course_of_two(tmp_path)
    course = course_at(tmp_path, tmp_path / "gradebook")
    enter_class(course, {"Amara Okafor_1204001": {P2: 0}, "Guest_9": {P2: 3}},
                {"Amara Okafor_1204001": "s1001"})  # fmt: skip
    found = results.load_all(course)

    def rows():
        now = standing(course, found)
        path, *_ = csv_tables.write(
            course, now.found, now.points, now.late, now.people, now.counted
        )
        with open(path, encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    before = rows()
    assert ",".join(before[0]) == (
        "student,lesson,notebook,points,max_points,state,identifier,email,late_points"
    )
    assert {(row["identifier"], row["email"]) for row in before} == {("", "")}
    (tmp_path / "list.csv").write_text(WORKSHEET, encoding="utf-8")
    roster.keep(course, tmp_path / "list.csv")
    after = rows()
    of = {row["student"]: row for row in after if row["notebook"] == P2}
    amara = of["Amara Okafor_1204001"]
    assert (amara["identifier"], amara["email"]) == ("s1001", "amara@example.org")
    assert of["Guest_9"]["identifier"] == "", "who is not on the list"
    # Two of one name are told apart.
    nothing = of["Li Wei (s1002)"], of["Li Wei (s1003)"]
    assert all((r["points"], r["state"]) == ("0", results.MISSING) for r in nothing)
    assert len(after) == 4 * 2 and {row["notebook"] for row in after} == {P2, P3}
    assert {row["lesson"] for row in after} == {LESSON}
