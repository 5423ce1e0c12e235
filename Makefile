# Each target is one plain command; README.md shows the same without make.
# `install` sets up .venv first, and does nothing when it is up to date.

# Any Python can run install.py, which looks for a suitable one if that is not. To choose the one
# that a new .venv is made with: make lab PYTHON=…
PYTHON ?= $(shell for p in python3 python python3.13 python3.12 python3.11; do \
	command -v $$p && break; done)

.PHONY: install lab test slides demo grade build requirements

install:
	@test -n "$(PYTHON)" || { echo "The course needs Python 3.11, 3.12 or 3.13, and no Python was found." >&2; exit 1; }
	@"$(PYTHON)" install.py

lab: install
	.venv/bin/jupyter lab notebooks

test: install
	.venv/bin/pytest

slides: install
	.venv/bin/python -m helpers.authoring.slides

demo: install
	.venv/bin/python -m tests.sample_class

grade: install
	@test -n "$(SUBMISSIONS)" || { echo "Which submissions? make grade SUBMISSIONS=class.zip" >&2; exit 1; }
	.venv/bin/python -m helpers.grading "$(SUBMISSIONS)"

build: install
	.venv/bin/python -m helpers.authoring

# For maintainers, with uv: the newest versions that pyproject.toml allows, one for all Pythons, so
# that the notebooks' stored outputs hold for each. UPGRADE= keeps the present ones where it can.
UPGRADE = --upgrade
requirements:
	uv pip compile pyproject.toml --extra postgresql --extra dask -o requirements.txt $(UPGRADE) \
		--universal --python-version 3.11 --fork-strategy fewest --no-annotate \
		--custom-compile-command "make requirements"
	echo "-e ." >> requirements.txt
