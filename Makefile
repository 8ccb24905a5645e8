# Needs python3 (3.11 or later) and make; everything else comes from the package registry into .venv.
# Recipes use exec, so that a SIGTERM sent to make reaches the program itself.

SHELL := /bin/sh
PYTHON := .venv/bin/python
INSTALL := @sh deploy/local/install.sh
LOCK := ../.venv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --no-header --quiet
ARGS ?=
MINUTES ?= 20

.DEFAULT_GOAL := help
.PHONY: help run test django-tests contract e2e check lock format manage clean \
        overload soak chaos bench scale run-dependencies dev-dependencies

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: run-dependencies ## the whole shop without containers; Ctrl-C ends it
	@exec $(PYTHON) -m deploy.local --end-with-parent

test: dev-dependencies ## every test that needs no container; ARGS="-k word" for some of them
	@exec $(PYTHON) -m tests $(ARGS)

django-tests: dev-dependencies ## Django's own tests of its ASGI handler, on ours; fetches them once
	@exec $(PYTHON) -m tests.django_suite

contract: run-dependencies ## try services before a release: PROMO=url RECCO=url JUNIT=path; else our own
	@PROMO="$(PROMO)" RECCO="$(RECCO)" JUNIT="$(JUNIT)" exec $(PYTHON) -m tests.contract

e2e: dev-dependencies ## the composed stack, end to end; needs Docker
	@COMPOSE_BAKE=false exec $(PYTHON) -m pytest -m compose tests/compose $(ARGS)

overload: dev-dependencies ## five times as many visitors as can be served, and what they get
	@exec $(PYTHON) -m tests.load.overload

soak: dev-dependencies ## half load for MINUTES=20, and what grows meanwhile
	@MINUTES=$(MINUTES) exec $(PYTHON) -m tests.load.soak

chaos: dev-dependencies ## break one thing after another and look at the page; ARGS=--go to watch
	@exec $(PYTHON) -m tests.load.chaos $(ARGS)

bench: dev-dependencies ## our pages and our peers', side by side; ARGS="--quick --json FILE"
	@exec $(PYTHON) -m tests.bench.pages $(ARGS)

scale: dev-dependencies ## what a page costs as its fragments and its payloads grow
	@exec $(PYTHON) -m tests.bench.scale

check: dev-dependencies ## format, lint, types, imports, migrations, settings, Dockerfiles, manifests
	@exec $(PYTHON) -m deploy.local.check

format: dev-dependencies ## put the code into the shape that `make check` asks for
	@$(PYTHON) -m ruff check --quiet --fix-only . && exec $(PYTHON) -m ruff format .

manage: run-dependencies ## one of Django's commands: make manage ARGS="createsuperuser"
	@exec $(PYTHON) -m deploy.local manage $(ARGS)

lock: dev-dependencies ## choose versions anew: requirements/*.txt from requirements/*.in
	@cd requirements && $(LOCK) --upgrade dev.in -o dev.txt
	@cd requirements && for name in gateway service standin run; do \
	    $(LOCK) --upgrade -c dev.txt $$name.in -o $$name.txt || exit 1; done
	@cd requirements && $(LOCK) --upgrade --no-deps redis.in -o redis.txt

clean: ## remove what make made: the environment, the local shop's data, caches
	@if [ -x $(PYTHON) ]; then $(PYTHON) -m deploy.local idle; fi
	@rm -rf .venv .local staticfiles .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

run-dependencies:
	$(INSTALL) run

dev-dependencies:
	$(INSTALL) dev
