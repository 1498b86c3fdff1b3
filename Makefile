# Needs only make and Python >= 3.11. Every target makes what it needs in .venv, once.
# Another interpreter: make PYTHON=/path/to/python3.12 test

VENV   = .venv
BIN    = $(VENV)/bin
PIP    = $(BIN)/python -m pip --disable-pip-version-check --quiet
NEWER  = import sys; sys.exit(sys.version_info < (3, 11))

# The tests start many interpreters: without bytecode on disk each of them compiles the whole program.
export PYTHONDONTWRITEBYTECODE =

.PHONY: help demo test integration integration-long lint fix docs docs-write serve bench check clean
# Two pips in one environment trip over each other.
.NOTPARALLEL:

help:
	@echo "make demo         the whole job on a recorded world, without network"
	@echo "make test         the test suite, without network"
	@echo "make integration  the tests against real name servers on this machine"
	@echo "make integration-long  the same with more kills"
	@echo "make lint         ruff, mypy, import contracts"
	@echo "make fix          let ruff mend what it can"
	@echo "make docs         check that generated pages are fresh, build the site into site/"
	@echo "make docs-write   write the generated pages anew"
	@echo "make serve        the site on http://127.0.0.1:8000, rebuilt as you write"
	@echo "make bench        how fast it is"
	@echo "make check        lint, test and docs: what a change has to pass"
	@echo "make clean        remove .venv and everything built"

demo: $(VENV)/.core
	@$(BIN)/deliverkit demo

test: $(VENV)/.test
	$(BIN)/python -m pytest -n 4 --dist worksteal

integration: $(VENV)/.test $(VENV)/.docs $(VENV)/.browser
	$(BIN)/python -m pytest -m integration

integration-long: export DELIVERKIT_KILLS = 20
integration-long: integration

lint: $(VENV)/.test $(VENV)/.lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy scripts benchmarks hatch_build.py
	$(BIN)/lint-imports

fix: $(VENV)/.lint
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.docs
	$(BIN)/python -m scripts.gen_docs --check
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

docs-write: $(VENV)/.docs
	$(BIN)/python -m scripts.gen_docs --write

serve: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve --dev-addr 127.0.0.1:8000

bench: $(VENV)/.test
	@set -e; for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python "$$file"; done

check: lint test docs

clean:
	rm -rf $(VENV) site dist deliverkit/knowledge/.compiled .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

# Stamps: the environment, then one for the program and one for each dependency group.
$(VENV)/.made:
	@for python in $(PYTHON) $(if $(PYTHON),,python3 python3.14 python3.13 python3.12 python3.11 python); do \
	  if command -v "$$python" >/dev/null 2>&1 && "$$python" -c "$(NEWER)" >/dev/null 2>&1; then \
	    echo "making $(VENV) with $$("$$python" --version)"; \
	    "$$python" -m venv $(VENV) || { rm -rf $(VENV); \
	      echo "Python could not make a virtual environment; its venv module may be a package of its own (python3-venv)." >&2; exit 1; }; \
	    $(PIP) install --upgrade pip || { rm -rf $(VENV); exit 1; }; \
	    touch $@; exit 0; \
	  fi; \
	done; \
	echo "deliverkit needs Python 3.11 or newer, and found none$(if $(PYTHON), at $(PYTHON))." >&2; \
	echo "Install one, or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1

$(VENV)/.core: $(VENV)/.made pyproject.toml
	$(PIP) install --editable .
	@touch $@

$(VENV)/.test $(VENV)/.lint $(VENV)/.docs $(VENV)/.browser: $(VENV)/.%: $(VENV)/.core
	$(PIP) install --group $* $(if $(filter test,$*),--editable '.[all]')
	@touch $@
