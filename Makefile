# Each target sets up what it needs on a fresh Debian or Ubuntu with Rust, Python 3.11 and Node 20, and says what it does.
#
#   make demo     the whole way once, rows to WhatsApp text, on made-up data; needs no server
#   make test     Rust, Python, Node and browser tests, the servers they need included
#   make test-mysql  what reads a database, against MySQL instead of MariaDB (MYSQLD=/usr/sbin/mysqld; Debian stable has none)
#   make bench    the benches, side by side with the peers
#   make docs     the API documentation, in $(CARGO_TARGET_DIR)/doc
#   make pictures the screenshots in docs/pictures, anew; emojis want a font such as fonts-noto-color-emoji
#   make fmt      formats; make lint checks format, lints, generated files and (where cargo-deny is) the dependencies
#   make stubs    writes the generated type files anew
#   make packages the Python wheel and the Node package, in $(DIST)
#   make setup    only the setting-up

SHELL := bash
.SHELLFLAGS := -euo pipefail -c

CACHE ?= $(HOME)/.cache/dermawan
CARGO_TARGET_DIR ?= $(CACHE)/target
VENV := $(CACHE)/venv
# The libraries that the benches race against, apart from ours.
PEERS := $(CACHE)/venv-peers
# One profile everywhere: whatever is built is built once.
PROFILE_DIR := $(CARGO_TARGET_DIR)/debug
DIST := $(CARGO_TARGET_DIR)/dist
export CACHE CARGO_TARGET_DIR VENV PEERS PROFILE_DIR DIST

# Sets DUCKDB_LIB_DIR, or FEATURES where DuckDB must be compiled.
ENV := source scripts/env.sh
# Always the whole workspace with its examples: cargo unites the features of what it builds in one call, so a call for
# one package alone would compile half of the dependencies again.
BUILD := cargo build --locked --workspace --lib --bins --examples $$FEATURES

STUB := bindings-python/python/dermawan/_dermawan.pyi
TYPES := bindings-node/index.d.ts

.PHONY: setup setup-rust setup-mariadb setup-python setup-node setup-browser setup-peers build demo test test-rust test-mysql test-python test-node \
        test-browser pictures bench docs \
        fmt lint lint-format lint-clippy lint-generated lint-dependencies stubs packages

setup: setup-rust setup-mariadb setup-python setup-node setup-browser
setup-rust setup-mariadb setup-python setup-node setup-browser setup-peers: setup-%:
	@scripts/setup.sh $*

build: setup-rust
	@$(ENV); $(BUILD)

# The demo waits for its program alone: an example beside it makes cargo unite the features as in $(BUILD).
demo: setup-rust
	@$(ENV); cargo build --locked --workspace --bin dermawan-bot --example load $$FEATURES
	@"$(PROFILE_DIR)/dermawan-bot" demo

test: test-rust test-python test-node test-browser
	@scripts/say.sh "all tests passed: Rust, Python, Node, browser"

# The doctests run by themselves: nextest has none.
test-rust: build setup-mariadb
	@scripts/say.sh "Rust tests"
	@$(ENV); if command -v cargo-nextest >/dev/null; then \
	    cargo nextest run --locked --workspace $$FEATURES; \
	  else cargo test --locked --workspace --lib --bins --tests $$FEATURES; fi
	@$(ENV); cargo test --locked --workspace --doc $$FEATURES

# Debian stable has no MySQL, so this one is not part of `test`.
MYSQLD ?= /usr/sbin/mysqld
test-mysql: build
	@scripts/say.sh "the database's tests, against $(MYSQLD)"
	@"$(MYSQLD)" --no-defaults --version
	@$(ENV); DERMAWAN_MYSQLD="$(MYSQLD)" cargo test --locked --workspace $$FEATURES --test source_mysql --test source_mysql_mapping \
	  --test unchanged --test pipeline --test database --test server_duties

test-python: build setup-python
	@scripts/say.sh "Python tests, on the wheel"
	@$(ENV); scripts/package.sh python
	@"$(VENV)/bin/pip" install --quiet --force-reinstall --no-deps "$(DIST)"/dermawan-*.whl
	@cd bindings-python && env -u DUCKDB_LIB_DIR "$(VENV)/bin/python" -m pytest

test-node: build setup-python setup-node
	@scripts/say.sh "Node tests, on the package"
	@$(ENV); scripts/package.sh node
	@cd bindings-node && env -u DUCKDB_LIB_DIR node --test test/*.test.mjs

# The pages in a headless Chromium, with axe-core.
test-browser: build setup-browser
	@scripts/say.sh "browser tests"
	@$(ENV); cd browser && node --test --test-concurrency=1 test/*.test.mjs

pictures: build setup-browser
	@$(ENV); cd browser && DERMAWAN_PICTURES=1 node --test --test-concurrency=1 test/*.test.mjs

# `--profile dev` because cargo keeps the bench profile's files apart, however equal its settings.
bench: build setup-mariadb setup-peers
	@$(ENV); DERMAWAN_PEERS_PYTHON="$(PEERS)/bin/python" cargo bench --locked --workspace --profile dev --bench '*' $$FEATURES

docs: setup-rust
	@$(ENV); RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps $$FEATURES
	@scripts/say.sh "the documentation is $(CARGO_TARGET_DIR)/doc/dermawan/index.html"

fmt: setup-rust
	@cargo fmt --all

lint: lint-format lint-clippy lint-generated lint-dependencies

lint-format: setup-rust
	@scripts/say.sh "format"
	@cargo fmt --all --check

lint-clippy: setup-rust
	@scripts/say.sh "lints"
	@$(ENV); cargo clippy --locked --workspace --all-targets $$FEATURES -- -D warnings

# The generated files in the tree are those that this tree generates.
lint-generated: build setup-node
	@scripts/say.sh "generated files"
	@$(PROFILE_DIR)/examples/stub $(PROFILE_DIR)/lib_dermawan.so | diff -u $(STUB) - || { scripts/say.sh "$(STUB) is old: make stubs"; exit 1; }
	@cd bindings-node && node scripts/types.mjs $(PROFILE_DIR) | diff -u index.d.ts - || { ../scripts/say.sh "$(TYPES) is old: make stubs"; exit 1; }

lint-dependencies:
	@if command -v cargo-deny >/dev/null; then cargo deny --locked check; \
	  else scripts/say.sh "cargo-deny is not installed, dependencies not checked (cargo install --locked cargo-deny)"; fi

stubs: build setup-node
	@$(PROFILE_DIR)/examples/stub $(PROFILE_DIR)/lib_dermawan.so > $(STUB).new && mv $(STUB).new $(STUB)
	@cd bindings-node && node scripts/types.mjs $(PROFILE_DIR) > index.d.ts.new && mv index.d.ts.new index.d.ts

packages: build setup-python
	@$(ENV); scripts/package.sh python; scripts/package.sh node
