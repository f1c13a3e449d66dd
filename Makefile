# Two commands are enough: `make run` and `make test`. Nothing but Python 3.11 or newer is needed beforehand.
#
#   make run PORT=8123 DATA=somewhere   another port, another folder for the data
#   make test ARGS="-k discover"        whatever pytest takes
#   make … PYTHON=/path/to/python       the interpreter that makes the virtual environment

.DEFAULT_GOAL := help
SHELL := /bin/sh

VENV := .venv
BIN := $(VENV)/bin
# Touched when everything is installed. It lies in the environment, so that it goes when the environment goes.
INSTALLED := $(VENV)/installed
INSTALLED_FOR_TESTS := $(VENV)/installed-for-tests
# A changed line in one of these asks for an installation; without a change `make run` starts at once.
INGREDIENTS := pyproject.toml requirements.txt constraints.txt $(wildcard plugins/*/pyproject.toml)
CANDIDATES := python3.13 python3.12 python3.11 python3 python
PLUGINS := $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml))

# Tests run in a process for each core, each with a PostgreSQL of its own; on a server that all would share, in one.
AT_ONCE := $(if $(WAYPOST_TEST_DATABASE_URL),,--numprocesses=auto --maxprocesses=4 --dist=loadfile)

# An environment whose interpreter has gone (an upgrade of the machine) is made anew.
$(shell test -x $(BIN)/python || rm -f $(INSTALLED) $(INSTALLED_FOR_TESTS))

.PHONY: help
help: ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

.PHONY: run
run: $(INSTALLED) ## start Waypost with its demonstration cities on http://127.0.0.1:8000 (PORT=… DATA=…)
	@$(if $(DATA),WAYPOST_DATA_DIR="$(DATA)") exec $(BIN)/waypost up $(if $(PORT),--port "$(PORT)")

.PHONY: test
test: $(INSTALLED_FOR_TESTS) ## install what tests need and run them all (ARGS=…)
	@$(BIN)/python -m pytest $(AT_ONCE) $(ARGS)

.PHONY: check
check: $(INSTALLED_FOR_TESTS) ## format, lint, types, floors, schema, tenants, docs: everything but the long tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy core tests $(wildcard benchmarks)
	@for plugin in $(PLUGINS); do \
		echo "mypy in $$plugin"; \
		( cd $$plugin && $(CURDIR)/$(BIN)/mypy --config-file $(CURDIR)/pyproject.toml . ) || exit 1; \
	done
	$(BIN)/lint-imports
	$(BIN)/waypost schema export --check
	$(BIN)/waypost schema diff schema/published.graphql
	$(BIN)/waypost tenants check
	$(BIN)/python -m pytest -q $(AT_ONCE) tests/project

.PHONY: docs
docs: $(INSTALLED_FOR_TESTS) ## write again what is made from the code (schema/), then try every example of docs/
	$(BIN)/waypost schema export
	$(BIN)/python -m pytest -q tests/project

.PHONY: bench
bench: $(INSTALLED_FOR_TESTS) ## measure, and print one table
	@$(BIN)/python -m benchmarks $(ARGS)

$(INSTALLED): $(INGREDIENTS)
	@$(ENVIRONMENT)
	@echo "Installing Waypost (once, until pyproject.toml, requirements.txt or constraints.txt change) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -c constraints.txt
	@touch $@

$(INSTALLED_FOR_TESTS): $(INGREDIENTS) requirements-test.txt
	@$(ENVIRONMENT)
	@echo "Installing Waypost and what its tests need …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-test.txt -c constraints.txt
	@touch $(INSTALLED) $@

# Makes the virtual environment unless a whole one is there. `--clear`, because one that was broken off has no pip.
define ENVIRONMENT
if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
	new_enough='import sys; sys.exit(sys.version_info < (3, 11))'; \
	python="$(PYTHON)"; \
	seen=""; \
	for candidate in $(if $(PYTHON),"$(PYTHON)",$(CANDIDATES)); do \
		command -v "$$candidate" >/dev/null 2>&1 || continue; \
		if "$$candidate" -c "$$new_enough" >/dev/null 2>&1; then python="$$candidate"; seen=yes; break; fi; \
		seen="$$seen $$candidate ($$("$$candidate" --version 2>&1))"; \
	done; \
	if [ "$$seen" != yes ]; then \
		echo "Waypost needs Python 3.11 or newer; found:$${seen:- none}." >&2; \
		echo "Install one, or name it: make run PYTHON=/path/to/python3.11" >&2; \
		exit 1; \
	fi; \
	echo "Making the virtual environment $(VENV) with $$python …"; \
	if ! "$$python" -m venv --clear $(VENV); then \
		echo "$$python cannot make a virtual environment; on Debian and Ubuntu install python3-venv." >&2; \
		exit 1; \
	fi; \
fi
endef
