# Two commands for newcomers: `make demo` and `make test`. Everything is installed into .venv, nothing outside.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Where there is no CUDA toolkit, or FASTMIX_NVCC=pip says so, nvcc comes from PyPI.
SYSTEM_NVCC := $(firstword $(shell command -v nvcc || ls $(CUDA_HOME)/bin/nvcc /usr/local/cuda/bin/nvcc 2>/dev/null))
NVCC_KIND := $(if $(filter pip,$(FASTMIX_NVCC)),pip,$(if $(SYSTEM_NVCC),system,pip))
INSTALLED := $(VENV)/.installed-$(NVCC_KIND)
export FASTMIX_BUILD_DIR ?= $(CURDIR)/build/cmake-$(NVCC_KIND)

# libjpeg-turbo's headers, for JPEGs on the CPU: installed where that needs no password; without, DALI decodes them.
JPEG_HEADERS := $(firstword $(wildcard /usr/include/jpeglib.h /usr/local/include/jpeglib.h))
APT := $(if $(filter 0,$(shell id -u)),$(shell command -v apt-get 2>/dev/null))

# A virtual environment over .venv, which stays free of the clients.
CLIENTS := build/clients
# Likewise for the generator of the pages.
DOCS := build/docs

# Likewise for auditwheel.
RELEASE := build/release

.PHONY: demo test check clients fuzz bench docs build wheel sdist try-wheel try-sdist lint types format clean

# The fast subset: plans, operators and the loader's batches, without the files that take longest (CONTRIBUTING.md).
SLOW := $(addprefix tests/plan/test_,damaged_plans.py distribution.py mask_policies.py pairings.py \
	policy_parts_exact.py) $(addprefix tests/ops/test_,cpu_sets.py huge_pages.py masks.py other_batch.py \
	resample_mix.py torch_ops.py)
QUICK := $(filter-out $(SLOW),$(wildcard tests/plan/test_*.py tests/ops/test_*.py)) \
	tests/integrations/test_mixer.py tests/dali/test_dali_errors.py tests/dali/test_dali_mix_tensors.py \
	tests/loader/test_loader.py tests/loader/test_loader_values.py tests/loader/test_order.py \
	tests/test_argument_types.py tests/test_documented_names.py tests/test_file_lists.py tests/test_layers.py

demo: build
	$(BIN)/fastmix demo --out build/demo

test: build
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

# The loader in real trainers, and over real data libraries.
clients: build $(CLIENTS)/.installed
	$(CLIENTS)/bin/python -m pytest -n 2 --dist loadgroup tests/clients
	$(CLIENTS)/bin/python -m pytest tests/docs/test_blocks.py -k clients

$(CLIENTS)/.installed: requirements/clients.txt $(INSTALLED)
	$(PYTHON) -m venv $(CLIENTS)
	echo "import site; site.addsitedir('$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')')" \
		> $$($(CLIENTS)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/clients.pth
	$(CLIENTS)/bin/python -m pip install -q --no-deps -r requirements/clients.txt
	touch $@

check: build
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 $(QUICK)

# Damaged files, parsers, faults and long runs, for hours; writes docs/reliability.md.
fuzz: build
	PYTHONPATH=. $(BIN)/python tests/fuzz

# All CPU comparisons: results, charts and the tables of the READMEs. BENCH=--quick shows only that everything runs,
# writes its results into build/ and changes no table.
bench: build
	-$(BIN)/python -m pip install -q --no-deps -r requirements/rivals.txt
	$(BIN)/python -m benchmarks.all $(BENCH)

# The pages, into build/site; a dead link or a name that does not exist fails. Nothing has to be built.
docs: $(DOCS)/.installed
	$(DOCS)/bin/python docs/build_site.py

$(DOCS)/.installed: requirements/docs.txt
	$(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install -q --no-deps -r requirements/docs.txt
	touch $@

# CMake decides what has to be compiled again: unchanged sources take a second or two. Type checkers find a package that
# is installed in the compatible mode, by its path, but not one behind an import hook.
build: $(INSTALLED)
	$(BIN)/python -m pip install -q --no-build-isolation --no-deps --config-settings editable_mode=compat -e .

$(INSTALLED): requirements/lock.txt requirements/nvcc.txt requirements/compat.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q -r requirements/lock.txt $(if $(filter pip,$(NVCC_KIND)),-r requirements/nvcc.txt)
	$(BIN)/python -m pip install -q --no-deps -r requirements/compat.txt
	$(if $(JPEG_HEADERS),,$(if $(APT),($(APT) update -qq && $(APT) install -y -qq --no-install-recommends libjpeg-dev) || true))
	touch $@

# The wheel of this Python, for this machine's glibc and newer ones, into dist/, checked (CONTRIBUTING.md, Release). Its build
# folder is new: one that is there may have been configured without CUDA, or for one architecture.
wheel: $(INSTALLED) $(RELEASE)/.installed
	rm -rf build/wheel build/cmake-wheel build/lib.* build/bdist.*
	FASTMIX_BUILD_DIR="$(CURDIR)/build/cmake-wheel" FASTMIX_CMAKE_ARGS="-DFASTMIX_JPEG=ON $$FASTMIX_CMAKE_ARGS" \
		$(BIN)/python -m pip wheel -q --no-build-isolation --no-deps -w build/wheel .
	PATH="$(CURDIR)/$(RELEASE)/bin:$$PATH" $(RELEASE)/bin/python release/finish_wheel.py build/wheel/*.whl dist

# The source archive, into dist/.
sdist: $(RELEASE)/.installed
	rm -f dist/*.tar.gz
	$(RELEASE)/bin/python -m build --sdist --outdir dist .

# Each in an empty environment, outside the tree: import, doctor, demo; for the wheel also the quick tests that need no
# source. pip downloads what builds the source archive. TRY="--cuda 12" takes the other DALI, TRY="--torch 2.10.0" another
# torch.
try-wheel:
	rm -rf build/try-wheel
	$(PYTHON) release/try_install.py dist/*.whl build/try-wheel $(TRY) --tests $(filter-out tests/test_%,$(QUICK))

try-sdist:
	rm -rf build/try-sdist
	$(PYTHON) release/try_install.py dist/*.tar.gz build/try-sdist $(TRY)

$(RELEASE)/.installed: requirements/release.txt
	$(PYTHON) -m venv $(RELEASE)
	$(RELEASE)/bin/python -m pip install -q --no-deps -r requirements/release.txt
	touch $@

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	git ls-files '*.h' '*.cc' '*.cu' | xargs $(BIN)/clang-format --dry-run --Werror
	$(BIN)/lint-imports --no-logo --cache-dir build/import-linter

# mypy reads sources and fastmix/_core.pyi only: nothing has to be built.
types: $(INSTALLED)
	$(BIN)/mypy

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	git ls-files '*.h' '*.cc' '*.cu' | xargs $(BIN)/clang-format -i

clean:
	rm -rf build $(VENV) fastmix/*.so fastmix/*.json
