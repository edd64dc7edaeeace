"""Times are read in the organisation's zone, whatever the source, unless its options name another."""

import shutil
import subprocess
import time

import dermawan
import pytest

AS_OF = "2026-02-10"
REST = {table: {"required": False} for table in ["categories", "cash_entries", "contacts", "accounts", "children"]}
# 16:00 UTC: 23:00 of the same day in Jakarta, 1 February in Jayapura.
INSTANT = "2026-01-31T16:00:00Z"


def month_of_the_gift(settings, load):
    with dermawan.Analytics.in_memory(settings) as analytics:
        load(analytics)
        totals = {month: analytics.monthly_report(month)["income"] for month in ["2026-01", "2026-02"]}
    (month,) = [month for month, total in totals.items() if total]
    return month


def in_zone(zone):
    return {"organisation": {"time_zone": zone}}


@pytest.mark.parametrize(
    ("options", "settings", "month"),
    [
        (None, {}, "2026-01"),
        (None, in_zone("Asia/Jayapura"), "2026-02"),
        ({"batch_rows": 10}, in_zone("Asia/Jayapura"), "2026-02"),
        ({"time_zone": "Asia/Jakarta"}, in_zone("Asia/Jayapura"), "2026-01"),
    ],
)
def test_a_folder_is_read_in_the_organisations_zone(tmp_path, options, settings, month):
    (tmp_path / "donors.csv").write_text("id,name\n1,Pak Budi\n")
    (tmp_path / "donations.csv").write_text(f"id,donor_id,amount,date\n1,1,5000,{INSTANT}\n")
    assert month_of_the_gift(settings, lambda a: a.load_folder(tmp_path, AS_OF, REST, options)) == month


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    if not (shutil.which("mariadbd") and shutil.which("mariadb-install-db")):
        pytest.skip("there is no MariaDB")
    folder = tmp_path_factory.mktemp("db")
    socket, quiet = folder / "s", {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    usual = ["--no-defaults", "--user=root", f"--datadir={folder / 'data'}"]
    subprocess.run(["mariadb-install-db", *usual, "--auth-root-authentication-method=normal"], check=True, **quiet)
    process = subprocess.Popen(["mariadbd", *usual, f"--socket={socket}", "--skip-networking"], **quiet)
    try:
        sql = """CREATE DATABASE panti; USE panti; SET time_zone = '+00:00';
            CREATE TABLE donatur (id_donatur INT UNSIGNED PRIMARY KEY, nama VARCHAR(50));
            CREATE TABLE donasi (id_donasi INT UNSIGNED PRIMARY KEY, id_donatur INT UNSIGNED, jumlah DECIMAL(15,2),
                tanggal_catat TIMESTAMP NULL);
            INSERT INTO donatur VALUES (1, 'Pak Budi');
            INSERT INTO donasi VALUES (1, 1, 5000, '2026-01-31 16:00:00');"""
        client = ["mariadb", "--no-defaults", "-uroot", f"--socket={socket}"]
        while subprocess.run([*client, "-e", "SELECT 1"], check=False, **quiet).returncode != 0:
            assert process.poll() is None
            time.sleep(0.1)
        subprocess.run(client, input=sql, text=True, check=True)
        yield str(socket)
    finally:
        process.terminate()
        process.wait()


@pytest.mark.parametrize(
    ("options", "settings", "month"),
    [
        ({}, {}, "2026-01"),
        ({}, in_zone("Asia/Jayapura"), "2026-02"),
        ({"time_zone": "Asia/Jakarta"}, in_zone("Asia/Jayapura"), "2026-01"),
    ],
)
def test_a_database_is_read_in_the_organisations_zone(server, options, settings, month):
    source = {"socket": server, "user": "root", "database": "panti", **options}
    assert month_of_the_gift(settings, lambda a: a.load_mysql(source, AS_OF, REST)) == month
