# Sourced: says to cargo where the prebuilt DuckDB is (DUCKDB_LIB_DIR); where none can be had, asks to compile it
# (FEATURES). A DUCKDB_LIB_DIR that is set already is kept.
FEATURES=${FEATURES:-}
if [ -z "${DUCKDB_LIB_DIR:-}" ]; then
  status=0
  DUCKDB_LIB_DIR=$(DERMAWAN_CACHE=${CACHE:-} scripts/fetch-duckdb.sh) || status=$?
  case $status in
    0) export DUCKDB_LIB_DIR ;;
    3) unset DUCKDB_LIB_DIR; FEATURES="--features bundled"
       scripts/say.sh "DuckDB is compiled from source: 20 to 30 minutes on two cores, once" ;;
    *) exit "$status" ;;
  esac
fi
# Two checkouts may share one target directory, and cargo takes the other's crates for its own as long as their files are
# older; but tests know the folder they were compiled in. So a checkout that was not the last one here builds its own
# crates anew (the dependencies stay).
place="${CARGO_TARGET_DIR:-target}/dermawan-checkout"
if [ "$(cat "$place" 2>/dev/null)" != "$PWD" ]; then
  if [ -e "${place%/*}/debug" ]; then
    find core testbed bot-example bindings-python bindings-node benches -name '*.rs' -not -path '*/node_modules/*' -exec touch {} +
  fi
  mkdir -p "${place%/*}" && printf '%s\n' "$PWD" > "$place"
fi
