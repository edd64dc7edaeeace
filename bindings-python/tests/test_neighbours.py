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

theirs, file = sys.argv[2], sys.argv[3]
SQL = (
    "SELECT count(*)::VARCHAR || ' ' || sum(CASE WHEN regexp_matches(range::VARCHAR, '[02468]$') THEN 1 ELSE 0 END)"
    " || ' ' || format('{:.3f}', avg(range)) FROM range(300000)"
)
EXPECTED = "300000 150000 149999.500"
SAMPLE = {"donors": 100, "contacts": 50, "donations": 1500, "months": 12, "expenses": 240}


def str_to_sen(amount):
    return round(amount * 100)


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
    with dermawan.Analytics.in_memory() as analytics:
        analytics.load_sample(SAMPLE)
        scores = analytics.churn("2026-01-20")
        assert len(scores) == len(set(scores.to_dict()["donor"])) > 50
        with duckdb.connect() as connection:
            # Columns of ours in a query of theirs.
            assert connection.execute("SELECT count(*) FROM scores").fetchall() == [(len(scores),)]
        try:
            analytics.monthly_report("never")
        except dermawan.InvalidInput:
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

# One file, one after another: ours fills it, theirs reads it and writes to it, ours still has it.
with dermawan.Analytics.open(file) as analytics:
    analytics.load_sample(SAMPLE)
    donors = len(analytics.churn("2026-01-20"))
    values = sum(map(str_to_sen, analytics.lifetime_values("2026-01-20").to_dict()["total_value"]))
with duckdb.connect(file) as connection:
    ask = lambda sql: connection.execute(sql).fetchall()[0]
    assert ask("SELECT count(*), sum(total_donation) * 100 FROM donor_stats WHERE donation_count > 0") == (donors, values)
    assert ask("SELECT count(*) FROM monthly_donations")[0] >= 12
    connection.execute("CREATE TABLE notes AS SELECT range AS id FROM range(12)")
with dermawan.Analytics.open(file) as analytics:
    assert len(analytics.churn("2026-01-20")) == donors
with duckdb.connect(file, read_only=True) as connection:
    assert connection.execute("SELECT count(*) FROM notes").fetchall() == [(12,)]
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
        [sys.executable, "-c", head + textwrap.dedent(BODY), str(folder or ""), version, str(tmp_path / "a.duckdb")],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (ran.returncode, ran.stdout.strip()) == (0, "done"), ran.stderr
