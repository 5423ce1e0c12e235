"""What a source says of slides, and what becomes of it in both versions of the notebook."""

import nbformat
import pytest

from helpers.authoring import source
from helpers.authoring.__main__ import main
from helpers.authoring.errors import BuildError

HEADER = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
---
"""
NEW = '+++ {"slide": "new", "minutes": 2}\n\n# Title\n\n'
NOTE = "Say this.\n\nThen\n> that."
SAMPLE = f"""
{NEW}
+++ {{"slide": "notes"}}

{NOTE}

+++

At home.

```{{code-cell}} ipython3
:slide: new
:minutes: 0
:given: first
print("output")
```

```{{code-cell}} ipython3
:slide: code
:given: second
print("both")
```

```{{code-cell}} ipython3
:slide: more
:given: timed
:tags: [nbval-ignore-output]
import time
print(time.time())
```

```{{code-cell}} ipython3
:slide: only
:reveal: true
:given: shown
print("on the slide alone")
```

+++ {{"slide": "only"}}

Words for the hall.
"""


def written(folder, text):
    path = folder / "solutions" / "lesson" / "sample.md"
    path.parent.mkdir(parents=True)
    path.write_text(HEADER + text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    written(root, SAMPLE)
    assert main([], root) == 0
    return root


def cells(root, folder):
    path = root / folder / "lesson" / "sample.ipynb"
    return nbformat.read(path, as_version=nbformat.NO_CONVERT).cells


def test_a_line_in_the_header_becomes_jupyters_own_metadata(root):
    found = [(cell.id, cell.metadata.slideshow) for cell in cells(root, "solutions")]
    assert found == [
        ("start-1", {"slide_type": "slide", "minutes": 2}),
        ("start-2", {"slide_type": "notes"}),
        ("start-3", {"slide_type": "skip"}),
        ("first", {"slide_type": "slide", "minutes": 0}),
        ("second", {"slide_type": "-", "code": True}),
        ("timed", {"slide_type": "-"}),
        ("shown", {"slide_type": "-", "only": True, "reveal": True}),
        ("after-shown-1", {"slide_type": "-", "only": True}),
    ]


def test_a_note_says_whom_it_is_for_and_can_be_read_as_it_was_written(root):
    note = cells(root, "solutions")[1]
    assert note.source == "> **For the speaker.** Say this.\n>\n> Then\n> > that."
    assert source.is_note(note) and source.spoken(note) == NOTE


def test_students_get_all_but_the_notes_and_what_is_for_slides_only(root):
    solution, student = cells(root, "solutions"), cells(root, "notebooks")
    left_out = {"start-2", "shown", "after-shown-1"}
    assert [cell.id for cell in student] == [c.id for c in solution if c.id not in left_out]
    for words in ("Say this", "on the slide alone", "Words for the hall"):
        assert words in str(solution) and words not in str(student)


def test_an_output_that_differs_from_run_to_run_is_not_stored(root, capsys):
    outputs = {cell.id: cell.outputs for cell in cells(root, "solutions") if "outputs" in cell}
    assert outputs["timed"] == [] and outputs["second"][0].text == "both\n"
    assert main(["--check"], root) == 0
    assert capsys.readouterr().out.endswith("Everything is up to date.\n")


def test_a_lesson_without_slides_has_no_such_metadata(tmp_path):
    notebook = source.read(written(tmp_path, "# Title"), "sample.md")
    assert "slideshow" not in notebook.cells[0].metadata


CODE = "```{code-cell}\n%s\n1\n```\n"


@pytest.mark.parametrize(
    "text, said",
    [
        (CODE % ":slide: next", "slide: expected one of new, more, code, only, notes, got 'next'"),
        (NEW + CODE % ":slide: notes", "slide: notes is for Markdown cells"),
        (
            NEW + CODE % ":slide: more\n:minutes: 2",
            "minutes: expected a number on a cell with slide",
        ),
        (CODE % ":minutes: 2", "minutes: expected a number on a cell with slide: new, got 2"),
        (CODE % ":reveal: true", "reveal: expected true on a cell that is on a slide, got True"),
        (CODE % ":slide: new\n:reveal: 2", "on a cell that is on a slide, got 2"),
        (CODE % ":slide: new\n:minutes: -1", "slide: new, got -1"),
        (CODE % ":slide: new\n:minutes: two", "slide: new, got 'two'"),
        (CODE % ":slide: new\n:minutes: true", "slide: new, got True"),
        (CODE % ":slide: new\n:minutes: .inf", "slide: new, got inf"),
        (CODE % ":slide: more", "cell start-1: no slide has begun yet; one begins with slide: new"),
        ('Text.\n\n+++ {"slide": "notes"}\n\nNote.', "cell start-2: no slide has begun yet"),
        (CODE % ":slides: new", "known are answer, check, exercise, given, nbgrader, slide, minut"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(tmp_path, text, said):
    with pytest.raises(BuildError) as error:
        source.read(written(tmp_path, text), "lesson/sample.md")
    message = str(error.value)
    assert said in message
    assert message.startswith("lesson/sample.md, line ")
    assert "\n" not in message
