"""The `duckdb` wheel of PyPI lives in the same process: either imported first, of this or of a newer version."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

# The newer wheels, each installed in a folder of its own; the one of our version is in the environment itself.
NEIGHBOURS = Path(sys.prefix) / "neighbours"
OURS = "v1.5.6"
WHEELS = {OURS: None, "v2.0.0": NEIGHBOURS / "duckdb-2.0.0"}
ORDERS = ["import dermawan, duckdb", "import duckdb, dermawan"]

# Work that goes through what the two libraries could share by mistake: threads, regular expressions, the
# formatting tables and the types of C++ exceptions.
BODY = """
import threading

theirs, ours, file = sys.argv[2], sys.argv[3], sys.argv[4]
SQL = (
    "SELECT count(*)::VARCHAR || ' ' || sum(CASE WHEN regexp_matches(range::VARCHAR, '[02468]$') THEN 1 ELSE 0 END)"
    " || ' ' || format('{:.3f}', avg(range)) FROM range(300000)"
)
EXPECTED = "300000 150000 149999.500"


def theirs_works():
    with duckdb.connect() as connection:
        ask = lambda sql: connection.execute(sql).fetchall()[0][0]
        assert ask(SQL) == EXPECTED
        assert ask("SELECT version()") == theirs
        try:
            ask("SELECT 1 FROM nowhere")
        except duckdb.CatalogException:
            pass
        else:
            raise AssertionError("their error was lost")


def ours_works():
    assert dermawan.probe(":memory:", SQL) == EXPECTED
    assert dermawan.probe(":memory:", "SELECT version()") == ours
    try:
        dermawan.probe(":memory:", "SELECT 1 FROM nowhere")
    except dermawan.FileError:
        pass
    else:
        raise AssertionError("our error was lost")


for _ in range(3):
    theirs_works()
    ours_works()

threads = [threading.Thread(target=work) for work in [theirs_works, ours_works] * 4]
failed = []
threading.excepthook = failed.append
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert not failed, failed

# One file, one after another: ours makes it, theirs writes to it, ours reads that.
dermawan.probe(file, "SELECT version()")
with duckdb.connect(file) as connection:
    connection.execute("CREATE TABLE gifts AS SELECT range AS id, 500000 AS amount FROM range(12)")
assert dermawan.probe(file, "SELECT sum(amount)::VARCHAR FROM gifts") == "6000000"
with duckdb.connect(file, read_only=True) as connection:
    assert connection.execute("SELECT count(*) FROM gifts").fetchall() == [(12,)]
print("done")
"""


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("version", WHEELS)
def test_both_work_in_one_process(tmp_path, version, order):
    folder = WHEELS[version]
    if folder is not None:
        assert folder.is_dir(), f"{folder} is missing: run make setup"
    head = f"import sys\nif sys.argv[1]:\n    sys.path.insert(0, sys.argv[1])\n{order}\n"
    ran = subprocess.run(
        [sys.executable, "-c", head + textwrap.dedent(BODY), str(folder or ""), version, OURS, str(tmp_path / "a.duckdb")],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (ran.returncode, ran.stdout.strip()) == (0, "done"), ran.stderr
