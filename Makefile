# The front door. `make help` lists what there is.
BUILD ?= build
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)

build: ## Configure and build the program into build/dien
	cmake -S . -B $(BUILD) -DCMAKE_INSTALL_PREFIX=$(PREFIX) > /dev/null
	cmake --build $(BUILD) -j $(JOBS)
.PHONY: build
