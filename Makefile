# Everything runs in .venv and on servers that are started for it; nothing else is needed than
# Python 3.11 (or newer), make and the package registry.

VENV := .venv
PYTHON := $(VENV)/bin/python
EMBEDDED := $(PYTHON) -m config.embedded
INSTALL := $(PYTHON) -m pip install --disable-pip-version-check --require-hashes
PACKAGES := config reconciliation payments merchants ledger audit
LOCK := $(VENV)/bin/uv pip compile --no-config --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet

# What is installed: younger than the lock file, or installed again.
RUNTIME := $(VENV)/.requirements
TOOLS := $(VENV)/.requirements-dev

# A worker of the test run has a database of its own; four are enough to keep one disk busy.
WORKERS ?= auto
PYTEST := $(VENV)/bin/pytest -n $(WORKERS) --maxprocesses 4 --dist loadscope

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup demo up down status test check format lint types imports migrations deployable docs lock

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: $(RUNTIME)  ## a payment company's business day on this machine; EXIT=1 stops after the summary
	@$(PYTHON) -m config.demo $(if $(EXIT),--exit)

up: $(RUNTIME)  ## the demo's processes without its day, in the background
	@$(EMBEDDED) up --wait

down:  ## stop what `make up` started
	@if [ -f $(RUNTIME) ]; then $(EMBEDDED) down; else echo "nothing was running"; fi

status: $(RUNTIME)  ## which processes run, and where
	@$(EMBEDDED) status

test: $(TOOLS)  ## the whole suite on real PostgreSQL; ARGS="-k refund -n 0" goes to pytest
	@$(EMBEDDED) exec -- $(PYTEST) $(ARGS)

check: lint types imports migrations deployable test  ## all that CI asks for

format: $(TOOLS)  ## rewrite the code in the house style
	@$(VENV)/bin/ruff format .
	@$(VENV)/bin/ruff check --fix .

lint: $(TOOLS)  ## format and style
	@echo "lint"
	@$(VENV)/bin/ruff format --check --quiet --diff .
	@$(VENV)/bin/ruff check --quiet .

types: $(TOOLS)  ## mypy, strict
	@echo "types"
	@$(VENV)/bin/mypy $(PACKAGES)

imports: $(TOOLS)  ## who may import whom
	@echo "imports"
	@$(VENV)/bin/lint-imports

migrations: $(TOOLS)  ## no model has changed without its migration
	@echo "migrations"
	@$(EMBEDDED) exec -- $(PYTHON) manage.py makemigrations --check --dry-run

deployable: $(TOOLS)  ## Django's deployment check, on the production settings
	@echo "deployable"
	@DJANGO_SETTINGS_MODULE=config.settings.production \
	PUBLIC_BASE_URL=https://zerosum.example ALLOWED_HOSTS=zerosum.example \
	$(EMBEDDED) exec -- $(PYTHON) manage.py check --deploy --fail-level WARNING --database default

docs: $(TOOLS)  ## the documentation site, in site/
	@NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict
	@echo "site/index.html"

setup: $(TOOLS)  ## .venv with everything, for editors

lock: $(TOOLS)  ## compile requirements*.in; UPGRADE=1 takes newer versions
	@$(LOCK) $(if $(UPGRADE),--upgrade) --output-file requirements.txt requirements.in
	@for name in dev otel; do $(LOCK) $(if $(UPGRADE),--upgrade) --constraints requirements.txt \
		--output-file requirements-$$name.txt requirements-$$name.in || exit 1; done

$(PYTHON):
	@for name in python3.11 python3.12 python3.13 python3; do \
		if $$name -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
		then echo "making $(VENV) with $$name"; exec $$name -m venv --clear $(VENV); fi; \
	done; echo "Python 3.11 or newer is needed, with its venv module" >&2; exit 1

$(RUNTIME): requirements.txt | $(PYTHON)
	@echo "installing the packages of requirements.txt, each checked against its hash: about a minute"
	@$(INSTALL) --quiet -r requirements.txt
	@touch $@

$(TOOLS): requirements-dev.txt requirements.txt | $(PYTHON)
	@echo "installing the packages of requirements-dev.txt, each checked against its hash: about a minute"
	@$(INSTALL) --quiet -r requirements-dev.txt
	@touch $(RUNTIME) $@
