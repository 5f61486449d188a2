# The front door: `make help` lists all targets. The work is in CMakeLists.txt and tools/.
BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
JOBS ?= $(shell nproc)
# Real scans and the published network; never part of the tree. Tests labelled `real` skip where it is absent.
DIEN_DATA ?= $(CURDIR)/../shared/data
export DIEN_DATA
# Test labels (folders of tests/) that need no scans and are quick enough for a run under sanitizers.
FAST = base|image|chart|net|models|stats|register|prepare|infer|synth|labelmap|train|segment|quality|report|study|cohort|lib|web|cli|fuzz
# Of these, tests that would take minutes under sanitizers and call little that others do not call, too.
SLOW = cli/test_selftest_sh|labelmap/test_build|web/test_(browser|manual|serve_group)_sh

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := build
.PHONY: deb deb-test deb13-test deb-arm64 test-longitudinal test-hundred selftest template help configure deps build demo test check browser asan coverage fuzz bench format install uninstall debian13 regions accuracy weights figures clean

help: ## List these lines
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

deps: ## Install the Debian packages that building needs (apt-get, with sudo when not root)
	@tools/deps.sh build

configure: deps
	@cmake -S . -B $(BUILD) -DCMAKE_INSTALL_PREFIX=$(PREFIX) $(CMAKE_ARGS) > $(BUILD).log 2>&1 || { cat $(BUILD).log; rm -f $(BUILD).log; exit 1; }
	@rm -f $(BUILD).log

build: configure ## Build the program (build/dien), the library and the tests
	@cmake --build $(BUILD) -j $(JOBS)

demo: configure ## Make a head with known volumes, measure it, and show measured and true volumes
	@cmake --build $(BUILD) -j $(JOBS) --target dien
	@tools/demo.sh $(BUILD)

# One more at a time than there are cores: Slurm's test mostly waits.
test: build ## Build and run all tests (real scans only where DIEN_DATA is)
	@cd $(BUILD) && ctest --output-on-failure -j $$(($(JOBS) + 1))

check: ## Formatting, layering, warnings as errors, cppcheck, shell scripts
	@tools/deps.sh build check
	@tools/check_format.sh
	@tools/check_layers.sh
	@tools/check_models.sh
	@tools/viewer.sh check
	@cmake -S . -B build-check -DDIEN_WERROR=ON -DCMAKE_BUILD_TYPE=Debug > /dev/null
	@cmake --build build-check -j $(JOBS)
	@tools/check_static.sh build-check

browser: build ## The page in a browser with scans of eight orientations (chromium; node with the packages of tools/web_npm.sh)
	@tools/web_npm.sh $(BUILD)/web-npm
	@cd $(BUILD) && DIEN_BROWSER=all ctest --output-on-failure -R web/test_browser

asan: ## Build under Address- and UndefinedBehaviorSanitizer and run the quick tests
	@tools/deps.sh build
	@cmake -S . -B build-asan -DDIEN_SANITIZE=ON -DDIEN_WERROR=OFF > /dev/null
	@cmake --build build-asan -j $(JOBS)
	@cd build-asan && ctest --output-on-failure -j $(JOBS) -L '^($(FAST))$$' -E '$(SLOW)'

coverage: ## Which lines the quick tests reach, by folder and file: build-coverage/coverage.tsv (gcov; about ten minutes)
	@tools/deps.sh build
	@cmake -S . -B build-coverage -DDIEN_COVERAGE=ON -DCMAKE_BUILD_TYPE=Debug > /dev/null
	@cmake --build build-coverage -j $(JOBS)
	@find build-coverage -name '*.gcda' -delete
	@cd build-coverage && ctest -j $(JOBS) -L '^($(FAST))$$' || echo "some tests failed: see above"
	@tools/coverage.sh build-coverage

fuzz: ## Fuzz the readers for FUZZ_SECONDS each (60) with libFuzzer
	@tools/deps.sh build check
	@tools/fuzz.sh

bench: build ## Measure speed and memory of dien and of similar programs (BENCH='train slices' for a part); writes bench/*.md
	@bench/run.sh $(BUILD)

accuracy: build ## Measure the accuracy of the networks on the real scans under DIEN_DATA: docs/evidence/accuracy.md (can be resumed; ACCURACY_SCANS='IXI1*' for a part)
	@DIEN_DATA="$(DIEN_DATA)" tools/accuracy.sh $(BUILD)

weights: build ## Train the shipped networks again from label maps into models/ (hours; continues after a stop)
	@DIEN_DATA="$(DIEN_DATA)" tools/weights.sh $(BUILD)

regions: build ## Compare the labels on the found region with whole-head runs, on every scan (needs DIEN_DATA; 20 min)
	@DIEN_DATA="$(DIEN_DATA)" DIEN_REGION_SCANS=all $(BUILD)/tests/real_test_region

template: build ## Make share/template again from the label maps (needs DIEN_DATA; three minutes of processor time)
	@mkdir -p $(BUILD)/template
	@/usr/bin/python3 tools/make_template.py $(BUILD)/dien "$(DIEN_DATA)" $(BUILD)/template
	@cp $(BUILD)/template/head.nii.gz $(BUILD)/template/landmarks.tsv share/template/

figures: build ## Draw the figures of docs/ again
	@tools/figures.sh $(BUILD)

format: ## Format the C sources with clang-format
	@tools/deps.sh build check
	@git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format -i

install: ## Install program, library, header, models and man pages under PREFIX (after make build)
	@test -x $(BUILD)/dien || { echo "run 'make build' first" >&2; exit 1; }
	@cmake -S . -B $(BUILD) -DCMAKE_INSTALL_PREFIX=$(PREFIX) > /dev/null
	@cmake --build $(BUILD) -j $(JOBS) > /dev/null
	@DESTDIR=$(DESTDIR) cmake --install $(BUILD) > /dev/null
	@echo "installed under $(DESTDIR)$(PREFIX)"

deb: ## Make the Debian packages dien, libdien0, libdien-dev in build-deb/, for the release of this machine
	@tools/deps.sh build package
	@JOBS=$(JOBS) tools/deb.sh build-deb

test-longitudinal: build ## The longitudinal step on a data set, with the order of sessions compared by bytes (a minute)
	@cd $(BUILD) && DIEN_LONG_TESTS=1 ctest --output-on-failure -R run_longitudinal

test-hundred: build ## dien run on a hundred small heads: the same bytes with 1 and 4 processes, in shards, and after kill -9 (some minutes)
	@cd $(BUILD) && DIEN_HUNDRED=1 ctest -V -R run_hundred

deb13-test: ## The packages of Debian 13 from the chroot of make debian13, installed and used in a fresh root (root or sudo; CI does this)
	@tools/deb13_test.sh

deb-arm64: ## The packages for arm64, cross-built, installed and tested under qemu-user in a chroot (root; an hour)
	@tools/deb_arm64.sh

deb-test: deb ## Install the packages in a fresh root of debootstrap as Dockerfile and dien.def do, and use them there (root or sudo)
	@tools/deb_test.sh build-deb

selftest: build ## Measure the demo head again and write what dien selftest expects: share/selftest (byte-stable on one kind of processor)
	@$(BUILD)/dien selftest --write share/selftest

uninstall: ## Remove the files of make install
	@test -f $(BUILD)/install_manifest.txt || { echo "nothing was installed from $(BUILD)" >&2; exit 1; }
	@xargs -d '\n' rm -f < $(BUILD)/install_manifest.txt

debian13: ## Build and test in a Debian 13 chroot (made once by debootstrap; root or sudo)
	@tools/debian13.sh '$(LABELS)'

clean: ## Remove everything that was built
	@rm -rf build build-*
