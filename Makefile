# make report   build the report                         -> _build/html/index.html
# make report DATA=folder [OUT=folder]   the same from your own files -> _build/data-report/report/index.html
# make test     run all tests
# make help     list all targets
#
# Needs python3 (3.11 or newer), make and the package index; makes its own environment in .venv.

PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
JOBS   ?= 2

# The environment is made anew when the lock, the Python or the place of this folder changes.
KEY := $(shell { cat requirements.txt pyproject.toml; $(PYTHON) -V; pwd; } 2>&1 | cksum | cut -d' ' -f1)
STAMP := $(VENV)/.ready-$(KEY)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONHASHSEED := 0
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: report pdf browser test lint unit pages office notebooks check freeze reproducible spark lock clean help
.DEFAULT_GOAL := report

report: $(STAMP)
	@$(PY) -m analysis report $(if $(DATA),--data "$(DATA)") $(if $(OUT),--out "$(OUT)")

# The report on paper, and checks of its pages in a browser. Both need Chromium and a built report;
# the checks need Node.js too, with the versions of benchmarks/browser/package-lock.json.
pdf: $(STAMP)
	@$(PY) -m analysis pdf

browser: $(STAMP)
	@npm ci --prefix benchmarks/browser --no-audit --no-fund --silent
	@$(PY) -m benchmarks.browser

test: lint unit pages office
	@echo "All tests passed. Where a test failed, its name and the reason stand above."

lint: $(STAMP)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

unit: $(STAMP)
	$(PY) -m pytest -n $(JOBS) --dist loadfile -q

# Every notebook is run and each stored output compared with the new one.
pages: $(STAMP)
	$(PY) -m pytest book -q -n $(JOBS) --dist loadscope -p tests.book.nbval_plugin -W ignore \
	  --nbval --nbval-current-env --nbval-sanitize-with tests/book/sanitize.cfg

# Pages on a second data set, shaped as offices send it: they have to run, and what holds on any
# data is compared with what is stored.
office: $(STAMP)
	@$(PY) -m tests.office.stage _build/office
	cd _build/office && $(CURDIR)/$(PY) -m pytest book -q -n $(JOBS) --dist loadscope -p no:cacheprovider \
	  -W ignore --nbval-lax --nbval-current-env

notebooks: $(STAMP)
	@$(PY) -m analysis notebooks

check: $(STAMP)
	@$(PY) -m analysis check

# Needs Java: the one pass on Spark in local mode, against the same pass on DuckDB.
spark: $(STAMP)
	$(PY) -m pip install --no-input --quiet "pyspark>=3.5,<5"
	$(PY) -m pytest tests/methods/test_compress_spark.py -q

freeze: $(STAMP)
	@$(PY) -m analysis freeze $(if $(REASON),--reason "$(REASON)")

# Builds the committed report twice, in two folders, at two times, in two time zones.
reproducible: $(STAMP)
	@$(PY) -m benchmarks.reproducible

$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; this is %s. Try: make PYTHON=python3.12" % sys.version.split()[0])'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "This Python cannot make virtual environments: install its venv package (Debian, Ubuntu: apt install python3-venv)."; exit 1; }
	@echo "Setting up the environment in $(VENV): once, two to four minutes ..."
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --no-input --only-binary :all: --require-hashes -r requirements.txt
	@$(PY) -m pip install --no-input --quiet --no-deps --no-build-isolation --no-index --editable .
	@$(PY) -c 'import matplotlib.font_manager' 2>/dev/null
	@touch $@

# Needs uv. Versions move only here; see CONTRIBUTING.md.
lock:
	uv pip compile pyproject.toml --extra book --extra test --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --quiet --output-file requirements.txt $(LOCK)
	$(PYTHON) .ci/bom.py

clean:
	rm -rf _build $(VENV)

help:
	@sed -n 's/^# make/make/p' Makefile
	@echo "make lint | unit | pages | office   the four parts of make test"
	@echo "make office                run pages on tables as offices send them (nbval-lax)"
	@echo "make notebooks             run the notebooks in place and store their text outputs"
	@echo "make spark                 test the one pass on Spark (needs Java)"
	@echo "make pdf                   print the built report into _build/report.pdf (needs Chromium)"
	@echo "make browser               axe, Lighthouse, requests and weight of the built pages"
	@echo "make check                 name every fault of declarations and data"
	@echo "make freeze REASON=...     freeze the findings; what moved is listed with the reason"
	@echo "make reproducible          build the report twice and compare every byte"
	@echo "make lock                  lock the versions anew (needs uv), and write sbom.cdx.json"
	@echo "make clean                 remove the environment and everything built"
