.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTHON := $(shell for p in python3.11 python3; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v $$p && break; done)

.PHONY: help install run test bench soak screenshots clicks page-speed evals evals-record evals-live lint audit lock clean

ARGS ?=
# What is compiled is kept: dozens of processes start in a run of the tests, and each would compile the hub again.
unexport PYTHONDONTWRITEBYTECODE

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMP): requirements.lock pyproject.toml api/ui/package-lock.json
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed and was not found."; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	@echo "Installing into $(VENV) (about a minute the first time)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m api.ui.install
	@touch $(STAMP)

install: $(STAMP) ## Make the environment in .venv

run: install ## Start the whole hub on this machine
	@$(BIN)/hub up

test: install ## Run every test, browser included
	@$(BIN)/python tests/browser/chromium.py
	@$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder

bench: install ## Measure speed against stated limits: a table, and .hub/bench.json
	@$(BIN)/python -m evals.bench

soak: install ## Half an hour under load while things break, and what must hold: a table, and .hub/soak.json
	@$(BIN)/python -m evals.soak $(ARGS)

screenshots: install ## A picture of every page, into docs/screenshots
	@$(BIN)/python -m evals.pages --chromium "$$($(BIN)/python tests/browser/chromium.py)" shots

clicks: install ## From a fresh hub to a green test sale by clicking: clicks, fields, screens, seconds
	@$(BIN)/python -m evals.pages --chromium "$$($(BIN)/python tests/browser/chromium.py)" clicks --docs docs/pages.md

page-speed: install ## Paints, weight, requests and scrolling of every page
	@$(BIN)/python -m evals.pages --chromium "$$($(BIN)/python tests/browser/chromium.py)" speed --docs docs/pages.md

evals: install ## Every scenario of the agent by rules alone, then with its recorded model: no key, no network
	@$(BIN)/python -m evals.agent scripted $(ARGS)
	@$(BIN)/python -m evals.agent replay $(ARGS)

evals-record: install ## Record the scenarios again with the model of HUB_LLM_*
	@$(BIN)/python -m evals.agent record $(ARGS)

evals-live: install ## Run the scenarios several times with the model of HUB_LLM_*, and compare with the baseline
	@$(BIN)/python -m evals.agent live $(ARGS)

lint: install ## Style, types and the rule of the rooms
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

audit: install ## Known vulnerabilities of what is locked; says so when the advisories cannot be read
	@$(BIN)/python .ci/audit

lock: install ## Resolve the dependencies again (needs uv)
	@uv pip compile pyproject.toml --extra dev --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-annotate --no-header -o requirements.lock
	@uv pip compile pyproject.toml -c requirements.lock --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-annotate --no-header -o deploy/requirements.lock

clean: ## Remove the environment and caches; data in .hub stays
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
