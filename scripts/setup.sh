#!/usr/bin/env bash
# Installs what a part of the project needs, where it is missing: setup.sh rust | mariadb | python | node | browser | peers
#
# Debian packages through apt-get, as root or by sudo; Python packages into $VENV; Node packages into bindings-node/ and browser/.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${VENV:?run this through make}"

say() { scripts/say.sh "$@"; }
fail() { echo "setup: $*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

apt_install() { # packages
  local root=()
  say "installing $* (Debian packages)"
  have apt-get || fail "there is no apt-get here; install by hand what Debian calls: $*"
  if [ "$(id -u)" != 0 ]; then
    have sudo || fail "neither root nor sudo; run by hand, as root: apt-get install $*"
    # In a pipeline nobody can answer a question for a password.
    if [ -t 0 ]; then root=(sudo); else root=(sudo -n); fi
  fi
  local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@")
  "${root[@]}" "${install[@]}" >/dev/null 2>&1 ||
    { "${root[@]}" apt-get update >/dev/null && "${root[@]}" "${install[@]}" >/dev/null; } ||
    fail "could not install; run by hand, as root: apt-get install $*"
}

at_least() { # wanted found: versions as major.minor
  [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n1)" = "$1" ]
}

rust() {
  have cargo || fail "Rust is missing: see https://rustup.rs"
  have cc || apt_install build-essential
  local wanted found
  wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
  found=$(rustc --version | cut -d' ' -f2)
  at_least "$wanted" "$found" || fail "Rust $found is too old, $wanted is needed: rustup update stable"
  if ! { cargo fmt --version && cargo clippy --version; } >/dev/null 2>&1; then
    have rustup || fail "rustfmt or clippy is missing, and there is no rustup to add it"
    say "adding rustfmt and clippy"
    rustup component add rustfmt clippy
  fi
}

mariadb() {
  # Debian keeps servers in /usr/sbin, which is not on everyone's PATH.
  PATH=$PATH:/usr/sbin:/usr/local/sbin
  if have mariadbd || have mysqld; then return; fi
  # The tests start a server of their own in a temporary folder; the system's service is not wanted.
  apt_install mariadb-server
}

find_python() { # sets interpreter
  local candidate
  for candidate in python3.14 python3.13 python3.12 python3.11 python3; do
    if have "$candidate" && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      interpreter=$candidate; return
    fi
  done
  fail "Python 3.11 or newer is missing"
}

# What the benches race against; never in the environment of the tests.
peers() {
  local interpreter='' wanted
  wanted=$(sha256sum <benches/peers/requirements.txt | cut -d' ' -f1)
  if [ "$(cat "$PEERS/.installed" 2>/dev/null)" = "$wanted" ]; then return; fi
  find_python
  say "making the Python environment of the benches' peers $PEERS"
  "$interpreter" -c 'import ensurepip, venv' 2>/dev/null || apt_install python3-venv
  "$interpreter" -m venv --clear "$PEERS"
  "$PEERS/bin/pip" install --quiet --disable-pip-version-check --requirement benches/peers/requirements.txt
  echo "$wanted" >"$PEERS/.installed"
}

python() {
  local interpreter='' wanted
  find_python
  wanted=$(cat bindings-python/requirements-*.txt | sha256sum | cut -d' ' -f1)
  if [ "$(cat "$VENV/.installed" 2>/dev/null)" = "$wanted" ]; then return; fi
  say "making the Python environment $VENV"
  "$interpreter" -c 'import ensurepip, venv' 2>/dev/null || apt_install python3-venv
  "$interpreter" -m venv --clear "$VENV"
  "$VENV/bin/pip" install --quiet --disable-pip-version-check --requirement bindings-python/requirements-dev.txt
  # Not in the environment itself: one version of a package has room there.
  "$VENV/bin/pip" install --quiet --disable-pip-version-check --no-deps --target "$VENV/neighbours/duckdb-2.0.0" \
    --requirement bindings-python/requirements-neighbour.txt
  echo "$wanted" >"$VENV/.installed"
}

node() {
  have node && have npm || fail "Node 20 or newer with npm is missing"
  at_least 20 "$(command node --version | tr -d v)" || fail "Node $(command node --version) is too old, 20 is needed"
  local wanted
  wanted=$(sha256sum <bindings-node/package-lock.json | cut -d' ' -f1)
  if [ "$(cat bindings-node/node_modules/.installed 2>/dev/null)" = "$wanted" ]; then return; fi
  say "installing the Node packages of bindings-node"
  # Not `npm ci`: it insists on lock entries for packages of other platforms, which npm leaves out where it made the lock.
  (cd bindings-node && npm install --silent --no-save --no-audit --no-fund)
  echo "$wanted" >bindings-node/node_modules/.installed
}

# What the pages are tested in.
browser() {
  have node && have npm || fail "Node 20 or newer with npm is missing"
  if ! { [ -n "${CHROMIUM:-}" ] || have chromium || have chromium-browser || have google-chrome; }; then
    apt_install chromium
  fi
  local wanted
  wanted=$(sha256sum <browser/package-lock.json | cut -d' ' -f1)
  if [ "$(cat browser/node_modules/.installed 2>/dev/null)" = "$wanted" ]; then return; fi
  say "installing the Node packages of browser"
  (cd browser && npm ci --silent --no-audit --no-fund)
  echo "$wanted" >browser/node_modules/.installed
}

case "${1:-}" in
  rust | mariadb | python | node | browser | peers) "$1" ;;
  *) fail "usage: setup.sh rust|mariadb|python|node|browser|peers" ;;
esac
