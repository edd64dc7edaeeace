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
