"""Set-up: each route installs its tested set, and a wrong Python is told so in one sentence."""

import ast
import importlib.metadata
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import install

ROOT = Path(__file__).resolve().parent.parent
WANTED = "The course needs Python 3.11, 3.12 or 3.13"
SUPPORTED = [f"{major}.{minor}" for major, minor in install.SUPPORTED]

# What markers see on each platform that the course serves.
PLATFORMS = {
    "Linux x86_64": {"sys_platform": "linux", "platform_machine": "x86_64", "os_name": "posix"},
    "Linux aarch64": {"sys_platform": "linux", "platform_machine": "aarch64", "os_name": "posix"},
    "macOS arm64": {"sys_platform": "darwin", "platform_machine": "arm64", "os_name": "posix"},
    "Windows": {"sys_platform": "win32", "platform_machine": "AMD64", "os_name": "nt"},
}
SYSTEMS = {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}

on_posix = pytest.mark.skipif(os.name == "nt", reason="make and scripts with #! are for POSIX")


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def project():
    return tomllib.loads(text("pyproject.toml"))["project"]


NAME = project()["name"]
EXTRAS = project()["optional-dependencies"]
FILES = [install.STUDENTS, install.WHOLE]
# What a requirements file is compiled from: the core, and the extras besides.
EXTRA = {install.STUDENTS: None, install.WHOLE: "test"}


def listed(lines):
    """The lines as requirements, with those of the extras that they name in place of the names."""
    found = []
    for requirement in map(Requirement, lines):
        if requirement.name == NAME:
            found += listed(line for extra in requirement.extras for line in EXTRAS[extra])
        else:
            found.append(requirement)
    return found


def ranges(name=install.WHOLE):
    """What pyproject.toml asks for in the set of that file."""
    extra = EXTRA[name]
    return listed([*project()["dependencies"], *(EXTRAS[extra] if extra else [])])


def pins(name):
    """What the file asks for, without its last line, which is the project itself."""
    lines = [line for line in text(name).splitlines() if not line.startswith("#")]
    assert lines[-1] == "-e ."
    return [Requirement(line) for line in lines[:-1]]


def applying(requirements, environment=None):
    """Those whose markers hold, here or in the given environment."""
    return [r for r in requirements if r.marker is None or r.marker.evaluate(environment)]


def pinned(name=install.WHOLE, environment=None):
    """The versions that the file installs: {name: version}."""
    chosen = applying(pins(name), environment)
    versions = {}
    for pin in chosen:
        (specifier,) = pin.specifier
        assert specifier.operator == "==" and "*" not in specifier.version, f"{pin} is not exact"
        name = canonicalize_name(pin.name)
        assert name not in versions, f"two pins for {name}"
        versions[name] = specifier.version
    return versions


def marker_environments():
    environments = []
    for platform, values in PLATFORMS.items():
        for python in SUPPORTED:
            environment = default_environment() | values
            environment["platform_system"] = SYSTEMS[values["sys_platform"]]
            environment["python_version"] = python
            environment["python_full_version"] = f"{python}.0"
            environment["implementation_version"] = f"{python}.0"
            environments.append(pytest.param(environment, id=f"{platform}, Python {python}"))
    return environments


def needed(requirements):
    """The names of all packages that the installed metadata says `requirements` lead to."""
    names, seen, waiting = set(), set(), [(r, "") for r in requirements]
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        names.add(name)
        for wanted in ("", *requirement.extras):
            if (name, wanted) not in seen:
                seen.add((name, wanted))
                dependencies = importlib.metadata.requires(name) or []
                waiting += [(Requirement(dependency), wanted) for dependency in dependencies]
    return names


# The set


def test_installed_are_the_pinned_versions():
    wanted = pinned()
    installed = {name: importlib.metadata.version(name) for name in wanted}
    assert installed == wanted


def test_installed_satisfy_the_ranges():
    for wanted in applying(ranges()):
        version = importlib.metadata.version(wanted.name)
        assert wanted.specifier.contains(version), f"{wanted.name} {version} is not {wanted}"


@pytest.mark.parametrize("name", FILES)
def test_the_pins_are_what_the_ranges_lead_to(name):
    """Nothing comes in whose version is left open, and no pin is left over."""
    assert needed(ranges(name)) == set(pinned(name))


def test_a_package_stands_in_one_list_only():
    lists = [project()["dependencies"], *EXTRAS.values()]
    names = [Requirement(line).name for lines in lists for line in lines]
    # TensorFlow has another name on some platforms, and an extra may name others.
    assert sorted({*names} - {NAME}) == sorted(name for name in names if name != NAME)


def test_the_whole_set_has_all_extras_but_the_benchmarks():
    wanted = listed(line for extra in EXTRAS if extra != "benchmarks" for line in EXTRAS[extra])
    assert {requirement.name for requirement in wanted} <= set(pinned())


# What students would carry for others' work.
OTHERS_WORK = {
    *("nbgrader", "alembic", "sqlalchemy", "jupytext", "sphinx", "sphinx-revealjs"),
    *("dask", "distributed", "psycopg", "psycopg-binary"),
    *("pytest", "hypothesis", "nbval", "playwright", "ruff"),
}


@pytest.mark.parametrize("environment", marker_environments())
def test_students_get_a_part_of_the_whole_set(environment):
    students = pinned(install.STUDENTS, environment)
    whole = pinned(install.WHOLE, environment)
    assert students.items() < whole.items()
    assert not OTHERS_WORK & set(students)
    assert OTHERS_WORK <= set(whole)


def test_this_python_is_a_supported_one():
    assert sys.version_info[:2] in install.SUPPORTED


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("environment", marker_environments())
def test_each_platform_gets_each_package_once(environment, name):
    versions = pinned(name, environment)
    wanted = applying(ranges(name), environment)
    for requirement in wanted:
        assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)])
    tensorflow = {"tensorflow", "tensorflow-cpu"}
    small = environment["sys_platform"] == "win32" or environment["platform_machine"] == "x86_64"
    (expected,) = {"tensorflow-cpu"} if small else {"tensorflow"}
    assert tensorflow & set(versions) == {expected}
    assert tensorflow & {requirement.name for requirement in wanted} == {expected}


@pytest.mark.parametrize("name", FILES)
def test_requirements_tell_how_to_renew_them(name):
    """And nothing of the machine on which they were compiled."""
    comments = [line for line in text(name).splitlines() if line.startswith("#")]
    assert comments == [
        "# This file was autogenerated by uv via the following command:",
        "#    make requirements",
    ]


def test_conda_leads_to_the_same_set():
    environment = yaml.safe_load(text("environment.yml"))
    python, *others = environment["dependencies"]
    # Binder reads the version in this form alone.
    assert re.fullmatch(r"python=\d+\.\d+", python)
    assert python.removeprefix("python=") in SUPPORTED
    assert others == ["pip", {"pip": ["-r requirements.txt"]}]


# The gate


def test_all_files_name_the_same_pythons():
    specifier = SpecifierSet(project()["requires-python"])
    accepted = [f"3.{minor}" for minor in range(30) if specifier.contains(f"3.{minor}.0")]
    assert accepted == SUPPORTED
    assert f"The course needs {install.WANTED}" == WANTED
    assert WANTED in text("setup.py")
    assert WANTED in text("Makefile")


def fake_python(folder, version):
    """An executable that runs scripts as Python does, but takes itself for another version."""
    path = folder / "fake-python"
    (folder / "fake_python.py").write_text(
        "import runpy, sys\n"
        f"sys.version_info = {version}\n"
        f"sys.executable = {str(path)!r}\n"
        "if sys.argv[1] == '-c':\n"
        "    exec(sys.argv[2])\n"
        "else:\n"
        "    del sys.argv[0]\n"
        "    runpy.run_path(sys.argv[0], run_name='__main__')\n",
        encoding="utf-8",
    )
    # Through a shell, since a first line #!… takes no path with spaces.
    program, script = map(shlex.quote, (sys.executable, str(folder / "fake_python.py")))
    path.write_text(f'#!/bin/sh\nexec {program} {script} "$@"\n', encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(tmp_path):
    """A copy of the set-up files, without .venv."""
    for name in ("Makefile", "install.py", "setup.py", "pyproject.toml", *FILES):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def run_bare(folder, *command):
    """Exit status and lines of output where PATH leads to nothing, so to no other Python."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={"PATH": str(folder / "nothing")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=60,
    )
    return done.returncode, done.stdout.splitlines()


def make(folder, *arguments):
    program = shutil.which("make")
    if not program:
        pytest.skip("make is not installed")
    code, lines = run_bare(folder, program, *arguments)
    return code, [line for line in lines if not line.startswith(os.path.basename(program))]


@on_posix
@pytest.mark.parametrize("version", [(3, 9, 18), (3, 10, 13), (3, 14, 0)])
@pytest.mark.parametrize("target", ["lab", "test", "test-all", "install.py", "setup.py"])
def test_a_wrong_python_gets_one_sentence(bare, target, version):
    python = fake_python(bare, version)
    if target.endswith(".py"):
        code, lines = run_bare(bare, str(python), target)
    else:
        code, lines = make(bare, target, f"PYTHON={python}")
    assert code != 0
    assert lines == [f"{WANTED}, and {python} is Python {'.'.join(map(str, version))}."]
    assert not (bare / ".venv").exists()


@on_posix
def test_no_python_gets_one_sentence(bare):
    code, lines = make(bare, "lab")
    assert code != 0
    assert lines == [f"{WANTED}, and no Python was found."]


@on_posix
def test_grading_nothing_gets_one_sentence(bare):
    (bare / "install.py").write_text("")
    code, lines = make(bare, "grade", f"PYTHON={sys.executable}")
    assert code != 0
    assert lines == ["Which submissions? make grade SUBMISSIONS=class.zip"]


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (["all"], "all"),
        (["--all", "-r", "x.txt"], "--all -r x.txt"),
        (["--all", "--notebooks"], "--all --notebooks"),
        (["one.zip", "another.zip"], "one.zip another.zip"),
    ],
)
def test_an_unknown_argument_gets_one_sentence(bare, arguments, given):
    code, lines = run_bare(bare, sys.executable, "install.py", *arguments)
    assert code == 2
    assert lines == [
        "install.py takes --without-tensorflow, --notebooks or --all, and a newer pack's zip. "
        f"It was given: {given}"
    ]
    assert not (bare / ".venv").exists()


@on_posix
@pytest.mark.parametrize(
    "target", ["lab", "test", "test-all", "slides", "demo", "grade", "pack", "build"]
)
def test_each_target_sets_up_what_it_needs_first(bare, target):
    """Only students' work is done with the students' set."""
    (bare / "install.py").write_text("import sys\nsys.exit(str(sys.argv[1:]))\n")
    code, lines = make(bare, target, "SUBMISSIONS=class.zip", f"PYTHON={sys.executable}")
    assert code != 0
    assert lines == ["[]" if target == "lab" else "['--all']"]


def test_another_python_on_the_path_is_found(monkeypatch):
    old = described(version="3.9.18", path="old")
    good = described(version="3.12.1", path="good")
    answers = {sys.executable: old, "python3.13": None, "python3.12": good}
    monkeypatch.setattr(install, "probe", lambda command: answers.get(command[0]))
    assert install.suitable_python() == good


def described(version="3.12.1", system="linux", machine="x86_64", build="", path="python3"):
    return {"version": version, "system": system, "machine": machine, "build": build, "path": path}


@pytest.mark.parametrize(
    ("python", "served"),
    [
        (described(), True),
        (described(machine="aarch64"), True),
        (described(machine="armv7l", build="linux-armv7l"), False),
        (described(system="darwin", machine="arm64"), True),
        (described(system="darwin", build="macosx-10.13-x86_64"), False),
        (described(system="win32", machine="AMD64", build="win-amd64"), True),
        (described(system="win32", machine="ARM64", build="win-amd64"), True),
        (described(system="win32", machine="ARM64", build="win-arm64"), False),
        (described(system="win32", machine="AMD64", build="win32"), False),
        (described(system="sunos5", build="solaris"), False),
    ],
)
def test_a_platform_without_tensorflow_gets_one_sentence(python, served):
    answer = install.objection(python)
    if served:
        assert answer is None
    else:
        assert answer.endswith(f", and python3 is made for {python['build']}.")
        assert "\n" not in answer


def test_the_running_python_is_probed_rightly():
    python = install.probe([sys.executable])
    assert python["version"] == ".".join(map(str, sys.version_info[:3]))
    assert python["system"] == sys.platform
    assert install.objection(python) is None


def test_an_old_python_can_read_the_gate():
    for name in ("install.py", "setup.py"):
        ast.parse(text(name), feature_version=(3, 5))


# install.py

# What it is called with, and the file that it then installs.
LIGHT_FILE = f"{install.LIGHT}.txt"  # made by install.py, in .venv
WITH = {(): install.STUDENTS, ("--all",): install.WHOLE, ("--without-tensorflow",): LIGHT_FILE}

each_venv = pytest.mark.parametrize("venv", WITH, ids=WITH.values(), indirect=True)
students_venv = pytest.mark.parametrize("venv", [()], ids=[install.STUDENTS], indirect=True)


@pytest.fixture
def venv(bare, monkeypatch, request):
    """install.py at work on a copy, with its commands written down instead of run."""
    monkeypatch.chdir(bare)  # install.py goes there itself, and the next test must not stay
    commands = []

    def run(command, complaint):
        commands.append(command)
        if "venv" in command:
            (bare / ".venv").mkdir()
            config = f"command = python -m venv {bare / '.venv'}\n"
            (bare / ".venv" / "pyvenv.cfg").write_text(config, encoding="utf-8")

    monkeypatch.setattr(install, "ROOT", str(bare))
    monkeypatch.setattr(install, "VENV", str(bare / ".venv"))
    monkeypatch.setattr(install, "STAMP", str(bare / ".venv" / "installed"))
    monkeypatch.setattr(install, "run", run)
    monkeypatch.setattr(
        install,
        "probe",
        lambda command: (
            described() if command == [sys.executable] or (bare / ".venv").exists() else None
        ),
    )
    assert install.main(list(request.param)) == 0
    assert [("venv" in command, "pip" in command) for command in commands] == [
        (True, False),
        (False, True),
    ]
    assert installed(commands[1:]) == [WITH[request.param]]
    commands.clear()
    return bare, commands


def installed(commands):
    """The files that pip was told to install, by name."""
    for command in commands:
        assert "pip" in command and command[-2] == "-r"
    return [Path(command[-1]).name for command in commands]


@each_venv
def test_what_is_up_to_date_is_left_alone(venv):
    bare, commands = venv
    present = (bare / ".venv" / "installed").read_text().split()[0]
    assert install.main(["--without-tensorflow"]) == 0
    if present != install.LIGHT:
        assert install.main([]) == 0
    assert commands == []


without_tensorflow = pytest.mark.parametrize(
    "venv", [("--without-tensorflow",)], ids=[install.LIGHT], indirect=True
)


@without_tensorflow
def test_tensorflow_is_added_later(venv):
    _, commands = venv
    assert install.main([]) == 0
    assert installed(commands) == [install.STUDENTS]
    assert install.main(["--without-tensorflow"]) == 0
    assert len(commands) == 1


@without_tensorflow
def test_what_is_installed_without_tensorflow(venv):
    """All that the other notebooks need, in the same versions, and nothing else."""
    bare, _ = venv
    core = [r for r in listed(project()["dependencies"]) if "tensorflow" not in r.name]
    lines = (bare / ".venv" / LIGHT_FILE).read_text().splitlines()
    assert {*lines} < {*text(install.STUDENTS).splitlines()}
    assert lines[-1] == "-e ."
    names = {
        canonicalize_name(r.name)
        for line in lines[:-1]
        if not line.startswith("#") and applying([r := Requirement(line)])
    }
    assert names == needed(applying(core))


@students_venv
def test_the_students_set_is_brought_to_the_whole(venv):
    _, commands = venv
    assert install.main(["--all"]) == 0
    assert installed(commands) == [install.WHOLE]
    assert install.main(["--all"]) == install.main([]) == 0
    assert len(commands) == 1


@each_venv
@pytest.mark.parametrize("name", [*FILES, "pyproject.toml"])
def test_a_changed_file_is_installed_again(venv, name):
    """By students' command too; what is whole stays whole, since a new part would not fit it."""
    bare, commands = venv
    present = (bare / ".venv" / "installed").read_text().split()[0]
    again = ["--without-tensorflow"] if present == install.LIGHT else []
    with open(bare / name, "a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert install.main(again) == 0
    file = install.STUDENTS if again else present  # from which the set is made
    expected = LIGHT_FILE if again else present
    assert installed(commands) == ([expected] if name in (file, "pyproject.toml") else [])


@each_venv
def test_an_interrupted_installation_is_taken_up_again(venv):
    bare, commands = venv
    (bare / ".venv" / "installed").unlink()
    assert install.main([]) == 0
    assert installed(commands) == [install.STUDENTS]


@each_venv
def test_a_moved_environment_is_made_anew(venv):
    bare, commands = venv
    (bare / ".venv" / "pyvenv.cfg").write_text("command = python -m venv /elsewhere/.venv\n")
    (bare / ".venv" / "leftover").touch()
    assert install.main([]) == 0
    assert len(commands) == 2
    assert not (bare / ".venv" / "leftover").exists()


@students_venv
def test_a_failed_installation_is_not_taken_for_finished(venv, monkeypatch, capsys):
    """Nor is the set that was there before it: pip may have replaced some of it."""
    _, commands = venv
    written_down = install.run

    def fail(command, complaint):
        raise install.Refusal(complaint)

    monkeypatch.setattr(install, "run", fail)
    for arguments in (["--all"], ["--all"], []):
        assert install.main(arguments) == 1
        assert "did not finish" in capsys.readouterr().err
    monkeypatch.setattr(install, "run", written_down)
    assert install.main([]) == 0
    assert installed(commands) == [install.STUDENTS]


@on_posix
def test_a_pack_does_not_set_up_for_grading(bare):
    (bare / install.WHOLE).unlink()
    code, (line,) = run_bare(bare, sys.executable, "install.py", "--all")
    assert code == 1
    assert line.startswith("--all is for those who grade, build and test.")
    assert not (bare / ".venv").exists()


# CI


@on_posix
@pytest.mark.parametrize(
    ("failing", "wanted"),
    [(None, ["test", "test-all"]), ("test", ["test"]), ("test-all", ["test", "test-all"])],
)
def test_ci_runs_both_tests_and_ends_with_the_first_failure(tmp_path, failing, wanted):
    programs, root = tmp_path / "programs", tmp_path / "root"
    (root / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "run", root / ".ci")
    programs.mkdir()
    for name in ("make", "bwrap", "chromium", "initdb"):
        (programs / name).write_text(f'#!/bin/sh\necho "{name} $*"\n[ "$1" != "{failing}" ]\n')
        (programs / name).chmod(0o755)
    done = subprocess.run(
        [root / ".ci" / "run"],
        env=os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert done.stdout.splitlines() == [f"make {target}" for target in wanted], done.stderr
    assert (done.returncode == 0) == (failing is None)


def workflow():
    return yaml.safe_load(text(".github/workflows/test.yml"))


def test_workflow_is_well_formed():
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
        + [str(ROOT / ".github/workflows/test.yml")],
        capture_output=True,
        encoding="utf-8",
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("job", ["linux", "macos", "windows"])
def test_workflow_uses_the_oldest_and_the_newest_python(job):
    matrix = workflow()["jobs"][job]["strategy"]["matrix"]
    assert matrix["python"] == [SUPPORTED[0], SUPPORTED[-1]]


def test_workflow_runs_weekly():
    triggers = workflow()[True]  # YAML 1.1 reads the key `on` as true
    (schedule,) = triggers["schedule"]
    minute, hour, day, month, weekday = schedule["cron"].split()
    assert (day, month) == ("*", "*") and weekday.isdigit()


def test_code_keeps_the_rules():
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--quiet", "--no-cache", "--output-format=concise"]
        + ["helpers", "tests", "install.py", "setup.py"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr


# Where only the students' packages are


@pytest.mark.parametrize(
    ("command", "missing"),
    [
        ("helpers.grading", "nbgrader"),
        ("helpers.authoring", "jupytext"),
        ("helpers.authoring.slides", "jupytext"),
    ],
)
def test_a_command_says_what_to_install(command, missing, tmp_path):
    """In a Python that does not find the package."""
    (tmp_path / "ann").mkdir()
    (tmp_path / "ann" / "problem_3_numpy.ipynb").write_text("{}", encoding="utf-8")
    code = f"""
import importlib.machinery, runpy, sys
class Finder(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name == {missing!r} else super().find_spec(name, path, target)
sys.meta_path[:] = [Finder if finder is importlib.machinery.PathFinder else finder
                    for finder in sys.meta_path]
sys.argv = [{command!r}, {str(tmp_path)!r}]
runpy.run_module({command!r}, run_name="__main__")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8"
    )
    assert done.returncode in (1, 2)
    assert missing in done.stderr and "install.py --all" in done.stderr
    assert "Traceback" not in done.stderr
