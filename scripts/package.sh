#!/usr/bin/env bash
# Packages what `cargo build --workspace` built: package.sh python | node
#
#   python  a wheel in $DIST
#   node    dermawan.node and its DuckDB in bindings-node/, and a package (.tgz) in $DIST
#
# maturin and napi would build the crate once more by themselves, and with it half of its dependencies, because alone
# it selects fewer features than the workspace; so the finished library is packaged instead.
# Wants PROFILE_DIR (the cargo target folder of the profile), DIST, VENV and, unless DuckDB is bundled, DUCKDB_LIB_DIR.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${PROFILE_DIR:?}" "${DIST:?}" "${VENV:?}"
mkdir -p "$DIST"

python_package() {
  stage=$(mktemp -d); trap 'rm -rf "$stage"' EXIT
  "$VENV/bin/maturin" pep517 write-dist-info --manifest-path bindings-python/Cargo.toml \
    --metadata-directory "$stage" --interpreter "$VENV/bin/python" >/dev/null 2>&1
  cp -r bindings-python/python/dermawan "$stage/"
  find "$stage/dermawan" \( -name '__pycache__' -o -name '*.so' \) -prune -exec rm -rf {} +
  "$VENV/bin/python" scripts/isolate.py "$PROFILE_DIR/lib_dermawan.so" "$stage/dermawan/_dermawan.abi3.so"
  rm -f "$DIST"/dermawan-*.whl
  "$VENV/bin/python" -m wheel pack --dest-dir "$DIST" "$stage"
}

node_package() {
  "$VENV/bin/python" scripts/isolate.py "$PROFILE_DIR/libdermawan_node.so" bindings-node/dermawan.node
  cp LICENSE-MIT LICENSE-APACHE bindings-node/
  rm -f "$DIST"/dermawan-*.tgz
  (cd bindings-node && npm pack --silent --pack-destination "$DIST")
}

case "${1:-}" in
  python) python_package ;;
  node) node_package ;;
  *) echo "usage: package.sh python|node" >&2; exit 2 ;;
esac
