"""What happens to honest work on its way: ways to mangle a notebook that must cost no points."""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass

import nbformat

from tests.sample_class.work import Notebook, grade_id

MANGLINGS = []


@dataclass(frozen=True)
class Mangling:
    """A way to mangle a notebook.

    what: what happened to it, a phrase. mangle: changes its content, nbformat's, in place, or
    returns other content. is_seen: whether there is something to tell the student.
    """

    what: str
    mangle: Callable
    is_seen: bool = True

    def of(self, notebook):
        """A Notebook that is mangled, as bytes."""
        content = copy.deepcopy(notebook.content)
        content = self.mangle(content) or content
        return json.dumps(content, ensure_ascii=False).encode()


def mangling(what, is_seen=True):
    """Add the decorated function as a way to mangle a notebook."""

    def add(mangle):
        MANGLINGS.append(Mangling(what, mangle, is_seen))
        return mangle

    return add


def label(cell):
    return cell.metadata.get("nbgrader", {})


def is_answer(cell):
    return bool(label(cell).get("solution"))


def answers(content):
    """The positions of the answer cells."""
    return [i for i, cell in enumerate(content.cells) if is_answer(cell)]


def unlabelled(cell):
    """The cell as if it were the student's own."""
    cell.metadata, cell["id"] = {}, f"own-{id(cell):x}"
    return cell


def halves(source):
    """An answer in two, between lines that are not indented."""
    lines = source.split("\n")
    inner = (" ", ")", "]", "}", "return")
    cuts = [i for i in range(1, len(lines)) if lines[i] and not lines[i].startswith(inner)]
    cut = cuts[len(cuts) // 2] if cuts else len(lines)
    return "\n".join(lines[:cut]), "\n".join(lines[cut:])


def split(content, first_keeps, second_keeps):
    """Split every answer; keeps: whether a half has the label."""
    cells = []
    for cell in content.cells:
        if not is_answer(cell):
            cells.append(cell)
            continue
        for source, keeps in zip(halves(cell.source), (first_keeps, second_keeps), strict=True):
            half = copy.deepcopy(cell)
            half.source = source
            cells.append(half if keeps else unlabelled(half))
    content.cells = cells


# Split and merged


@mangling("every answer split in two; the first half keeps the label", is_seen=False)
def answer_split_first_half_labelled(content):
    split(content, True, False)


@mangling("every answer split in two; the second half keeps the label", is_seen=False)
def answer_split_second_half_labelled(content):
    split(content, False, True)


@mangling("every answer split in two; both halves have the label")
def answer_split_both_halves_labelled(content):
    split(content, True, True)


@mangling("every answer split in two; neither half has a label")
def answer_split_neither_half_labelled(content):
    split(content, False, False)


def merge(content, keep):
    """Merge each answer with the check below it; keep: whose label stays, 0 or 1."""
    for i in reversed(answers(content)):
        both = content.cells[i : i + 2]
        if not label(both[1]).get("grade"):
            continue
        both[keep].source = "\n\n".join(cell.source for cell in both)
        content.cells[i : i + 2] = [both[keep]]


@mangling("every answer merged with its check; the answer's label stays")
def answer_merged_with_check_answers_label_kept(content):
    merge(content, 0)


@mangling("every answer merged with its check; the check's label stays")
def answer_merged_with_check_checks_label_kept(content):
    merge(content, 1)


@mangling("every answer merged with its check; no label stays")
def answer_merged_with_check_no_label_kept(content):
    merge(content, 0)
    for i in answers(content):
        unlabelled(content.cells[i])


def merge_answers(content, keep, between="\n\n"):
    """Merge the first two answers, and the next two, and so on; keep: whose label stays."""
    positions = answers(content)
    for i, j in reversed(list(zip(positions[::2], positions[1::2], strict=False))):
        both = [content.cells[i], content.cells[j]]
        both[keep].source = between.join(cell.source for cell in both)
        content.cells[i if keep == 0 else j] = both[keep]
        del content.cells[j if keep == 0 else i]


@mangling("answers merged in pairs; the first one's label stays")
def answers_merged_in_pairs_first_label_kept(content):
    merge_answers(content, 0)


@mangling("answers merged in pairs; the second one's label stays")
def answers_merged_in_pairs_second_label_kept(content):
    merge_answers(content, 1)


@mangling("the check below merged into the answer, with the next answer below that")
def check_below_merged_into_the_answer(content):
    merge_answers(content, 0, between='\n\ncheck("p9", a=1)\n\n')


@mangling("answers written into the given cells above the checks")
def answers_written_into_given_cells(content):
    for i in reversed(answers(content)):
        if label(content.cells[i + 1]).get("grade"):
            content.cells[
                i + 1
            ].source = f"{content.cells[i].source}\n{content.cells[i + 1].source}"
            del content.cells[i]


# Labels


@mangling("all metadata gone")
def all_metadata_gone(content):
    for cell in content.cells:
        cell.metadata = {}


@mangling("all metadata and all ids gone")
def all_metadata_and_all_ids_gone(content):
    content.metadata, content.nbformat_minor = {}, 4
    for cell in content.cells:
        cell.metadata = {}
        del cell["id"]


@mangling("all metadata and all ids gone, and all cells that nobody answers in")
def all_labels_and_given_cells_gone(content):
    content.metadata, content.nbformat_minor = {}, 4
    content.cells = [content.cells[i] for i in answers(content)]
    for cell in content.cells:
        cell.metadata = {}
        del cell["id"]


@mangling("the cells in reverse order")
def the_cells_in_reverse_order(content):
    content.cells.reverse()


@mangling("every label renamed")
def every_label_renamed(content):
    for i, cell in enumerate(content.cells):
        cell.metadata["nbgrader"]["grade_id"] = f"cell-{i}"
        cell["id"] = f"cell-{i}"


@mangling("the labels of neighbouring answers swapped")
def the_labels_of_neighbouring_answers_swapped(content):
    positions = answers(content)
    for i, j in zip(positions[::2], positions[1::2], strict=False):
        one, other = label(content.cells[i]), label(content.cells[j])
        one["grade_id"], other["grade_id"] = other["grade_id"], one["grade_id"]


@mangling("every cell locked, with 100 points, as a task")
def every_cell_a_locked_task(content):
    for cell in content.cells:
        cell.metadata["nbgrader"].update(locked=True, points=100, task=True, solution=False)


@mangling("nbgrader's metadata of the wrong types")
def labels_of_the_wrong_types(content):
    wrong = (None, 3, [], {"grade_id": ["x"]}, {"grade_id": {}}, "x", {"grade_id": None}, True)
    for i, cell in enumerate(content.cells):
        cell.metadata["nbgrader"] = wrong[i % len(wrong)]


# Types and places


@mangling("every answer pasted as Markdown, with fences, without a label")
def answers_pasted_as_markdown(content):
    for i in answers(content):
        source = f"My answer:\n\n```python\n{content.cells[i].source}\n```\n"
        content.cells[i] = nbformat.v4.new_markdown_cell(source)


@mangling("every answer turned into Markdown")
def answers_turned_into_markdown(content):
    for i in answers(content):
        cell = content.cells[i]
        content.cells[i] = nbformat.v4.new_markdown_cell(
            cell.source, id=cell.id, metadata=cell.metadata
        )


@mangling("every answer pasted as a raw cell without a label")
def answers_pasted_as_raw_cells(content):
    for i in answers(content):
        content.cells[i] = nbformat.v4.new_raw_cell(content.cells[i].source)


@mangling("every cell's type one that does not exist")
def every_cell_of_an_unknown_type(content):
    for cell in content.cells:
        cell.cell_type = "heading"


@mangling("every answer in a new cell below its check, the form above left empty")
def every_answer_below_its_check(content):
    forms = {grade_id(cell): cell.source for cell in _released(content)}
    for i in reversed(answers(content)):
        if label(content.cells[i + 1]).get("grade"):
            own = nbformat.v4.new_code_cell(content.cells[i].source)
            content.cells[i].source = forms[grade_id(content.cells[i])]
            content.cells.insert(i + 2, own)


def _released(content):
    ids = {grade_id(cell) for cell in content.cells}
    for name in ("problem_1_derivation", "problem_2_pen_and_paper", "problem_3_numpy"):
        cells = Notebook(name, solved=False).content.cells
        if {grade_id(cell) for cell in cells} == ids:
            return cells
    raise ValueError("no such notebook")


@mangling("every answer twice, the first time as the empty form")
def answers_twice_first_the_empty_form(content):
    forms = {grade_id(cell): cell.source for cell in _released(content)}
    for i in reversed(answers(content)):
        form = copy.deepcopy(content.cells[i])
        form.source = forms[grade_id(form)]
        content.cells.insert(i, form)


@mangling("all cells but the answers deleted")
def all_cells_but_the_answers_deleted(content):
    content.cells = [content.cells[i] for i in answers(content)]


@mangling("all cells duplicated")
def all_cells_duplicated(content):
    content.cells = [copy.deepcopy(cell) for cell in content.cells for _ in range(2)]


@mangling("every check replaced by one that is always content")
def checks_replaced_by_contented_ones(content):
    for cell in content.cells:
        if label(cell).get("grade"):
            cell.source = "pass"


# Formats


@mangling("saved by Colab: other ids, other metadata, sources as lists, outputs of its own")
def saved_by_colab(content):
    content.metadata = {"colab": {"provenance": []}, "kernelspec": {"name": "python3"}}
    content.nbformat_minor = 0
    for i, cell in enumerate(content.cells):
        cell.metadata = {"id": f"aB{i}xYz", "colab": {"base_uri": "https://localhost"}}
        cell["source"] = cell.source.splitlines(keepends=True)
        del cell["id"]
        if cell.cell_type == "code":
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["1\n"]}]


@mangling("saved in notebook format 3, with worksheets")
def saved_in_notebook_format_3(content):
    content = nbformat.convert(nbformat.from_dict(content), 3)
    return json.loads(nbformat.writes(content, version=3))


@mangling("cells in worksheets, in notebook format 4")
def cells_in_worksheets(content):
    content["worksheets"] = [{"cells": content.cells}]
    del content["cells"]


@mangling("line ends of Windows, and spaces at the ends of lines", is_seen=False)
def line_ends_of_windows(content):
    for cell in content.cells:
        cell.source = cell.source.replace("\n", "  \r\n")
