#!/usr/bin/env bash
# Puts the official prebuilt DuckDB library where cargo will find it, and prints that folder.
#
# Order: the folder of an earlier run, the DuckDB release archive, the npm package of the same release.
# Whatever the way, the library itself must have the pinned SHA-256. Exit status 3 says that neither way
# worked; the caller may then build with the feature `bundled` (20 to 30 minutes on two cores).
set -euo pipefail

version=1.5.6
npm_version=1.5.6-r.1

case "$(uname -s)-$(uname -m)" in
  Linux-x86_64)  platform=linux-x64;    release=libduckdb-linux-amd64;   lib=libduckdb.so
                 sum=3f4962cdd266eab2b479a5b5a4a6d063d279b2954ae814ed00385d553b747633 ;;
  # Other platforms have no pinned checksum here, so nothing is fetched for them.
  *) echo "no pinned DuckDB for $(uname -s) $(uname -m): set DUCKDB_LIB_DIR, or build with --features bundled" >&2; exit 3 ;;
esac

say() { echo "fetch-duckdb: $*" >&2; }
sha256() { if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d' ' -f1; }

cache=${DERMAWAN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dermawan}
dest=$cache/duckdb/$version-$platform

if [ -f "$dest/$lib" ] && [ "$(sha256 "$dest/$lib")" = "$sum" ]; then
  echo "$dest"; exit 0
fi

work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
accept() { # a candidate library, and where it came from
  if [ ! -f "$1" ]; then return 1; fi
  if [ "$(sha256 "$1")" != "$sum" ]; then say "$2: checksum differs, not used"; return 1; fi
  mkdir -p "$dest"
  # Moved into place in one step, so that a reader never meets half a file.
  cp "$1" "$dest/.$lib.$$" && mv "$dest/.$lib.$$" "$dest/$lib"
  say "$lib $version ($platform) from $2 is in $dest"
  echo "$dest"
}

say "DuckDB $version is not here yet; trying its release archive"
if command -v curl >/dev/null && command -v unzip >/dev/null &&
   curl --fail --silent --location --connect-timeout 5 --max-time 300 --output "$work/duckdb.zip" \
     "https://github.com/duckdb/duckdb/releases/download/v$version/$release.zip" &&
   unzip -q -o "$work/duckdb.zip" -d "$work/release" && accept "$work/release/$lib" "the release archive"; then
  exit 0
fi

say "release archive not available; trying npm (@duckdb/node-bindings-$platform)"
if command -v npm >/dev/null &&
   (cd "$work" && npm pack --silent "@duckdb/node-bindings-$platform@$npm_version" >/dev/null 2>&1 && tar xzf ./*.tgz) &&
   accept "$work/package/$lib" "npm"; then
  exit 0
fi

say "no prebuilt library could be fetched; build with --features bundled, or set DUCKDB_LIB_DIR"
exit 3
