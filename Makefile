# The front door. `make` builds, executes and grades the course; `make help` lists the rest.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
COURSE := $(BIN)/course
# Compiled once here and not at each start of a kernel, should that not be allowed to write.
UV := $(BIN)/uv pip install --compile-bytecode

MASTERS := $(wildcard source_notebooks/*/*.ipynb)
LESSONS := $(notdir $(patsubst %/,%,$(dir $(MASTERS))))
HELPERS := $(wildcard helpers/*.py helpers/*/*.py helpers/*/*.toml)
TOOLS := $(wildcard course/*.py course/*/*.py course/*/*/*.py course/templates/* course/grading/records/templates/*)
ANSWERS := $(wildcard exercises/*/*.py)
CLASS := build/sample_class

INSTALLED := $(VENV)/.installed
GENERATED := $(foreach folder,release solutions,$(MASTERS:source_notebooks/%=$(folder)/%))
BUILT := build/.built
EXECUTED := build/.executed
GRADED := $(LESSONS:%=build/.graded-%)
COLAB := build/colab
FASHION := build/fashion-mnist
SANDBOX := $(VENV)/.sandbox

.PHONY: all help build check prove claims run grade bench lab quick test lint coverage clean
.DELETE_ON_ERROR:

all: $(BUILT) $(EXECUTED) $(GRADED)  ## Build, execute and grade everything, then say what to open (default)
	@$(COURSE) summary

help:  ## List the targets
	@sed -nE 's/^([a-z]+):.*## (.*)/\1|\2/p' Makefile | while IFS='|' read -r name text; \
	do printf '  make %-8s %s\n' "$$name" "$$text"; done

build: $(BUILT)  ## Generate release/ and solutions/ from the masters
prove: $(INSTALLED)  ## Try right and wrong answers on the tests of every exercise
	@$(COURSE) prove
claims: $(INSTALLED) $(FASHION)/.installed  ## Train what the lessons claim and nothing has been measured of; evidence in claims/ (ONLY=lesson)
	@$(BIN)/python -m claims $(ONLY:%=--only %)
check: $(INSTALLED)  ## Fail on anything stale, unclean, leaking, dead or wrong
	@$(COURSE) check
run: $(EXECUTED)  ## Execute every notebook with papermill; report in build/executed/ (PARAMETERS="seeds=2" for a shorter run)
grade: $(GRADED)  ## Grade a sample class made from exercises/; results in build/grading/
bench: $(INSTALLED)  ## Measure training against the original tutorial's loop, and grading against nbgrader (QUICK=1 for four minutes)
	@$(BIN)/python -m benchmarks $(if $(QUICK),--quick)
lab: $(BUILT)  ## Open JupyterLab on the course
	@$(BIN)/jupyter lab
lint: $(INSTALLED)  ## Lint, type-check, and hold who may import whom
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --cache-dir .import_linter_cache
	$(BIN)/mypy
quick: lint  ## Lint, type-check and run the quick tests: an answer in two minutes
	$(BIN)/pytest -m "not slow" --numprocesses 2 --dist loadfile --hypothesis-profile quick
test: lint $(COLAB)/.installed $(FASHION)/.installed $(SANDBOX)  ## Lint, type-check and test
	$(BIN)/pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder
coverage: $(INSTALLED) $(COLAB)/.installed $(FASHION)/.installed $(SANDBOX)  ## Show which lines and branches the tests reach
	$(BIN)/pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder --cov --cov-report term:skip-covered
clean:  ## Remove what can be made again, but not the installed packages
	rm -rf build .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("error: $(PYTHON): Python 3.11 or newer is needed; name one with PYTHON=..." if sys.version_info < (3, 11) else 0)'
	@echo "Installing the pinned packages into $(VENV) (5 GB the first time, minutes; seconds from the cache)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
	$(UV) --python $(BIN)/python --constraint constraints.txt --editable '.[course,dev]'
	@touch $@

# A generated file that somebody deleted is made again.
ifneq ($(words $(wildcard $(GENERATED))),$(words $(GENERATED)))
.PHONY: $(BUILT)
endif

$(BUILT): $(INSTALLED) $(MASTERS) $(TOOLS) nbgrader_config.py
	@$(COURSE) build
	@mkdir -p $(@D) && touch $@

# What ran with other parameters than its own does not count: the next `make` runs it yet.
ifdef PARAMETERS
.PHONY: $(EXECUTED)
endif

$(EXECUTED): $(BUILT) $(HELPERS)
	@$(COURSE) run $(PARAMETERS:%=--parameter %)
	@$(if $(PARAMETERS),rm -f,touch) $@

$(CLASS)/.written: $(BUILT) $(ANSWERS)
	@rm -rf $(CLASS)
	@$(COURSE) sample $(CLASS)
	@touch $@

build/.graded-%: $(CLASS)/.written $(HELPERS) $(SANDBOX)
	@$(COURSE) grade $* --submitted $(CLASS) --out build/grading
	@touch $@

# A second environment with the versions that Colab has, in which the student versions are tested.
# optuna stands for what a lesson installs there by itself, as these tests have no network.
# PYENV_VERSION lets uv find a Python 3.12 that pyenv has but does not offer here.
$(COLAB)/.installed: tests/colab-constraints.txt $(INSTALLED)
	@echo "Installing an environment like Colab's into $(COLAB)"
	@test -x $(COLAB)/bin/python \
	|| PYENV_VERSION=3.12 $(BIN)/uv venv --quiet --clear --no-python-downloads --python 3.12 $(COLAB) 2>/dev/null \
	|| $(BIN)/uv venv --quiet --clear --python $(BIN)/python $(COLAB)
	$(UV) --python $(COLAB)/bin/python --constraint tests/colab-constraints.txt \
		--requirement pyproject.toml ipykernel pip setuptools optuna
	@touch $@

# What holds submitted code in, installed where we may; `course grade` says in a line if it is missing.
$(SANDBOX): $(INSTALLED)
	@command -v bwrap >/dev/null || test "$$(id -u)" -ne 0 || { \
		echo "Installing bubblewrap, the sandbox for submitted code"; \
		apt-get -qq update && apt-get -qq install -y bubblewrap libseccomp2 >/dev/null; }
	@touch $@

# Real photographs, on which the lessons' claims are tested too.
$(FASHION)/.installed: claims/fashion.py $(INSTALLED)
	@echo "Fetching Fashion-MNIST into $(FASHION)"
	@$(BIN)/python -m claims.fashion $(FASHION)
	@touch $@
