# Everything that is done here, by name. `make` lists it.

# ARCH    what `build` builds for: arm64 or x86_64; this machine if nothing is said
# ARGS    more for the program that the target runs: `make dev ARGS=--fresh`
# CAREHUB the hub that `walkthrough` talks to: http://localhost:8000 if nothing is said
# ENV     what `deploy` deploys to, a section of samconfig.toml: `make deploy ENV=dev`
ARCH ?=
ARGS ?=
ENV ?=

SHELL := bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help dev walkthrough test check format lint documentation openapi-current dependencies \
	templates tests openapi build bench deploy clean cargo python tools

functions := $(notdir $(patsubst %/,%,$(wildcard functions/*/)))
venv := .tools/venv/bin
# The tools call each other by name.
with-tools := PATH="$(CURDIR)/$(venv):$$PATH" SAM_CLI_TELEMETRY=0

help:
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

dev: cargo ## start the whole hub on this machine, with demo accounts
	cargo run -p carehub-local -- --demo $(ARGS)

walkthrough: ## tell the main story to a running hub
	tests/walkthrough.sh

test: check templates tests ## everything that CI runs

check: format lint documentation openapi-current dependencies ## its fast half: no tests, no templates

format: cargo
	cargo fmt --all --check

lint: cargo
	cargo clippy --locked --workspace --all-targets -- -D warnings

documentation: cargo
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items

openapi-current: cargo
	@mkdir -p target
	cargo run -q -p carehub-tests --bin openapi > target/openapi.json
	@cmp -s target/openapi.json docs/openapi.json || \
		{ echo "docs/openapi.json is not what the code says: run \`make openapi\`" >&2; exit 1; }

dependencies: cargo
	@if cargo deny --version >/dev/null 2>&1; then echo cargo deny check; cargo deny check; \
	else echo "cargo-deny is not installed: licences and advisories are not checked"; fi

templates: tools
	$(with-tools) cfn-lint template.yaml infra/*.yaml
	$(with-tools) sam validate --lint --template template.yaml --region us-east-1

# Not cargo-nextest: its process for each test would read the dictionaries of names and numbers anew.
tests: cargo
	cargo test --workspace

openapi: cargo ## write docs/openapi.json from the code
	@mkdir -p target
	cargo run -q -p carehub-tests --bin openapi > target/openapi.json
	mv target/openapi.json docs/openapi.json

build: cargo tools ## build every function for Lambda (ARCH=arm64)
	$(with-tools) cargo-lambda lambda build --release $(functions:%=-p %) \
		$(if $(ARCH),--$(subst _,-,$(ARCH)))

bench: cargo tools ## measure cold starts, memory, sizes, DynamoDB calls, requests per second, crowds
	$(with-tools) cargo-lambda lambda build --release --workspace --exclude carehub-tests
	$(venv)/python -B tests/bench/bench.py $(ARGS)

deploy: cargo tools ## build and deploy to AWS (ENV=dev)
	@[ -n "$(ENV)" ] || { echo "say where to: make deploy ENV=dev" >&2; exit 1; }
	$(with-tools) sam build --config-env $(ENV)
	$(with-tools) sam deploy --config-env $(ENV) $(ARGS)

clean: ## remove what was built; .carehub, the data of this machine, stays
	cargo clean
	rm -rf .aws-sam

cargo:
	@command -v cargo >/dev/null || \
		{ echo "cargo is not installed; get Rust from https://rustup.rs" >&2; exit 1; }
	@command -v cc >/dev/null || \
		{ echo "there is no C compiler (cc), which some dependencies need; install gcc or clang" >&2; exit 1; }

python:
	@command -v python3 >/dev/null || \
		{ echo "python3 is not installed; the tools for the templates need 3.10 or newer" >&2; exit 1; }

tools: python
	@infra/tools.sh
