# Everything here sets up what it needs by itself; the first run takes a few minutes.
# `make` alone lists the targets.

SHELL := /bin/bash
BIN := .venv/bin
WORK := $(or $(COURSE_WORK),work)
RUBBISH := build dist .nbgrader.log .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

.DEFAULT_GOAL := help
.PHONY: help setup lab demo hub test check audit bench release docs pins clean

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1	\2/p' Makefile | expand -t 16

setup: ## make or update .venv from the pinned packages, and install bubblewrap if it may be installed
	@tools/setup.sh

# Only this machine can reach it. NO_BROWSER=1 (or CI) opens none; COURSE_WORK names another folder.
lab: setup ## study: your own notebooks, brought up to date, in JupyterLab
	@$(BIN)/course start || [ -f "$(WORK)/start_here.ipynb" ]
	@$(BIN)/jupyter lab --ServerApp.ip=127.0.0.1 --ServerApp.root_dir="$(WORK)" \
		--LabApp.default_url=/lab/tree/start_here.ipynb --log-level=WARN \
		--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate \
		$(if $(NO_BROWSER)$(CI),--no-browser) $(if $(filter 0,$(shell id -u)),--allow-root)

demo: setup ## release the course, grade a demo cohort and show its marks
	@$(BIN)/grader demo

# PORT=9000 for another port; Ctrl-C ends it
hub: setup ## look at a study group's hub: one to try, made in seconds, in which nothing is kept from anybody
	@$(BIN)/grader hub start $(if $(PORT),--port "$(PORT)")

test: check ## everything the gate asks for: the checks, then the tests
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

check: setup ## style, types and import directions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

audit: setup ## prove that each assignment's tests accept what is right and catch every known mistake
	@$(BIN)/grader audit

bench: setup ## measure grading against stock nbgrader, the library and the checks (about half an hour)
	@$(BIN)/python -m benchmarks.grading
	@$(BIN)/python -m benchmarks.nbgrader_courses
	@$(BIN)/python -m benchmarks.algorithms
	@$(BIN)/python -m benchmarks.checking
	@$(BIN)/python -m benchmarks.naming
	@$(BIN)/python -m benchmarks.check_service

release: setup ## write the learners' notebooks in assignments/ from solutions/
	@$(BIN)/grader release

docs: setup ## render the pages, the library's reference among them, to build/docs/
	@$(BIN)/sphinx-build -W --keep-going -q -b html docs build/docs
	@echo 'Open build/docs/index.html'

pins: setup ## write constraints.txt anew with the newest packages that fit (minutes)
	@tools/pins.sh

clean: ## remove the tools' caches; .venv, work/ and var/ (submissions, gradebook) stay
	@for path in $(RUBBISH) $$(find benchmarks course grader solutions tests -name __pycache__); do \
		if [ -e "$$path" ]; then echo "removing $$path"; rm -rf "$$path"; fi; \
	done
