# Each target is one plain command; README.md shows the same without make.
# `install` first sets up .venv with what the notebooks need, `install-all` with everything; both do
# nothing when it is up to date.

# Any Python can run install.py, which looks for a suitable one if that is not. To choose the one
# that a new .venv is made with: make lab PYTHON=…
PYTHON ?= $(shell for p in python3 python python3.13 python3.12 python3.11; do \
	command -v $$p && break; done)

.PHONY: install install-all lab test test-all slides demo grade pack build requirements

install: SET =
install-all: SET = --all
install install-all:
	@test -n "$(PYTHON)" || { echo "The course needs Python 3.11, 3.12 or 3.13, and no Python was found." >&2; exit 1; }
	@"$(PYTHON)" install.py $(SET)

lab: install
	.venv/bin/jupyter lab notebooks

test: install-all
	.venv/bin/pytest

test-all: install-all
	.venv/bin/pytest --all

slides: install-all
	.venv/bin/python -m helpers.authoring.slides

demo: install-all
	.venv/bin/python -m tests.sample_class

grade: install-all
	@test -n "$(SUBMISSIONS)" || { echo "Which submissions? make grade SUBMISSIONS=class.zip" >&2; exit 1; }
	.venv/bin/python -m helpers.grading "$(SUBMISSIONS)"

pack: install-all
	.venv/bin/python -m helpers.authoring.pack

build: install-all
	.venv/bin/python -m helpers.authoring

# For maintainers, with uv: the newest versions that pyproject.toml allows, one for all Pythons, so
# that the notebooks' stored outputs hold for each. UPGRADE= keeps the present ones where it can.
# The students' set takes its versions from the whole one.
UPGRADE = --upgrade
COMPILE = uv pip compile pyproject.toml --universal --python-version 3.11 \
	--fork-strategy fewest --no-annotate --custom-compile-command "make requirements"
requirements:
	$(COMPILE) --extra test -o requirements.txt $(UPGRADE)
	$(COMPILE) --constraints requirements.txt -o requirements-students.txt
	echo "-e ." >> requirements.txt
	echo "-e ." >> requirements-students.txt
