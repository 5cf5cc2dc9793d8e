# Sets up a virtual environment in .venv and runs Sitefleet in it. No ROS installation is needed or used.
#
#   make demo [DEMO_ARGS="--robots 3 --speed 8"]   the whole line: building model, simulated robots, report
#   make test [TESTS=tests/unit PYTEST_ARGS=-x]    checks and tests
#   make venv [PYTHON=python3.12]                  only the set-up
#   make help                                      all targets

VENV ?= .venv
BIN := $(VENV)/bin
TESTS ?= tests
PYTEST_ARGS ?=
DEMO_ARGS ?=
BENCH_ARGS ?=
INTERFACES := ros_ws/src/sitefleet_interfaces
ROBOT := ros_ws/src/sitefleet_robot
INTERFACE_FILES := $(wildcard $(INTERFACES)/*/*.msg $(INTERFACES)/*/*.srv $(INTERFACES)/*/*.action) \
  $(addprefix $(INTERFACES)/,CMakeLists.txt package.xml pyproject.toml)
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq

# The wheels bring their own ROS; a sourced one must not mix with it. With a ROS installation use colcon instead.
ifdef ROS_DISTRO
unexport AMENT_PREFIX_PATH CMAKE_PREFIX_PATH COLCON_PREFIX_PATH LD_LIBRARY_PATH PYTHONPATH
unexport ROS_DISTRO ROS_VERSION ROS_PYTHON_VERSION RMW_IMPLEMENTATION
endif
# Set when make is run from within another environment of ROS wheels; it would keep ours from finding its libraries.
unexport _ROS_WHEELS_BOOTSTRAP_COMPLETE

SUPPORTED := import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))
find_python = $(shell for python in python3 python3.12 python3.11 python3.13 python3.10; do \
  if $$python -c '$(SUPPORTED)' 2>/dev/null; then echo $$python; break; fi; done)

.PHONY: help demo test nightly lint format unit venv lock pictures colcon clean bench-demo-seeds bench-supervisor \
  bench-stop-all bench-sim bench-sim-publishing bench-site-import bench-traffic bench-recorder bench-evidence-log bench-safety
.DEFAULT_GOAL := help

help: ## show this
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 22

demo: $(VENV)/.ready ## run the demo; DEMO_ARGS are passed on
	@$(BIN)/sitefleet demo $(DEMO_ARGS)

test: lint unit ## all checks and all tests

unit: $(VENV)/.ready ## the tests only; TESTS and PYTEST_ARGS choose
	@$(BIN)/python -m pytest $(PYTEST_ARGS) $(TESTS)

nightly: lint $(VENV)/.ready ## all tests, and those with random examples look much further; takes hours
	@SITEFLEET_TESTS=nightly $(BIN)/python -m pytest --timeout 3600 $(PYTEST_ARGS) $(TESTS)

lint: $(VENV)/.ready ## ruff, mypy, import-linter
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@if $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then $(BIN)/mypy; \
	  else echo "types are not checked: NumPy for Python 3.10 describes its types differently; 3.11 and newer check them"; fi
	@$(BIN)/lint-imports

format: $(VENV)/.ready ## put imports and code into their form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

venv: $(VENV)/.ready ## set up .venv; costs nothing when it is up to date

pictures: $(VENV)/.ready ## run the demo and draw docs/pictures again
	@rm -rf runs/pictures
	@$(BIN)/sitefleet demo --headless --exit-when-done --out runs/pictures
	@$(BIN)/python docs/make_pictures.py runs/pictures/*

bench-demo-seeds: $(VENV)/.ready ## the demo with ten seeds: contacts, distances, times; BENCH_ARGS are passed on
	@$(BIN)/python benchmarks/bench_demo_seeds.py $(BENCH_ARGS)

bench-supervisor: $(VENV)/.ready ## the supervisor's CPU share and the regularity of its loop, idle and with all cores taken
	@$(BIN)/python benchmarks/bench_supervisor.py $(BENCH_ARGS)

bench-safety: $(VENV)/.ready ## faults with real processes, 40 minutes: stops, contacts, lost events; BENCH_ARGS are passed on
	@$(BIN)/python benchmarks/bench_safety.py $(BENCH_ARGS)

bench-stop-all: $(VENV)/.ready ## stop of all robots over HTTP: from request to confirmation
	@$(BIN)/python benchmarks/bench_stop_all.py $(BENCH_ARGS)

bench-sim: $(VENV)/.ready ## real-time factor of the embedded simulator
	@$(BIN)/python benchmarks/bench_sim.py $(BENCH_ARGS)

bench-sim-publishing: $(VENV)/.ready ## what the embedded simulator spends its time on
	@$(BIN)/python benchmarks/bench_sim_publishing.py $(BENCH_ARGS)

bench-site-import: $(VENV)/.ready ## time and memory of the import of building models
	@$(BIN)/python benchmarks/bench_site_import.py $(BENCH_ARGS)

bench-traffic: $(VENV)/.ready ## fleets of discs on made-up plans: nobody meets, everybody arrives, time of a step
	@$(BIN)/python benchmarks/bench_traffic_small.py $(BENCH_ARGS)

bench-recorder: $(VENV)/.ready ## CPU, memory and losses of a robot's recorder
	@$(BIN)/python benchmarks/bench_recorder.py

bench-evidence-log: $(VENV)/.ready ## how long appending to the evidence log takes, up to a million records
	@$(BIN)/python benchmarks/bench_evidence_log.py

lock: $(VENV)/.python ## resolve requirements.lock again; LOCK_ARGS=--upgrade for newest versions
	@$(PIP) install 'uv>=0.5'
	@PATH=$(abspath $(BIN)):$$PATH $(BIN)/python requirements/compile.py $(LOCK_ARGS)

colcon: $(VENV)/.ready ## build the three packages as a ROS machine does, into build/ and install/
	@. $(BIN)/activate && AMENT_PREFIX_PATH=$$VIRTUAL_ENV CMAKE_PREFIX_PATH=$$VIRTUAL_ENV \
	  colcon build --base-paths . ros_ws/src --cmake-args -DBUILD_TESTING=OFF -DPython3_EXECUTABLE=$$VIRTUAL_ENV/bin/python

clean: ## remove the environment and everything built
	@rm -rf $(VENV) build install log *.egg-info $(ROBOT)/*.egg-info $(ROBOT)/build .mypy_cache .ruff_cache .pytest_cache

$(VENV)/.python:
	@python="$(or $(PYTHON),$(find_python))"; \
	if [ -z "$$python" ]; then \
	  echo "Sitefleet needs Python 3.10 to 3.13 with its venv module (Debian: apt-get install python3-venv)."; exit 1; \
	fi; \
	$$python -c '$(SUPPORTED)' || { echo "$$python is not Python 3.10 to 3.13 with venv and ensurepip"; exit 1; }; \
	$$python -c 'import os, sys, sysconfig; \
	sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' \
	  || { echo "$$python has no Python.h (Debian: apt-get install python3-dev)"; exit 1; }; \
	command -v c++ >/dev/null || { echo "no C++ compiler (Debian: apt-get install g++)"; exit 1; }; \
	echo "setting up $(VENV) with $$python"; $$python -m venv $(VENV)
	@touch $@

$(VENV)/.packages: requirements.lock | $(VENV)/.python
	@echo "installing pinned packages"
	@$(PIP) install --requirement requirements.lock
	@touch $@

$(VENV)/.interfaces: $(INTERFACE_FILES) $(VENV)/.packages
	@echo "building the ROS interfaces"
	@. $(BIN)/activate && $(PIP) install --no-deps --no-build-isolation --force-reinstall ./$(INTERFACES)
	@touch $@

$(VENV)/.ready: setup.py package.xml $(ROBOT)/setup.py $(ROBOT)/package.xml $(VENV)/.interfaces
	@$(PIP) install --no-deps --no-build-isolation --editable . --editable ./$(ROBOT)
	@touch $@
