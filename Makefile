# The menu. Each target is a program under scripts/, so that it can also be run, read and checked alone.

.DEFAULT_GOAL := help
.PHONY: help setup engine build run dev release test format lint types proto bench fuzz clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Check the tools and fetch the dependencies
	@scripts/setup

engine: ## Build the app engine as WebAssembly
	@scripts/engine

build: ## Build the engine, the desktop and the programs
	@scripts/build

run: ## Start AgentOS on http://127.0.0.1:8000 (ARGS="--llm offline" passes flags)
	@scripts/run $(ARGS)

dev: ## Start the server, and the desktop on http://127.0.0.1:5173 with live reload
	@scripts/dev $(ARGS)

release: ## Build the optimised programs
	@scripts/build --release

test: ## Run every test: Rust, desktop, WebAssembly, browser
	@scripts/test

format: ## Format all sources
	@scripts/format

lint: ## Check formatting, lints, generated code, the purity of the core and the licences
	@scripts/lint

types: ## Write the desktop's types again from the catalog
	@scripts/types

proto: ## Write the Rust of the gRPC services again from proto/
	@scripts/proto

bench: ## Measure a click, a stream and a drawn change
	@scripts/bench

fuzz: ## Feed the reader with what a fuzzer makes (SECONDS_EACH=60)
	@scripts/fuzz $(SECONDS_EACH)

clean: ## Remove everything that was built
	@scripts/clean
