"""Set-up: every route installs the tested set, and a wrong Python is told so in one sentence."""

import ast
import importlib.metadata
import os
import re
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


def ranges():
    """What pyproject.toml asks for, with what only some graders need: a server or a cluster."""
    optional = project()["optional-dependencies"]
    wanted = [*project()["dependencies"], *optional["postgresql"], *optional["dask"]]
    return [Requirement(line) for line in wanted]


def pins():
    """What requirements.txt asks for, without its last line, which is the project itself."""
    lines = [line for line in text("requirements.txt").splitlines() if not line.startswith("#")]
    assert lines[-1] == "-e ."
    return [Requirement(line) for line in lines[:-1]]


def applying(requirements, environment=None):
    """Those whose markers hold, here or in the given environment."""
    return [r for r in requirements if r.marker is None or r.marker.evaluate(environment)]


def pinned(environment=None):
    """The versions that requirements.txt installs: {name: version}."""
    chosen = applying(pins(), environment)
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


def test_the_pins_are_what_the_ranges_lead_to():
    """Nothing comes in whose version is left open, and no pin is left over."""
    assert needed(ranges()) == set(pinned())


def test_this_python_is_a_supported_one():
    assert sys.version_info[:2] in install.SUPPORTED


@pytest.mark.parametrize("environment", marker_environments())
def test_each_platform_gets_each_package_once(environment):
    versions = pinned(environment)
    wanted = applying(ranges(), environment)
    for requirement in wanted:
        assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)])
    tensorflow = {"tensorflow", "tensorflow-cpu"}
    small = environment["sys_platform"] == "win32" or environment["platform_machine"] == "x86_64"
    (expected,) = {"tensorflow-cpu"} if small else {"tensorflow"}
    assert tensorflow & set(versions) == {expected}
    assert tensorflow & {requirement.name for requirement in wanted} == {expected}


def test_requirements_tell_how_to_renew_them():
    """And nothing of the machine on which they were compiled."""
    comments = [line for line in text("requirements.txt").splitlines() if line.startswith("#")]
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
    path.write_text(
        f"#!{sys.executable}\n"
        "import runpy, sys\n"
        f"sys.version_info = {version}\n"
        "sys.executable = __file__\n"
        "if sys.argv[1] == '-c':\n"
        "    exec(sys.argv[2])\n"
        "else:\n"
        "    del sys.argv[0]\n"
        "    runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(tmp_path):
    """A copy of the set-up files, without .venv."""
    for name in ("Makefile", "install.py", "setup.py", "pyproject.toml", "requirements.txt"):
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
@pytest.mark.parametrize("target", ["lab", "test", "install.py", "setup.py"])
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


@pytest.fixture
def venv(bare, monkeypatch):
    """install.py at work on a copy, with its commands written down instead of run."""
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
    install.install()
    assert [("venv" in command, "pip" in command) for command in commands] == [
        (True, False),
        (False, True),
    ]
    commands.clear()
    return bare, commands


def test_what_is_up_to_date_is_left_alone(venv):
    _, commands = venv
    install.install()
    assert commands == []


@pytest.mark.parametrize("name", ["requirements.txt", "pyproject.toml"])
def test_a_changed_file_is_installed_again(venv, name):
    bare, commands = venv
    with open(bare / name, "a", encoding="utf-8") as file:
        file.write("# changed\n")
    install.install()
    (command,) = commands
    assert command[-2:] == ["-r", str(bare / "requirements.txt")]


def test_an_interrupted_installation_is_taken_up_again(venv):
    bare, commands = venv
    (bare / ".venv" / "installed").unlink()
    install.install()
    assert [("pip" in command) for command in commands] == [True]


def test_a_moved_environment_is_made_anew(venv):
    bare, commands = venv
    (bare / ".venv" / "pyvenv.cfg").write_text("command = python -m venv /elsewhere/.venv\n")
    (bare / ".venv" / "leftover").touch()
    install.install()
    assert len(commands) == 2
    assert not (bare / ".venv" / "leftover").exists()


def test_a_failed_installation_is_not_taken_for_finished(venv, monkeypatch):
    bare, _ = venv
    (bare / "requirements.txt").write_text("# changed\n")

    def fail(command, complaint):
        raise install.Refusal(complaint)

    monkeypatch.setattr(install, "run", fail)
    for _ in range(2):
        with pytest.raises(install.Refusal, match="did not finish"):
            install.install()


# What is promised agrees with what is run

# The README's form of a command: without the place where an environment keeps its programs,
# and where a command ends there, so that a longer one is not taken for it.
END = r"(?=\s*(?:[`|<#]|$))"
PROGRAMS = re.compile(r"\.venv[/\\](?:bin|Scripts)[/\\]")


def recipes():
    """What each of the Makefile's targets that work in .venv runs, as the README says it."""
    found = re.findall(r"^(\w+): install\n((?:\t.*\n)+)", text("Makefile"), re.MULTILINE)
    last = {target: lines.strip().splitlines()[-1].strip() for target, lines in found}
    return {
        target: PROGRAMS.sub("", command).replace('"$(SUBMISSIONS)"', "class.zip")
        for target, command in last.items()
    }


def readme():
    return PROGRAMS.sub("", text("README.md"))


def test_makefile_has_the_promised_targets():
    assert set(recipes()) == {"lab", "test", "slides", "demo", "grade", "build"}


@pytest.mark.parametrize("target", ["lab", "test", "slides", "demo", "grade", "build"])
def test_readme_shows_each_target_with_and_without_make(target):
    command = recipes()[target]
    assert re.search(rf"\bmake {target}\b", readme())
    assert re.search(rf"(?<![\w-]){re.escape(command)}{END}", readme(), re.MULTILINE)


def test_readme_names_no_other_target():
    code = re.findall(r"^(?: {4}|\t|\$ )?make ([\w-]+)|`make ([\w-]+)", readme(), re.MULTILINE)
    targets = {first or second for first, second in code}
    assert targets <= set(recipes()) | {"install", "requirements"}


def test_readme_shows_the_way_without_make():
    assert re.search(r"\bpy(thon)? install\.py\b", readme())
    assert "pip install -r requirements.txt" in readme()


@pytest.mark.parametrize("target", ["lab", "test"])
def test_readme_shows_one_uv_line(target):
    line = re.search(
        r"^\W*uv run --no-project --python (\S+) --with-requirements requirements\.txt "
        + re.escape(recipes()[target])
        + END,
        readme(),
        re.MULTILINE,
    )
    assert line and line[1] in SUPPORTED


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


@pytest.mark.parametrize(
    ("job", "commands"),
    [
        ("linux", ["make test"]),
        ("macos", ["make test"]),
        ("windows", ["python install.py", r".venv\Scripts\pytest"]),
    ],
)
def test_workflow_does_what_the_readme_says(job, commands):
    steps = workflow()["jobs"][job]
    runs = [step["run"] for step in steps["steps"] if "run" in step]
    assert runs[-len(commands) :] == commands
    assert steps["strategy"]["matrix"]["python"] == [SUPPORTED[0], SUPPORTED[-1]]
    # The weekly run is for Linux alone.
    assert steps.get("if") == (None if job == "linux" else "github.event_name != 'schedule'")


def test_workflow_runs_weekly():
    triggers = workflow()[True]  # YAML 1.1 reads the key `on` as true
    (schedule,) = triggers["schedule"]
    minute, hour, day, month, weekday = schedule["cron"].split()
    assert (day, month) == ("*", "*") and weekday.isdigit()


@on_posix
def test_ci_runs_the_readme_test_command():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert text(".ci/run").splitlines()[-1] == "make test"


def test_code_keeps_the_rules():
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--quiet", "--no-cache", "--output-format=concise"]
        + ["helpers", "tests", "install.py", "setup.py"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr
