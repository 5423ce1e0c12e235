"""Whose is it: the layouts in which platforms, tools and people hand over a class.

Each notebook has a number of its own in an answer, so that what reaches the wrong student shows.
"""

import io
import itertools
import os
import zipfile

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from helpers.grading.errors import NothingGraded
from helpers.grading.intake import layouts, submissions
from helpers.grading.repair.released import Released

FIRST, SECOND, OTHER = "problem_1_first", "problem_2_second", "1_lecture"
P1, P2 = f"{FIRST}.ipynb", f"{SECOND}.ipynb"
ID = "_assignsubmission_file_"


def work(name, number):
    """A notebook, as bytes, in which the answer is `number`."""
    cells = [
        new_code_cell(
            f"answer = {number}",
            metadata={"nbgrader": {"grade_id": f"{name}-{i}", "grade": False, "solution": True}},
        )
        for i in range(2)
    ]
    for i, cell in enumerate(cells):
        cell["id"] = f"cell-{i}"
    return nbformat.writes(new_notebook(cells=cells)).encode()


def first(number):
    return work(FIRST, number)


def second(number):
    return work(SECOND, number)


def zipped(files):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as inner:
        for name, data in files.items():
            inner.writestr(name, data)
    return target.getvalue()


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course") / "tutorial"
    folder.mkdir()
    for name in (FIRST, SECOND):
        (folder / f"{name}.ipynb").write_bytes(work(name, "..."))
    return [Released(folder / f"{name}.ipynb") for name in (FIRST, SECOND)]


@pytest.fixture
def take(tmp_path, released):
    """A function that takes in {path: bytes} as a zip or a folder; returns the Intake."""

    def take(files, as_zip=True, name="class", **options):
        path = tmp_path / name
        if as_zip:
            path = tmp_path / f"{name}.zip"
            path.write_bytes(zipped(files))
        else:
            for inside, data in files.items():
                (path / inside).parent.mkdir(parents=True, exist_ok=True)
                (path / inside).write_bytes(data)
        return submissions.collect(path, released, [OTHER], **options)

    return take


def by_student(taken):
    """What counts, by student and notebook."""
    return {s.student: dict(s.notebooks) for s in taken.submissions}


def flagged(taken):
    """What a person is asked to look at."""
    asked = [q for s in taken.submissions for asked in s.questions.values() for q in asked]
    return [*taken.unassigned, *asked]


A1, B1, C1, A2, B2, C2 = first(11), first(12), first(13), second(21), second(22), second(23)
RECEIPT = "Name: {name} ({login})\nAssignment: HW 1\nDate Submitted: Saturday, January 31, 2026\n"
NOTE = b"<p>Please find it attached.</p>"

# Each: what is handed over, what reaches whom, and the rule that is named.
LAYOUTS = {
    # moodle/moodle, mod/assign/classes/downloader.php: get_student_prefix() and
    # load_submissionplugin_filelist(), with a folder for each plugin.
    "Moodle, in folders": (
        {f"Ana Núñez_1204001{ID}/{P1}": A1, f"Ana Núñez_1204001{ID}/{P2}": A2,
         "Ana Núñez_1204001_assignsubmission_onlinetext_/onlinetext.html": NOTE,
         f"Bob O'Hara_1204002{ID}/deep/er/{P1}": B1},
        {"Ana Núñez_1204001": {FIRST: A1, SECOND: A2}, "Bob O'Hara_1204002": {FIRST: B1}},
        "by Moodle's names",
    ),
    # The same, without “Download submissions in folders”, as before Moodle 3.1: what
    # johnhw/moodle_nbgrader's collector expects.
    "Moodle, flat": (
        {f"Ana Núñez_1204001{ID}{P1}": A1, f"Ana Núñez_1204001{ID}{P2}": A2,
         "Ana Núñez_1204001_assignsubmission_onlinetext_onlinetext.html": NOTE,
         f"Bob O'Hara_1204002{ID}homework.ipynb": B1},
        {"Ana Núñez_1204001": {FIRST: A1, SECOND: A2}, "Bob O'Hara_1204002": {FIRST: B1}},
        "by Moodle's names",
    ),
    # The same with is_blind_marking(); jozsef-k/nbgutils reads it.
    "Moodle, blind": (
        {f"Participant_1204001{ID}/{P1}": A1, f"Participant_1204002{ID}/{P1}": B1,
         f"Participant 7_1204003{ID}/{P1}": C1},
        {"Participant_1204001": {FIRST: A1}, "Participant_1204002": {FIRST: B1},
         "Participant 7_1204003": {FIRST: C1}},
        "by Moodle's names",
    ),
    # The same with teamsubmission: a group's number, none for the default group.
    "Moodle, groups": (
        {f"Team Ω_55{ID}/{P1}": A1, f"Team B_56{ID}/{P1}": B1, f"Default group{ID}/{P1}": C1},
        {"Team Ω_55": {FIRST: A1}, "Team B_56": {FIRST: B1}, "Default group": {FIRST: C1}},
        "by Moodle's names",
    ),
    # Earlier releases put the group before the name of each member.
    "Moodle, with the group before the name": (
        {f"Group 1-Ana Li_7{ID}{P1}": A1, f"Ana Li_7{ID}/{P2}": A2, f"Group 1-Bo Li_8{ID}{P1}": B1},
        {"Ana Li_7": {FIRST: A1, SECOND: A2}, "Group 1-Bo Li_8": {FIRST: B1}},
        "by Moodle's names",
    ),
    "Moodle, zips in it": (
        {f"Ana_1{ID}/work.zip": zipped({P1: A1}), f"Bob_2{ID}work.zip": zipped({f"x/{P1}": B1})},
        {"Ana_1": {FIRST: A1}, "Bob_2": {FIRST: B1}},
        "by Moodle's names",
    ),
    "Moodle, zipped again": (
        {"submissions.zip": zipped({f"Ana_1{ID}/{P1}": A1, f"Bob_2{ID}/{P1}": B1})},
        {"Ana_1": {FIRST: A1}, "Bob_2": {FIRST: B1}},
        "by Moodle's names",
    ),
    # instructure/canvas-lms, lib/content_zipper.rb: get_filename() and add_upload_submission().
    "Canvas": (
        {f"garciaana_LATE_12345_67890_{P1}": A1, f"garciaana_LATE_12345_67891_{SECOND}-1.ipynb": A2,
         f"leebob_12346_67892_{FIRST}-2.ipynb": B1, "leebob_12346_text.html": NOTE,
         f"anon_x9Kq2_67893_{P1}": C1},
        {"garciaana_12345": {FIRST: A1, SECOND: A2}, "leebob_12346": {FIRST: B1},
         "anon_x9Kq2": {FIRST: C1}},
        "by Canvas's names",
    ),
    # TimHanneman/Canvas_submission_sort sorts such files into folders.
    "Canvas, zips in it": (
        {"garciaana_12345_67890_work.zip": zipped({f"hw/{P1}": A1}),
         f"leebob_LATE_12346_67892_{P1}": B1},
        {"garciaana_12345": {FIRST: A1}, "leebob_12346": {FIRST: B1}},
        "by Canvas's names",
    ),
    "Canvas, the zips in it unzipped": (
        {f"garciaana_12345_67890_work/{P1}": A1, f"leebob_LATE_12346_67892_hw/hw/{P1}": B1},
        {"garciaana_12345": {FIRST: A1}, "leebob_12346": {FIRST: B1}},
        "by Canvas's names",
    ),
    "Canvas, zipped again": (
        {"downloads/submissions.zip": zipped({f"garciaana_12345_67890_{P1}": A1,
                                              "leebob_12346_67892_x.zip": zipped({P1: B1})})},
        {"garciaana_12345": {FIRST: A1}, "leebob_12346": {FIRST: B1}},
        "by Canvas's names",
    ),
    # kwurst/bb-file-cleanup, README.md; jeroendoggen/blackboard-analysis-tools reads the receipts.
    "Blackboard": (
        {f"HW 1_ana7_attempt_2026-01-31-12-00-00_{P1}": first(99),
         f"HW 1_ana7_attempt_2026-02-01-12-00-00_{P1}": A1,
         "HW 1_ana7_attempt_2026-02-01-12-00-00.txt":
             RECEIPT.format(name="Ana Núñez", login="ana7").encode(),
         f"HW 1_de_bob_attempt_2026-01-31-12-00-00_{P1}": B1,
         "HW 1_de_bob_attempt_2026-01-31-12-00-00.txt":
             RECEIPT.format(name="Bob", login="de_bob").encode(),
         f"HW 1_bob_attempt_2026-01-31-12-00-00_{P1}": C1,
         "HW 1_bob_attempt_2026-01-31-12-00-00.txt":
             RECEIPT.format(name="Bob", login="bob").encode()},
        {"ana7": {FIRST: A1}, "de_bob": {FIRST: B1}, "bob": {FIRST: C1}},
        "by Blackboard's names",
    ),
    # OfficeCoffee/GradingFileProject, ToDo.md: "271836-442356 - Blake Payne - Dec 5, 2024 1149 AM";
    # adecastilho/sort_by_last_name.
    "Brightspace": (
        {f"11111-67890 - Ana Li - Jan 31, 2026 1159 PM/{P1}": first(98),
         f"11111-67890 - Ana Li - Feb 1, 2026 1201 AM/{P1}": A1,
         f"11111-67890 - Ana Li - Jan 30, 2026 926 AM/{P1}": first(99),
         f"22222-67890 - Bob Li - 05 March 2026 612 PM/{P1}": B1,
         f"33333-67890 - Group 1 - Cleo - Jan 31, 2026 1159 PM/{P1}": C1,
         "index.html": b"<html>"},
        {"Ana Li": {FIRST: A1}, "Bob Li": {FIRST: B1}, "Group 1": {FIRST: C1}},
        "by Brightspace's names",
    ),
    "Brightspace, flat": (
        {f"11111-67890 - Ana Li - Jan 31, 2026 1159 PM - {P1}": A1,
         f"22222-67890 - Bob Li - Jan 31, 2026 1159 PM - {P1}": B1, "index.html": b"<html>"},
        {"Ana Li": {FIRST: A1}, "Bob Li": {FIRST: B1}},
        "by Brightspace's names",
    ),
    # Classroom puts a student's name before a copy that it makes; Drive puts "Copy of" before it.
    "Google Classroom and Drive": (
        {f"Problems/Ana Li - {P1}": A1, f"Problems/Ana Li - Copy of {P2}": A2,
         f"Problems/Copy of Bob Li - {FIRST} (1).ipynb": B1},
        {"Ana Li": {FIRST: A1, SECOND: A2}, "Bob Li": {FIRST: B1}},
        "by the names of files",
    ),
    "Google Drive, in folders": (
        {f"Ana Li/Copy of {P1}": A1, f"Bob Li/Copy of {P1}": B1, f"Bob Li/{SECOND}(1).ipynb": B2},
        {"Ana Li": {FIRST: A1}, "Bob Li": {FIRST: B1, SECOND: B2}},
        "by folder",
    ),
    # github/gh-classroom, `gh classroom clone student-repos`.
    "GitHub clones": (
        {f"backprop-submissions/backprop-{login}/{path}": data
         for login, own in (("ana", A1), ("bob", B1))
         for path, data in {
             ".git/HEAD": b"ref: refs/heads/main", "helpers/__init__.py": b"", "README.md": b"",
             f"notebooks/tutorial/{P1}": own, "tests/test_x.py": b"",
         }.items()},
        {"backprop-ana": {FIRST: A1}, "backprop-bob": {FIRST: B1}},
        "by the folders of GitHub clones",
    ),
    # jupyter/nbgrader, user guide: CourseDirectory.directory_structure.
    "nbgrader, submitted": (
        {f"submitted/ana/tutorial/{P1}": A1, f"submitted/bob/tutorial/{P1}": B1,
         f"submitted/bob/lecture/{OTHER}.ipynb": work(OTHER, 5)},
        {"ana": {FIRST: A1}, "bob": {FIRST: B1}},
        "by folder",
    ),
    "nbgrader, a whole course": (
        {f"submitted/ana/tutorial/{P1}": A1, f"submitted/bob/tutorial/{P1}": B1,
         f"source/tutorial/{P1}": first(1), f"release/tutorial/{P1}": first(2),
         f"autograded/ana/tutorial/{P1}": first(3), "gradebook.db": b""},
        {"ana": {FIRST: A1}, "bob": {FIRST: B1}},
        "by folder",
    ),
    # jupyter/nbgrader, exchange/default/submit.py: init_dest().
    "nbgrader, inbound": (
        {f"inbound/ana+tutorial+2026-01-31 12:00:00.123456 UTC+aGVsbG8gd29y/{P1}": first(99),
         f"inbound/ana+tutorial+2026-02-01 12:00:00.123456 UTC+bGQgYWdhaW4h/{P1}": A1,
         f"inbound/bob_b+tutorial+2026-01-31 12_00_00 UTC/{P1}": B1,
         f"outbound/tutorial/{P1}": first(1)},
        {"ana": {FIRST: A1}, "bob_b": {FIRST: B1}},
        "by nbgrader's names",
    ),
    # jupyter/nbgrader, docs/source/user_guide/downloaded/ps1/archive, for zip_collect.
    "nbgrader, zip_collect": (
        {f"downloaded/ps1/archive/ps1_hacker_attempt_2016-01-30-20-30-10_{P1}": A1,
         "downloaded/ps1/archive/notebooks.zip": zipped(
             {f"ps1_bitdiddle_attempt_2016-01-30-20-30-10_{P1}": B1}),
         "downloaded/ps1/archive/jupyter.png": b""},
        {"hacker": {FIRST: A1}, "bitdiddle": {FIRST: B1}},
        "by Blackboard's names",
    ),
    "one login and notebook for each file": (
        {f"ana_{P1}": A1, f"ana_{P2}": A2, f"Bob O'Hara_{P1}": B1, f"{FIRST}_1204003.ipynb": C1},
        {"ana": {FIRST: A1, SECOND: A2}, "Bob O'Hara": {FIRST: B1}, "1204003": {FIRST: C1}},
        "by the names of files",
    ),
    "the same, in a folder": (
        {f"submissions/ana_{P1}": A1, f"submissions/bob_{P1}": B1, f"submissions/cleo-{P1}": C1},
        {"ana": {FIRST: A1}, "bob": {FIRST: B1}, "cleo": {FIRST: C1}},
        "by the names of files",
    ),
    "one file and student alone in a class": (
        {f"submissions/ana_{P1}": A1}, {"ana": {FIRST: A1}}, "by the names of files",
    ),
    "deeper": (
        {f"course/submitted/ana/{P1}": A1, f"course/submitted/bob/{P1}": B1},
        {"ana": {FIRST: A1}, "bob": {FIRST: B1}},
        "by folder",
    ),
    "sections": (
        {f"Section A/ana/{P1}": A1, f"Section A/bob/{P1}": B1, f"Section B/cleo/hw/{P1}": C1},
        {"ana": {FIRST: A1}, "bob": {FIRST: B1}, "cleo": {FIRST: C1}},
        "by folder",
    ),
    "sections, deeper, and each a zip": (
        {"course/group-1.zip": zipped({f"ana/{P1}": A1}),
         "course/group-2.zip": zipped({f"bob/{P1}": B1, f"cleo/{P1}": C1})},
        {"ana": {FIRST: A1}, "bob": {FIRST: B1}, "cleo": {FIRST: C1}},
        "by folder",
    ),
    "a folder for each lesson around the students": (
        {f"tutorial/ana/{P1}": A1, f"tutorial/bob/{P1}": B1,
         f"lecture/ana/{OTHER}.ipynb": work(OTHER, 5)},
        {"ana": {FIRST: A1}, "bob": {FIRST: B1}},
        "by folder",
    ),
    "groups as if they were students": (
        {f"Group 1/{P1}": A1, f"Group 2/{P1}": B1, f"Group 3/files/{P1}": C1},
        {"Group 1": {FIRST: A1}, "Group 2": {FIRST: B1}, "Group 3": {FIRST: C1}},
        "by folder",
    ),
    "a folder for each attempt": (
        {f"ana 2026-01-30/{P1}": first(99), f"ana 2026-02-01/{P1}": A1,
         f"bob_2026-01-31-12-00-00/{P1}": B1, f"cleo attempt 1/{P1}": C1,
         f"cleo attempt 2/{P2}": C2},
        {"ana": {FIRST: A1}, "bob": {FIRST: B1}, "cleo": {FIRST: C1, SECOND: C2}},
        "by folder",
    ),
    "a zip for each student": (
        {"ana.zip": zipped({P1: A1}), "bob.zip": zipped({f"hw/{P1}": B1})},
        {"ana": {FIRST: A1}, "bob": {FIRST: B1}},
        "by the names of zips",
    ),
    # Zips that students made, unpacked: their names for folders say nothing of others.
    "folders that students named": (
        {f"ana/Bob/{P1}": A1, f"bob/Ana/{P1}": B1, f"cleo/hw/{P1}": C1},
        {"ana": {FIRST: A1}, "bob": {FIRST: B1}, "cleo": {FIRST: C1}},
        "by folder",
    ),
}  # fmt: skip


@pytest.mark.parametrize("as_zip", [True, False])
@pytest.mark.parametrize("name", LAYOUTS)
def test_each_layout_gives_each_student_what_is_theirs(take, name, as_zip):
    files, expected, rule = LAYOUTS[name]
    taken = take(files, as_zip)
    assert by_student(taken) == expected
    assert taken.rule == rule
    assert not flagged(taken)


# Programs that read such exports look for `:submitters:` with `:name:`, `:sid:` and `:email:`.
METADATA = """\
submission_101:
  :submitters:
  - :name: Ana Núñez
    :sid: '1204001'
    :email: ana@example.org
  :created_at: 2026-01-31 12:00:00.000000000 Z
  :score: !ruby/object:BigDecimal 18:0.4e1
  :results:
    tests:
    - output: |
        submission_102:
          :submitters:
          - :name: Eve
submission_102:
  :submitters:
  - :name: Bob
    :sid:
    :email: bob@example.org
submission_103:
  :submitters:
  - :name: Cleo
    :sid: '3'
    :email: cleo@example.org
  - :name: Dora
    :sid: '4'
    :email: dora@example.org
"""


@pytest.mark.parametrize("around", ["", "assignment_7_export/"])
def test_gradescope_names_students_in_a_file(take, around):
    files = {
        f"{around}submission_metadata.yml": METADATA.encode(), f"{around}submission_101/{P1}": A1,
        f"{around}submission_102/{P1}": B1, f"{around}submission_103/x/{P1}": C1,
    }  # fmt: skip
    taken = take(files)
    assert by_student(taken) == {
        "Ana Núñez_1204001": {FIRST: A1}, "Bob_bob@example.org": {FIRST: B1},
        "Cleo_3": {FIRST: C1}, "Dora_4": {FIRST: C1},
    }  # fmt: skip
    called = {s.called for s in taken.submissions}
    assert ("Ana Núñez_1204001", "1204001", "ana@example.org", "Ana Núñez") in called
    assert taken.rule == "by Gradescope's submission_metadata.yml" and not flagged(taken)
    taken = take({**files, f"{around}submission_104/{P1}": C2})
    assert [reason for _, reason in taken.unassigned] == ["is not in submission_metadata.yml"]


@pytest.mark.parametrize("content", [b"", b"a: [", b"submission_1: 3", b"\xff\xfe", b"[" * 5000])
def test_gradescope_without_what_it_says_is_refused_in_words(take, content):
    with pytest.raises(NothingGraded, match="submission_metadata.yml"):
        take({"submission_metadata.yml": content, f"submission_1/{P1}": A1})


def test_a_students_own_file_of_that_name_says_nothing(take):
    taken = take({f"ana/{P1}": A1, "ana/submission_metadata.yml": METADATA.encode(),
                  f"ana/submission_102/{P2}": A2, f"bob/{P1}": B1})  # fmt: skip
    assert by_student(taken) == {"ana": {FIRST: A1, SECOND: A2}, "bob": {FIRST: B1}}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({P1: A1, P2: A2}, {FIRST: A1, SECOND: A2}),
        ({f"tutorial/{P1}": A1, f"tutorial/{P2}": A2}, {FIRST: A1, SECOND: A2}),
        ({f"notebooks/tutorial/{P1}": A1, "helpers/__init__.py": b""}, {FIRST: A1}),
        ({f"my_{P1}": A1, f"{SECOND}-final (1).ipynb": A2}, {FIRST: A1, SECOND: A2}),
        ({f"ana_{P1}": A1, f"{SECOND}.ipynb": A2}, {FIRST: A1, SECOND: A2}),
        ({"ana-martin/" + P1: A1}, {FIRST: A1}),
        ({"attempt 1/" + P1: A1, "attempt 2/" + P2: A2}, {FIRST: A1, SECOND: A2}),
    ],
)
@pytest.mark.parametrize("as_zip", [True, False])
def test_one_student_alone(take, files, expected, as_zip):
    assert list(by_student(take(files, as_zip, "Ana Martin")).values()) == [expected]


def test_one_students_single_file(tmp_path, released):
    path = tmp_path / f"ana_{P1}"
    path.write_bytes(A1)
    assert by_student(submissions.collect(path, released)) == {"ana": {FIRST: A1}}
    path = tmp_path / P1
    path.write_bytes(A1)
    with pytest.raises(NothingGraded, match="who it is from"):
        submissions.collect(path, released)


# Names that a student gives


EVIL = {
    "a folder called like another student": {f"Eve/Bob Honest/{P1}": A1, f"Eve/Ana/{P1}": B1},
    "a folder as Moodle calls it": {f"Eve/Bob Honest_1204002{ID}/{P1}": A1},
    "a file as Canvas calls it": {f"Eve/honestbob_12345_67890_{P1}": A1},
    "files as if by several": {f"Eve/Bob Honest_{P1}": A1, f"Eve/Ana_{P1}": B1},
    "deeper": {f"Eve/submitted/Bob Honest/{P1}": A1, f"Eve/submitted/Ana/{P1}": B1},
    "in a zip": {"Eve.zip": zipped({f"Bob Honest/{P1}": A1, f"Ana/{P1}": B1})},
    "in a zip, as Moodle calls it": {"Eve.zip": zipped({f"Bob Honest_1204002{ID}/{P1}": A1})},
    "beside a late folder": {f"late/Eve/Bob Honest/{P1}": A1, f"late/Eve/Ana/{P1}": B1},
    "as a whole class": {f"Eve/{name}/{P1}": first(n) for n, name in enumerate(
        ("Bob Honest", "Ana", "Cleo", "Dora", "Emil"))},
    "as Gradescope's": {"Eve/submission_metadata.yml": METADATA.encode(),
                        f"Eve/submission_101/{P1}": A1},
}  # fmt: skip


@pytest.mark.parametrize(
    "files",
    [
        {f"Eve/Bob Honest/{P1}": A1},
        {f"Eve/Bob Honest/{P1}": A1, f"Eve/x/{P1}": B1},
        {f"Eve/Bob Honest_{P1}": A1},
        {f"Eve/{P1}": A1, f"Eve/Bob Honest/{P1}": B1, f"Eve/Ana/{P1}": B1},
        {"Eve.zip": zipped({f"Bob Honest/{P1}": A1})},
        {f"late/Eve/Bob Honest/{P1}": A1},
    ],
)
@pytest.mark.parametrize("as_zip", [True, False])
def test_one_name_in_a_students_folder_says_nothing(take, files, as_zip):
    assert set(by_student(take(files, as_zip))) == {"Eve"}


@pytest.mark.parametrize("as_zip", [True, False])
@pytest.mark.parametrize("name", EVIL)
def test_what_a_student_names_is_never_the_work_of_another(take, name, as_zip):
    files = EVIL[name]
    with pytest.raises(NothingGraded, match="not clear whose work") as refused:
        take(files, as_zip, "class")
    said = str(refused.value)
    assert "“Eve”" in said and "--student-pattern" in said and P1 in said
    # A late folder is asked about, unless it is known whose it is; in a class it is certain.
    for known in ({"Eve"}, {"eve", "Bob Honest"}):
        assert set(by_student(take(files, as_zip, known_students=known))) == {"Eve"}
    around = "late/" if "late/" in next(iter(files)) else ""
    taken = take({**files, f"{around}Zoe/{P1}": C1}, as_zip)
    assert set(by_student(taken)) == {"Eve", "Zoe"}


def test_what_is_known_settles_only_whose_the_folder_is(take):
    files = {f"Eve/Bob Honest/{P1}": A1, f"Eve/Ana/{P1}": B1}
    with pytest.raises(NothingGraded):
        take(files, known_students={"Bob Honest", "Ana"})


@pytest.mark.parametrize(
    ("file", "student"),
    [
        (f"HW_eve_attempt_2026-01-31-12-00-00_HW_bob_attempt_2026-02-28-12-00-00_{P1}", "eve"),
        (f"eve_12345_67890_HW_bob_attempt_2026-02-28-12-00-00_{P1}", "eve_12345"),
        (f"Eve_1204001{ID}honestbob_12345_67890_{P1}", "Eve_1204001"),
        (f"eve_12345_67890_Bob_1204002{ID}{P1}", "eve_12345"),
        (f"11-22 - Eve - Jan 31, 2026 1159 PM - 11-33 - Bob - Jan 31, 2026 1159 PM - {P1}", "Eve"),
        (f"Eve_1204001{ID}bob+tutorial+2026-01-31 12-00-00+x", "Eve_1204001"),
    ],
)
def test_of_two_names_in_one_the_platforms_comes_first(file, student):
    assert layouts.label_of(file).student == student


# What is asked, left out and told


@pytest.mark.parametrize("as_zip", [True, False])
def test_a_class_in_a_folder_of_any_name_is_asked_about_and_settled(take, as_zip):
    files = {f"CS 101/{name}/{P1}": first(n) for n, name in enumerate("abcdef")}
    files |= {f"CS 101/{name}/{P1}": data for name, data in (("ana", A1), ("bob", B1))}
    with pytest.raises(NothingGraded) as refused:
        take(files, as_zip)
    pattern = str(refused.value).split("--student-pattern '")[1].split("'")[0]
    taken = take(files, as_zip, student_pattern=pattern)
    assert by_student(taken)["ana"] == {FIRST: A1} and by_student(taken)["bob"] == {FIRST: B1}
    # Called like what was handed over, it is what the instructor zipped.
    assert by_student(take(files, as_zip, "CS 101"))["bob"] == {FIRST: B1}


def test_sections_of_any_name_are_asked_about(take):
    files = {f"Smith/ana/{P1}": A1, f"Smith/bob/{P1}": B1, f"Jones/cleo/{P1}": C1}
    with pytest.raises(NothingGraded, match="section") as refused:
        take(files)
    pattern = str(refused.value).split("--student-pattern '")[1].split("'")[0]
    assert set(by_student(take(files, student_pattern=pattern))) == {"ana", "bob", "cleo"}
    taken = take({**files, f"Emil/{P1}": C1})
    assert set(by_student(taken)) == {"Smith", "Jones", "Emil"}, "they cannot be sections, then"


def test_who_is_in_two_sections_may_be_two_students(take):
    taken = take({f"Section A/ana/{P1}": A1, f"Section B/ana/{P1}": B1, f"Section B/bob/{P1}": C1})
    assert by_student(taken) == {"bob": {FIRST: C1}}
    assert len(taken.unassigned) == 2
    assert "“ana” is in “Section A”, “Section B”" in taken.unassigned[0][1]


def test_from_four_copies_on_one_student_is_a_question(take):
    taken = take({f"ana/v{i}/{P1}": first(i) for i in range(4)} | {f"bob/{P1}": B1})
    (ana,) = (s for s in taken.submissions if s.student == "ana")
    assert "4 differing copies" in ana.questions[FIRST][0]


@pytest.mark.parametrize("name", ["ana", "class"])
def test_many_files_of_nobody_are_no_student(take, name):
    with pytest.raises(NothingGraded, match="no submissions") as refused:
        take({f"{FIRST} ({i}).ipynb": first(i) for i in range(4)}, name=name)
    said = str(refused.value)
    assert f"{FIRST} (0).ipynb" in said and "who it is from" in said
    assert "--student-pattern" in said and "a folder for each student" in said


@pytest.mark.parametrize(
    ("files", "unassigned"),
    [
        ({f"ana_{P1}": A1, f"bob_{P1}": B1, P2: C2, "notes.ipynb": C1}, [P2, "notes.ipynb"]),
        ({f"ana/{P1}": A1, f"bob/{P1}": B1, P2: C2, "readme.txt": b""}, [P2]),
        ({f"ana_1{ID}/{P1}": A1, f"bob_2{ID}/{P1}": B1, P2: C2}, [P2]),
        ({f"ana/{P1}": A1, f"bob/{P1}": B1, f"cleo_{P1}": C1}, [f"cleo_{P1}"]),
        ({f"submitted/ana/{P1}": A1, f"submitted/bob/{P1}": B1, P2: C2}, [P2]),
    ],
)
def test_single_files_of_nobody_are_listed_and_the_rest_is_graded(take, files, unassigned):
    taken = take(files)
    assert [data[FIRST] for data in by_student(taken).values()] == [A1, B1]
    assert [file for file, _ in taken.unassigned] == unassigned


def test_two_files_called_like_one_student_are_a_question(take):
    taken = take({f"ana_{P1}": A1, f"Ana_{FIRST} (1).ipynb": B1, f"bob_{P1}": C1})
    assert set(by_student(taken)) == {"ana", "bob"} or set(by_student(taken)) == {"Ana", "bob"}
    assert any("which anybody can do" in asked for asked in flagged(taken))


def test_brightspaces_numbers_tell_apart_two_students_of_one_name(take):
    taken = take({f"11-99 - Li Wei - Jan 31, 2026 1159 PM/{P1}": A1,
                  f"12-99 - Li Wei - Jan 31, 2026 1159 PM/{P1}": B1,
                  f"13-99 - Bob - Jan 31, 2026 1159 PM/{P1}": C1})  # fmt: skip
    expected = {"Li Wei_11": {FIRST: A1}, "Li Wei_12": {FIRST: B1}, "Bob": {FIRST: C1}}
    assert by_student(taken) == expected
    assert "2 students are called “Li Wei”" in taken.notes[0]


def test_logins_that_end_alike_are_not_one_student(take):
    taken = take({f"HW_x_lee_attempt_2026-01-31-12-00-00_{P1}": A1,
                  f"HW_y_lee_attempt_2026-01-31-12-00-00_{P1}": B1})  # fmt: skip
    assert sorted(data[FIRST] for data in by_student(taken).values()) == sorted([A1, B1])
    assert "login is not clear" in taken.notes[0]
    one_for_each = {
        f"{lesson}_{login}_attempt_2026-01-31-12-00-00_{name}": work(name[:-6], login)
        for lesson, name in (("Week 1", P1), ("Week 2", P2))
        for login in ("ana", "bob")
    }
    assert {s: set(d) for s, d in by_student(take(one_for_each)).items()} == {
        "ana": {FIRST, SECOND}, "bob": {FIRST, SECOND}
    }  # fmt: skip


def test_what_a_student_is_called(take):
    def called(files, **options):
        return {s.student: s.called for s in take(files, **options).submissions}

    assert called({f"Ana Li_12{ID}/{P1}": A1}) == {"Ana Li_12": ("Ana Li_12", "Ana Li")}
    assert called({f"ana/{P1}": A1, f"bob/{P1}": B1})["ana"] == ("ana", "ana")
    assert called({f"liana_12_34_{P1}": A1}) == {"liana_12": ("liana_12", "liana")}
    blind = called({f"Teilnehmer_{n}{ID}/{P1}": first(n) for n in (12, 13, 14)})
    assert blind["Teilnehmer_12"] == ("Teilnehmer_12", "Teilnehmer 12")
    clones = {f"backprop-{login}/{path}": data for login in ("ana", "anton")
              for path, data in ((".git/HEAD", b""), (P1, first(login)))}  # fmt: skip
    assert called(clones)["backprop-anton"] == ("backprop-anton", "anton", "backprop-anton")


# The instructor's own rule


@pytest.mark.parametrize(
    ("files", "pattern"),
    [
        ({f"a/b/ana/{P1}": A1, f"a/b/Bob Li/x/{P1}": B1}, "^a/b/(?P<student>[^/]+)/"),
        ({f"{FIRST}.ana.ipynb": A1, f"{FIRST}.Bob Li.ipynb": B1}, r"[.](?P<student>[^.]+)[.]"),
        ({f"x/ana-{P1}": A1, f"y/Bob Li-{P1}": B1}, "(?P<student>[^/-]+)-"),
        ({"x.zip": zipped({f"_ana_/{P1}": A1}), f"_Bob Li_/{P1}": B1}, "_(?P<student>.+)_/"),
        ({f"ana/{P1}": A1, f"Bob Li/{P1}": B1}, "(?P<student>ana|Bob Li)"),
    ],
)
@pytest.mark.parametrize("as_zip", [True, False])
def test_a_pattern_says_whose_a_file_is(take, files, pattern, as_zip):
    taken = take(files, as_zip, student_pattern=pattern)
    assert by_student(taken) == {"ana": {FIRST: A1}, "Bob Li": {FIRST: B1}}
    assert taken.rule == "by --student-pattern" and not flagged(taken)


def test_what_the_pattern_does_not_fit_is_nobodys(take):
    files = {f"ana/{P1}": A1, f"12/{P1}": B1, "x.txt": b"", "y.zip": zipped({"z.txt": b""})}
    taken = take(files, student_pattern="^(?P<student>[a-z]+)/")
    assert by_student(taken) == {"ana": {FIRST: A1}}
    assert taken.unassigned == [(f"12/{P1}", "does not fit --student-pattern")]


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("(", "is not a regular expression"),
        ("^([^/]+)/", r"has no group \(\?P<student>"),
        ("^(?P<name>[^/]+)/", r"has no group \(\?P<student>"),
        ("^x(?P<student>[^/]+)/", "fits no file"),
        ("(?P<student>)", "fits no file"),
    ],
)
def test_a_pattern_that_says_nothing_is_refused_in_words(take, pattern, says):
    with pytest.raises(NothingGraded, match=says) as refused:
        take({f"ana/{P1}": A1}, student_pattern=pattern)
    assert "--student-pattern" in str(refused.value)


# What computers hide


@pytest.mark.parametrize("as_zip", [True, False])
@pytest.mark.parametrize(
    "file", [f".Emil/{P1}", f"__MACOSX/Emil/{P1}", f".ipynb_checkpoints/{P1}", f".{P1}"]
)
def test_work_that_is_hidden_is_never_silent(take, file, as_zip):
    taken = take({f"ana/{P1}": A1, f"bob/{P1}": B1, file: C1}, as_zip)
    assert by_student(taken) == {"ana": {FIRST: A1}, "bob": {FIRST: B1}}
    assert [(file, "is hidden, and nothing else shows whose it is")] == taken.unassigned
    taken = take({"x.zip": zipped({f"ana/{P1}": A1, file: C1})}, as_zip, "class")
    assert not by_student(taken)["x"] or by_student(taken)["x"] == {FIRST: A1}


def test_hidden_work_in_a_class_that_is_zipped_again(take):
    files = {f"ana_1{ID}/{P1}": A1, f".Emil/{P1}": B1, f"__MACOSX/ana_1{ID}/._{P1}": b"x"}
    taken = take({"submissions.zip": zipped(files)})
    assert by_student(taken) == {"ana_1": {FIRST: A1}}
    assert [file for file, _ in taken.unassigned] == [f"submissions.zip!/.Emil/{P1}"]


def test_a_zip_that_holds_itself_comes_to_an_end(take):
    data = zipped({"x.txt": b""})
    for _ in range(10):
        data = zipped({"submissions.zip": data})
    with pytest.raises(NothingGraded):
        take({"submissions.zip": data})


def test_the_layout_does_not_depend_on_the_order_of_files(take):
    files, expected, _ = LAYOUTS["Blackboard"]
    for order in itertools.islice(itertools.permutations(files), 0, None, 900):
        assert by_student(take({name: files[name] for name in order})) == expected


def test_what_was_handed_over_is_called_like_its_folder(tmp_path, released, monkeypatch):
    (tmp_path / "Ana Li").mkdir()
    (tmp_path / "Ana Li" / P1).write_bytes(A1)
    monkeypatch.chdir(tmp_path / "Ana Li")
    assert by_student(submissions.collect(".", released)) == {"Ana Li": {FIRST: A1}}
    assert os.listdir(".") == [P1]


def test_what_one_known_student_named_is_not_the_work_of_others(take):
    files = {f"Bob Honest/{P1}": A1, f"Ana/{P1}": B1}
    assert set(by_student(take(files, name="Eve"))) == {"Bob Honest", "Ana"}
    with pytest.raises(NothingGraded, match="“Eve” is a student"):
        take(files, name="Eve", known_students={"Eve"})
    with pytest.raises(NothingGraded, match="one student's choice"):
        take({"tutorial.zip": zipped({f"Bob Honest/{P1}": A1})}, name="late")


@pytest.mark.parametrize(
    "letters", ["_", "a", "1", "_1", " - ", "a - 1, ", "copy ", "(1)", "+", "é"]
)
def test_no_name_takes_long_to_read(letters):
    for length in (layouts.MAX_NAME, 60_000):
        name = (letters * length)[:length]
        for end in ("", "!", f"_{P1}", "_assignsubmission_", " - Jan 31, 2026 1159 P"):
            text = name[: length - len(end)] + end
            layouts.label_of(text)
            layouts.is_nobody(text)
            layouts.owner_in(text, [FIRST, SECOND])


@pytest.mark.parametrize(
    ("files", "options"),
    [
        ({f"all/ana_{P1}": A1, f"all/bob_{P1}": B1, f"all/.x/{P2}": C2}, {}),
        ({f"x/ana-{P1}": A1, f"x/bob-{P1}": B1, f"x/.x/{P2}": C2},
         {"student_pattern": "/(?P<student>[^/-]+)-"}),
    ],
)  # fmt: skip
def test_hidden_work_beside_files_is_nobodys(take, files, options):
    taken = take(files, **options)
    assert by_student(taken) == {"ana": {FIRST: A1}, "bob": {FIRST: B1}}
    assert [file for file, _ in taken.unassigned] == [list(files)[2]]


def test_hidden_work_of_one_student_alone_is_the_students(take):
    taken = take({P1: A1, f".x/{P2}": C2}, name="Ana Li")
    assert by_student(taken) == {"Ana Li": {FIRST: A1}} and not taken.unassigned
    assert flagged(taken), "it is named"


def test_of_zips_that_the_platform_dated_the_later_counts_whatever_is_in_them(take):
    """The clock of a student's computer may be wrong, and files keep their times when copied."""

    def of(data, year):
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as inner:
            inner.writestr(zipfile.ZipInfo(f"{FIRST}.ipynb", (year, 1, 1, 0, 0, 0)), data)
        return target.getvalue()

    taken = take(
        {
            "HW 1_ana_attempt_2026-01-31-12-00-00_work.zip": of(A1, 2030),
            "HW 1_ana_attempt_2026-02-01-12-00-00_work.zip": of(B1, 2020),
            f"HW 1_bob_attempt_2026-02-01-12-00-00_{FIRST}.ipynb": C1,
        }
    )
    assert by_student(taken)["ana"] == {FIRST: B1} and not flagged(taken)
    ana = next(s for s in taken.submissions if s.student == "ana")
    assert sorted(file.submitted.day for file in ana.files) == [1, 31]
