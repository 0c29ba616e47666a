PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup run test check format test-freeswitch compare-freeswitch cluster bench schema clean \
  chaos chaos-long chaos-proofs chaos-freeswitch fuzz soak audit

help: ## print this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "Prozvon needs Python 3.11, 3.12 or 3.13 ($$($(PYTHON) --version) found). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "Cannot make a virtual environment. On Debian: apt install python3-venv"; exit 2; }
	@echo "Installing Prozvon and what it needs into $(VENV) (a minute or two) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

setup: $(STAMP) ## make .venv with everything Prozvon needs

run: $(STAMP) ## the demo: a whole campaign on the virtual switch, nothing else needed
	@$(BIN)/prozvon run --demo

check: $(STAMP) ## format, lint and types: what a commit must pass
	$(BIN)/ruff format --check engine tests
	$(BIN)/ruff check engine tests
	$(BIN)/mypy

format: $(STAMP) ## let ruff put the code in shape
	$(BIN)/ruff format engine tests
	$(BIN)/ruff check --fix engine tests

test: check ## everything that needs no real switch: lint, types, all tests
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not freeswitch and not cluster"

test-freeswitch: $(STAMP) ## the contract and campaign tests on a real FreeSWITCH (needs freeswitch, sipp, baresip)
	$(BIN)/python -m pytest -m freeswitch -rs

cluster: $(STAMP) ## several engines, Redis behind Sentinel and as Cluster: deaths and takeovers, as real processes
	$(BIN)/python -m pytest -m cluster -rs tests/cluster

compare-freeswitch: $(STAMP) ## half an hour of twenty operators on a real FreeSWITCH, against the twin's prediction
	$(BIN)/python -m tests.freeswitch.compare

bench: $(STAMP) ## measure the figures of docs/benchmarks.md on this machine
	$(BIN)/python -m tests.bench

chaos: $(STAMP) ## break everything for a quarter of an hour, then let an independent checker judge
	$(BIN)/python -m tests.chaos --minutes 10.5 --kills-least 60 --faults-least 1000

chaos-long: $(STAMP) ## the same again and again, two at a time, until there were 500 kills and 20,000 calls (about an hour)
	$(BIN)/python -m tests.chaos.long

chaos-freeswitch: $(STAMP) ## a shorter one on a real FreeSWITCH (needs freeswitch, sipp, baresip)
	$(BIN)/python -m tests.chaos --freeswitch --minutes 4 --kills-least 15

chaos-proofs: $(STAMP) ## switch each safeguard off in turn: chaos must notice
	$(BIN)/python -m tests.chaos.proofs --control

schema: $(STAMP) ## write the JSON Schemas that editors complete from
	$(BIN)/prozvon config schema --write

fuzz: $(STAMP) ## bytes of somebody else into every reader, half a minute each
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]' || true
	$(BIN)/python -m tests.fuzz --seconds 30

soak: $(STAMP) ## an hour of steady load: is the engine's memory flat?
	$(BIN)/python -m tests.soak --minutes 60

audit: $(STAMP) ## known holes in what Prozvon is installed with (needs a reachable advisory service)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[audit]' || true
	@$(BIN)/python -m tests.advisories

clean: ## remove the virtual environment and run-time data
	rm -rf $(VENV) data
