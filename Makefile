# What a developer, an operator and the continuous integration type. PYTHON=... chooses the interpreter,
# ARGS=... is passed on to the command that runs.

.DEFAULT_GOAL := help
.PHONY: help setup run test nightly check bench lock

export PYTHON
# Everything of the environment is called by its path, so nothing has to be activated.
BIN := .venv/bin

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*##  *\(.*\)/  make \1@\2/p' $(MAKEFILE_LIST) | awk -F@ '{printf "%-15s %s\n", $$1, $$2}'

setup:  ## .venv with everything: hub, tests, benchmarks; starts nothing
	@requirements/install bench

run:  ## the hub on http://localhost:8080, everything in one process
	@requirements/install runtime
	@exec $(BIN)/hub up $(ARGS)

# A process more than there are cores, since some tests wait; each has servers of its own, and a file's tests stay
# together and share what they set up.
SIDE_BY_SIDE = -n $$(($$(getconf _NPROCESSORS_ONLN) + 1)) --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test:  ## every test, on a RabbitMQ and a PostgreSQL of their own
	@requirements/install test
	@$(BIN)/python -m tests.support.install_servers
	@exec $(BIN)/python -m pytest $(SIDE_BY_SIDE) $(ARGS)

nightly:  ## the long tests that `make test` leaves out
	@requirements/install test
	@$(BIN)/python -m tests.support.install_servers
	@exec $(BIN)/python -m pytest -m nightly $(ARGS)

check:  ## lint, format, types and the plan of the house
	@requirements/install bench
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench:  ## the benchmarks, against the peers
	@requirements/install bench
	@$(BIN)/python -m tests.support.install_servers
	@exec $(BIN)/python -m benchmarks $(ARGS)

lock:  ## new pins for every requirements/*.in (newest releases, with hashes for every platform)
	@requirements/lock
