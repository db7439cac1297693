# Two commands: `make demo` shows the library on an article, `make test` checks everything.
PYTHON ?= python3
VENV := .venv
DEMO := .venv-demo
# The CPU build; a later torch from the index may be a CUDA build of several gigabytes.
TORCH := torch==2.13.0

.PHONY: demo test lint clean

demo: $(DEMO)/installed
	$(DEMO)/bin/bilateral-nlp classify data/examples/communique.txt

test: $(VENV)/installed lint
	$(VENV)/bin/python -m pytest

lint: $(VENV)/installed
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

$(DEMO)/installed: pyproject.toml $(wildcard bilateral_nlp/*) $(wildcard models/embedded/*)
	$(PYTHON) -m venv $(DEMO)
	$(DEMO)/bin/pip install --quiet --disable-pip-version-check --force-reinstall --no-deps .
	$(DEMO)/bin/pip install --quiet --disable-pip-version-check .
	touch $@

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check $(TORCH)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --editable ".[train,dev]"
	touch $@

clean:
	rm -rf $(VENV) $(DEMO) build
