"""Build, compare and write notebooks."""

import copy
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from nbformat import NotebookNode

from helpers.authoring import source
from helpers.authoring.blocks import for_instructor
from helpers.authoring.comparison import differences
from helpers.authoring.errors import BuildError
from helpers.authoring.execution import execute, in_parallel, objections
from helpers.authoring.notebook_file import as_text
from helpers.authoring.release import release
from helpers.marking.questions import NOTEBOOKS, questions_of

LESSON_PLAN = "solutions/README.md"


def sources(root: Path, names: Sequence[str] = ()) -> list[Path]:
    """The paths of the sources below `root`/solutions, all or those in `names`.

    names: as in "problem_3_numpy", "tutorial/problem_3_numpy" or the path of either file.
    Raises BuildError if there is no such source.
    """
    found = sorted((root / "solutions").glob("*/*.md"))
    if not found:
        raise BuildError(f"There are no sources solutions/<lesson>/<notebook>.md in {root}.")
    if not names:
        return found
    chosen: set[Path] = set()
    for name in names:
        wanted = Path(name).with_suffix("").parts[-2:]
        matching = [path for path in found if path.with_suffix("").parts[-len(wanted) :] == wanted]
        if not matching:
            known = ", ".join(path.stem for path in found)
            raise BuildError(f"There is no notebook {name!r}. There are: {known}.")
        chosen.update(matching)
    return sorted(chosen)


def build(
    root: Path,
    paths: Iterable[Path],
    on_built: Callable[[Path], None] = lambda path: None,
) -> dict[str, str]:
    """Build the notebooks of `paths`; nothing is written.

    Returns the texts of the built files by their paths relative to `root`, with / on every system.
    on_built: called with the path of each source that has been executed.
    Raises BuildError with one paragraph for each source that cannot be built.
    """
    notebooks: dict[Path, NotebookNode] = {}
    problems: list[str] = []
    for path in paths:
        try:
            notebooks[path] = source.read(path, _name(root, path))
        except BuildError as error:
            problems.append(str(error))
    files: dict[str, str] = {}

    async def execute_one(path: Path) -> None:
        try:
            solution = await _executed(root, path, notebooks[path])
            files[_name(root, path.with_suffix(".ipynb"))] = as_text(solution)
            on_built(path)
        except BuildError as error:
            problems.append(str(error))

    in_parallel(execute_one, notebooks)
    for lesson in sorted({path.parent.name for path in notebooks}):
        here = {path.stem: nb for path, nb in notebooks.items() if path.parent.name == lesson}
        try:
            for name, notebook in release(here, lesson).items():
                files[f"notebooks/{lesson}/{name}.ipynb"] = as_text(notebook)
        except BuildError as error:
            problems.append(str(error))
    if problems:
        raise BuildError("\n".join(problems))
    if (root / LESSON_PLAN).exists():
        files[LESSON_PLAN] = _lesson_plan((root / LESSON_PLAN).read_text(encoding="utf-8"))
    return dict(sorted(files.items()))


def _lesson_plan(text: str) -> str:
    """The lesson plan with each notebook's points, in the second column of its table."""
    for name in NOTEBOOKS.values():
        points = sum(question.points for question in questions_of(name).values())
        text = re.sub(rf"(?m)^(\| `\w+/{name}` \| )\d+(?= \|)", rf"\g<1>{points:g}", text)
    return text


def solution_of(notebook: NotebookNode) -> NotebookNode:
    """The instructor's version of a source's notebook, not executed."""
    solution = copy.deepcopy(notebook)
    for cell in solution.cells:
        cell.source = for_instructor(cell.source, cell.cell_type)
    return solution


async def _executed(root: Path, path: Path, notebook: NotebookNode) -> NotebookNode:
    """The instructor's version of `notebook`, executed."""
    solution = solution_of(notebook)
    name = _name(root, path)
    try:
        # Elsewhere, since a notebook may write files, and may read what it finds beside it.
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as elsewhere:
            await execute(solution, Path(elsewhere))
    except BuildError as error:
        raise BuildError(f"{name}: {error}") from None
    for cell in solution.cells:
        # What differs from run to run, such as a measured time, is not stored.
        if "nbval-ignore-output" in cell.metadata.get("tags", ()):
            cell.outputs = []
    if problems := list(objections(solution, root)):
        raise BuildError("\n".join(f"{name}: {problem}" for problem in problems))
    return solution


def changes(root: Path, files: Mapping[str, str]) -> Iterator[str]:
    """Sentences on how the files below `root` differ from the built `files`."""
    for name, text in files.items():
        try:
            existing = (root / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            yield f"{name} is missing"
            continue
        if name == LESSON_PLAN:
            if existing != text:
                yield f"{name}: other points"
            continue
        for difference in differences(existing, text):
            yield f"{name}: {difference}"


def orphans(root: Path) -> Iterator[str]:
    """The notebooks below `root` without a source, relative to it."""
    for folder in ("solutions", "notebooks"):
        for path in sorted((root / folder).glob("*/*.ipynb")):
            if not (root / "solutions" / path.parent.name / f"{path.stem}.md").exists():
                yield _name(root, path)


def write(root: Path, files: Mapping[str, str]) -> list[str]:
    """Write the built `files` below `root`, all or none. Returns the names of what changed."""
    changed = []
    for name, text in files.items():
        path = root / name
        data = text.encode()
        if not path.exists() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            _temporary(path).write_bytes(data)
            changed.append(name)
    for name in changed:
        os.replace(_temporary(root / name), root / name)
    return changed


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.new")


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()
