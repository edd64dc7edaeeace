"""The ETL race's peer: connectorx reads whole tables of a MariaDB into Arrow, DuckDB makes tables of them.

    etl_connectorx.py mysql://user:password@127.0.0.1:3306/database analytics.duckdb

Prints one line of JSON: seconds of the work itself (without the imports), rows, peak memory, and counts and sums of
what DuckDB then holds, for the comparison that comes before any race. The names in the answer are those of Dermawan.
It copies and nothing else: no snapshot over the tables, no validation, no reconciliation, no aggregates.
"""

import json
import resource
import sys
import time

import connectorx
import duckdb

# Dermawan's name, the source's, and the columns whose sums are compared: key, amount, reference.
TABLES = [
    ("categories", "kategori_transaksi", "id_kategori", None, None),
    ("accounts", "kas", "id_kas", "saldo", None),
    ("donors", "donatur", "id_donatur", None, None),
    ("children", "anak", "id_anak", None, None),
    ("contacts", "donatur_whatsapp", "id", None, "id_donatur"),
    ("donations", "donasi", "id_donasi", "jumlah", "id_donatur"),
    ("cash_entries", "transaksi_kas", "id_transaksi", "nominal", "id_donasi"),
]


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    url, path = sys.argv[1:]
    start = time.perf_counter()
    with duckdb.connect(path) as store:
        for name, source, *_ in TABLES:
            rows = connectorx.read_sql(url, f"SELECT * FROM {source}", return_type="arrow", protocol="binary")
            store.register("rows_in", rows)
            store.execute(f"CREATE TABLE {name} AS SELECT * FROM rows_in")
            store.unregister("rows_in")
            del rows
        store.execute("CHECKPOINT")
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        answer = {}
        for name, _, key, amount, reference in TABLES:
            sums = [
                "COUNT(*)",
                f"SUM({key}::HUGEINT)",
                f"SUM(({amount}::DECIMAL(18, 2) * 100)::HUGEINT)" if amount else "NULL",
                f"SUM({reference}::HUGEINT)" if reference else "NULL",
            ]
            values = store.execute(f"SELECT {', '.join(sums)} FROM {name}").fetchone()
            for what, value in zip(("rows", "keys", "amount", "references"), values):
                if value is not None:
                    answer[f"{name}.{what}"] = str(value)
    rows = sum(int(value) for key, value in answer.items() if key.endswith(".rows"))
    print(json.dumps({"seconds": seconds, "rows": rows, "peak_rss_bytes": peak, "answer": answer}))


if __name__ == "__main__":
    main()
