"""Run notebooks with this interpreter's own kernel, in an environment that repeats its numbers."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, NoReturn, TypeVar

import helpers
from helpers.authoring.errors import BuildError
from helpers.grading.running.private_interfaces import forget_kernel

if TYPE_CHECKING:
    from jupyter_client.kernelspec import KernelSpec
    from nbformat import NotebookNode

T = TypeVar("T")

TIMEOUT = 600  # seconds for one cell
AT_ONCE = 2  # kernels; TensorFlow needs half a gigabyte in each
QUIET = {
    "BACKPROP_PROBE_SEED": "1",
    "CUDA_VISIBLE_DEVICES": "-1",
    "PYTHONHASHSEED": "0",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
}
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]{6,}")


def environment(scratch: str | Path) -> dict[str, str]:
    """The environment variables of a kernel that gives the same outputs each time.

    scratch: a folder for IPython's settings, so that the user's own have no say.
    """
    variables = {**os.environ, **QUIET, "IPYTHONDIR": str(scratch)}
    # The notebooks' own backend, and the same helpers as here whatever else is installed.
    variables.pop("MPLBACKEND", None)
    here = str(Path(helpers.__file__).resolve().parents[1])
    paths = [here, *filter(None, [os.environ.get("PYTHONPATH")])]
    variables["PYTHONPATH"] = os.pathsep.join(paths)
    return variables


async def execute(notebook: NotebookNode, folder: Path, allow_errors: bool = False) -> None:
    """Execute `notebook` in place, with `folder` as the working directory.

    Raises BuildError that names the cell if one fails, or if the kernel dies or takes too long.
    """
    from jupyter_client import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    class OwnKernelManager(AsyncKernelManager):
        """Starts this interpreter, not what a 'python3' in the user's home may point to."""

        @property
        def kernel_spec(self) -> KernelSpec:
            return own_kernel_spec()

    running: dict[str, NotebookNode] = {}
    client = NotebookClient(
        notebook,
        kernel_manager_class=OwnKernelManager,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        timeout=TIMEOUT,
        allow_errors=allow_errors,
        record_timing=False,
        coalesce_streams=True,
        on_cell_execute=lambda cell, cell_index: running.update(cell=cell),
    )
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch,
        tempfile.TemporaryFile() as log,
    ):
        try:
            # The kernel's own messages, not those of the cells.
            await client.async_execute(env=environment(scratch), stdout=log, stderr=log)
        except CellExecutionError as error:
            said = f"{error.ename}: {error.evalue}" if error.evalue else error.ename
            table = "".join(f"\n    {line}" for line in _shown(running["cell"]).splitlines())
            raise BuildError(f"cell {running['cell'].id} stops with {said}{table}") from None
        except CellTimeoutError:
            raise BuildError(
                f"cell {running['cell'].id} is not done after {TIMEOUT} seconds"
            ) from None
        except DeadKernelError:
            where = f"in cell {running['cell'].id}" if running else "when it started"
            raise BuildError(f"the kernel died {where}{_end_of(log)}") from None
        except RuntimeError as error:
            raise BuildError(f"the kernel did not start: {error}{_end_of(log)}") from None
        finally:
            if client.km is None:
                # After Ctrl-C nbclient would clean up once more at exit, and stumble.
                forget_kernel(client)


def in_parallel(run: Callable[[T], Awaitable[None]], items: Iterable[T]) -> None:
    """Await `run(item)` for every item, some at the same time."""

    async def all_items() -> None:
        places = asyncio.Semaphore(AT_ONCE)

        async def one(item: T) -> None:
            async with places:
                await run(item)

        await asyncio.gather(*map(one, items))

    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(all_items())


class _Loop(asyncio.SelectorEventLoop):
    """The kind of event loop that ZMQ can use on every system.

    It leaves Ctrl-C to asyncio, which ends all notebooks. nbclient's handler would end one.
    """

    def add_signal_handler(self, *arguments: object) -> NoReturn:
        raise NotImplementedError

    def remove_signal_handler(self, *arguments: object) -> NoReturn:
        raise NotImplementedError


def own_kernel_spec() -> KernelSpec:
    """The kernel of the running interpreter."""
    from ipykernel.kernelspec import RESOURCES, get_kernel_dict
    from jupyter_client.kernelspec import KernelSpec

    return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict())


def _end_of(log: IO[bytes]) -> str:
    log.seek(0)
    lines = log.read().decode(errors="replace").splitlines()
    lines = [line for line in lines if not line.startswith("[IPKernelApp]")]
    return "".join(f"\n    {line}" for line in lines[-5:])


def _shown(cell: NotebookNode) -> str:
    """The plain text that a cell displayed before it failed: a check's table."""
    texts = [output.data.get("text/plain", "") for output in cell.outputs if "data" in output]
    return "\n".join(texts)


def objections(notebook: NotebookNode, folder: str | Path) -> Iterator[str]:
    """Sentences on outputs that no reader should see or that change from run to run."""
    private = [f"{path}{os.sep}" for path in (Path(folder).resolve(), sys.prefix, Path.home())]
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if output.get("name") == "stderr":
                yield f"cell {cell.id} writes to stderr: {output.text.strip()[:300]}"
                continue
            for text in texts_of(output):
                if ADDRESS.search(text):
                    yield (
                        f"cell {cell.id} shows an address in memory, other in each run: "
                        f"{text.strip()[:80]!r}; end its last line with ; or print something"
                    )
                elif any(path in text for path in private):
                    yield f"cell {cell.id} shows a path of this machine: {text.strip()[:120]!r}"


def texts_of(output: NotebookNode) -> list[str]:
    """All that an output shows as text."""
    if output.output_type == "stream":
        return [output.text]
    if output.output_type == "error":
        return [output.evalue]
    return [value for value in output.data.values() if isinstance(value, str)]
