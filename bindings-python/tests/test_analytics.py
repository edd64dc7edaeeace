"""A made-up organisation, from open to close."""

import datetime
import math
import signal
import threading
import time
from decimal import Decimal

import dermawan
import polars
import pyarrow
import pytest

AS_OF = datetime.date(2026, 1, 20)
FIRST_DONOR = "Pak Budi"


@pytest.fixture(scope="module")
def sample():
    with dermawan.Analytics.in_memory() as analytics:
        report = analytics.load_sample()
        assert {table["table"] for table in report["tables"]} >= {"donors", "donations", "cash_entries"}
        yield analytics


def test_like_a_notebook(tmp_path):
    """Open, load, look, close, open again: what was loaded is there."""
    path = tmp_path / "charity.duckdb"
    analytics = dermawan.Analytics.open(path, {"organisation": {"name": "Panti Contoh", "language": "en"}})
    assert analytics.state() is None
    analytics.load_sample({"months": 24, "donations": 2000})
    assert analytics.state()["as_of"] == "2026-01-20"
    assert analytics.settings()["organisation"]["name"] == "Panti Contoh"

    forecast = analytics.donation_forecast(AS_OF, horizon=2)["forecast"]
    assert [point["month"] for point in forecast["points"]] == ["2026-01", "2026-02"]
    assert all(point["lower"] <= point["value"] <= point["upper"] for point in forecast["points"])
    analytics.close()

    with dermawan.Analytics.open(path) as again:
        assert again.state()["run"] == 1
        assert again.settings()["organisation"]["name"] != "Panti Contoh"
    with pytest.raises(dermawan.InvalidInput, match="closed"):
        again.state()


def test_cash_flow_carries_the_balance(sample):
    months = sample.cash_flow("2026-01-20")
    assert [month["month"] for month in months] == ["2026-02", "2026-03", "2026-04"]
    for before, after in zip(months, months[1:]):
        change = after["predicted_income"] - after["predicted_expense"]
        assert after["predicted_balance"] == pytest.approx(before["predicted_balance"] + change, abs=0.01)


def test_reports_name_what_was_planted(sample):
    anomalies = sample.expense_anomalies(AS_OF)
    assert anomalies["tested"] > 3
    assert sample.unusual_transactions(AS_OF)["tested"] > 1000
    assert all(len(pair) == 2 for pair in sample.entry_findings(AS_OF))
    report = sample.monthly_report("2025-12")
    assert report["month"] == "2025-12"
    assert report["expense"] == sum(category["amount"] for category in report["categories"])
    assert report["children"] == 25


def test_columns_are_arrow_and_lists(sample):
    scores = sample.churn(AS_OF)
    table = pyarrow.table(scores)
    plain = scores.to_dict()
    assert len(scores) == table.num_rows == len(plain["donor"]) > 300
    assert scores.columns == table.column_names
    assert table["score"].to_pylist() == plain["score"]
    assert table["level"].to_pylist() == plain["level"]
    assert plain["recent_months"] == 3
    frame = polars.DataFrame(scores)
    assert frame.filter(polars.col("level") == "HIGH").height == plain["level"].count("HIGH")


def test_money_is_exact_in_arrow(sample):
    values = sample.lifetime_values(AS_OF)
    table = pyarrow.table(values)
    assert table.schema.field("total_value").type == pyarrow.decimal128(18, 2)
    assert table["total_value"].to_pylist() == [Decimal(str(value)) for value in values.to_dict()["total_value"]]
    assert table["last_donation"].to_pylist()[0] == datetime.date.fromisoformat(values.to_dict()["last_donation"][0])


def test_segments_are_counted(sample):
    segments = sample.segments(AS_OF).to_dict()
    counts = segments["counts"]
    assert len(segments["segment"]) == sum(counts.values()) - counts["never_gave"]
    assert segments["segment"].count("champions") == counts["champions"] > 0


def test_the_bot_answers(sample):
    answer = sample.reply("6281000000000", "menu", AS_OF)
    assert "REKENING" in answer["reply"]
    assert (answer["command"], answer["error"]) == ("menu", None)
    first = sample.reply("6281000000000", "xyzzy", AS_OF, answer["session"])
    assert first["reply"] and first["session"]["hinted"]
    assert sample.reply("6281000000000", "xyzzy", AS_OF, first["session"])["reply"] is None
    assert sample.reply("123@g.us", "menu", AS_OF)["reply"] is None
    assert FIRST_DONOR in sample.thank_you(1, AS_OF)
    assert sample.donor_names([1]) == [FIRST_DONOR]
    assert sample.thank_you(10**9, AS_OF) is None


def frames():
    donors = polars.DataFrame({"id": [1], "name": ["Pak Budi"]})
    day = datetime.date
    gifts = polars.DataFrame(
        {
            "id": [1, 2, 3, 4],
            "donor_id": [1, 1, 1, None],
            "jumlah": [5_600_000.0, 5_800_000.0, 6_000_000.0, 0.1],
            "date": [day(2025, 11, 2), day(2025, 12, 2), day(2026, 1, 2), day(2026, 2, 1)],
        }
    )
    return {"donors": donors, "donations": gifts}


MAPPING = {table: {"required": False} for table in ["categories", "cash_entries", "contacts", "accounts", "children"]}


def test_data_frames_load(tmp_path):
    with dermawan.Analytics.in_memory({"forecast": {"method": "ols"}}) as analytics:
        report = analytics.load_frames(frames(), "2026-02-03", MAPPING)
        assert sum(table["census"]["facts"] for table in report["tables"]) == 5
        points = analytics.donation_forecast("2026-02-03", 2)["forecast"]["points"]
        assert [point["value"] for point in points] == pytest.approx([6_200_000, 6_400_000])
        again = analytics.load_frames({name: frame.to_arrow() for name, frame in frames().items()}, "2026-02-03", MAPPING)
        assert sum(table["changes"]["updated"] for table in again["tables"]) == 0

    for name, frame in frames().items():
        frame.write_csv(tmp_path / f"{name}.csv")
    with dermawan.Analytics.in_memory() as analytics:
        analytics.load_folder(tmp_path, "2026-02-03", MAPPING)
        assert analytics.lifetime_values("2026-02-03").to_dict()["total_value"] == [17_400_000]


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda a: a.load_frames({"gifts": frames()["donations"]}, AS_OF), dermawan.InvalidInput),
        (lambda a: a.load_frames(frames(), "2026-02-30"), dermawan.InvalidInput),
        (lambda a: a.load_frames({"donations": frames()["donations"].drop("jumlah")}, AS_OF), dermawan.MissingColumn),
        (lambda a: a.load_frames({"donations": frames()["donations"]}, AS_OF), dermawan.MissingTable),
        (lambda a: a.load_folder("/nowhere", AS_OF), dermawan.FileError),
        (lambda a: a.load_mysql("mysql://u:sesame@127.0.0.1:1/panti", AS_OF), dermawan.SourceUnavailable),
        (lambda a: a.load_mysql({"database": "panti", "passwort": "sesame"}, AS_OF), dermawan.InvalidInput),
        (lambda a: a.donation_forecast(AS_OF), dermawan.NotEnoughHistory),
        (lambda a: a.monthly_report("January"), dermawan.InvalidInput),
        (lambda a: dermawan.Analytics.in_memory("risk_score = 101"), dermawan.ConfigurationError),
        (lambda a: dermawan.Analytics.in_memory({"organisation": {"administrators": [6281234]}}), dermawan.InvalidInput),
        (lambda a: dermawan.Analytics.open("/nowhere/a.duckdb"), dermawan.FileError),
        (lambda a: dermawan.forecast({"first": "2026-01", "values": [1, math.nan, 3]}), dermawan.InvalidInput),
        (lambda a: dermawan.forecast({"first": "2026-01", "values": [1, 2, 3]}, options={"lvl": 1}), dermawan.InvalidInput),
    ],
)
def test_errors_have_their_kind_and_no_secret(call, kind):
    with dermawan.Analytics.in_memory() as analytics, pytest.raises(kind) as raised:
        call(analytics)
    assert raised.value.code == kind.code
    assert "sesame" not in str(raised.value) and "6281234" not in str(raised.value)


def test_columns_of_data_frames_are_read():
    gifts = {
        "donor": polars.Series([1]),
        "count": pyarrow.array([12]),
        "total": [Decimal("6000000.00")],
        "first": [datetime.date(2024, 11, 3)],
        "last": polars.Series([datetime.date(2025, 10, 28)]),
        "recent": (0,),
    }
    scores = dermawan.churn_score(gifts, datetime.date(2026, 1, 31)).to_dict()
    assert (scores["score"], scores["level"]) == ([70], ["MEDIUM"])
    with pytest.raises(TypeError, match="object"):
        dermawan.churn_score(gifts | {"recent": object()}, AS_OF)


def test_other_threads_go_on_during_a_call():
    """A call that kept the interpreter would let this thread run only after it."""
    with dermawan.Analytics.in_memory() as analytics:
        done = []
        worker = threading.Thread(target=lambda: done.append(analytics.load_sample({"donations": 60_000})))
        started = time.monotonic()
        worker.start()
        ticks, longest, last = 0, 0.0, started
        while worker.is_alive():
            worker.join(0.001)
            now = time.monotonic()
            ticks, longest, last = ticks + 1, max(longest, now - last), now
        took = last - started
        assert done and ticks > 3
        assert longest < took / 2, f"held for {longest:.3f} s of {took:.3f} s"


def test_ctrl_c_ends_a_load_and_nothing_of_it_stays():
    with dermawan.Analytics.in_memory() as analytics:
        before = signal.signal(signal.SIGALRM, signal.default_int_handler)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.3)
            with pytest.raises(KeyboardInterrupt):
                analytics.load_sample({"donations": 3_000_000, "donors": 10_000, "months": 48})
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        assert analytics.state() is None


def test_who_is_leaving_and_whom_to_call(sample):
    backtest = sample.churn_backtest(AS_OF)
    assert {"rule", "base_rate", "mbg_nbd"} <= {outcome["method"] for outcome in backtest["outcomes"]}
    assert sample.churn_method(AS_OF) == backtest["chosen"]
    outlooks = sample.outlooks(AS_OF)
    assert (outlooks is None) == (backtest["chosen"] in ("rule", "recency", "base_rate"))

    outlooks = sample.outlooks_with("mbg_nbd", AS_OF)
    table, plain = pyarrow.table(outlooks), outlooks.to_dict()
    assert table["donor"].to_pylist() == sample.churn(AS_OF).to_dict()["donor"]
    assert table["p_no_gift"].to_pylist() == plain["p_no_gift"]
    assert all(0 <= p <= 1 for p in plain["p_no_gift"])
    assert (plain["method"], plain["fitted"]["model"]) == ("mbg_nbd", "mbg_nbd")
    with pytest.raises(dermawan.InvalidInput):
        sample.outlooks_with("rule", AS_OF)
    with pytest.raises(dermawan.InvalidInput):
        sample.outlooks_with("crystal_ball", AS_OF)

    calls = sample.recommend(AS_OF)
    assert 0 < len(calls) <= sample.settings()["calls"]["capacity"]
    assert [call["donor"] for call in sample.recommend(AS_OF, {"capacity": 2})] == [call["donor"] for call in calls[:2]]


def test_the_tables_of_the_sector(sample):
    donors = sample.churn(AS_OF).to_dict()["donor"]
    rfm = sample.rfm(AS_OF)
    assert rfm["donor"] == donors
    assert rfm["score"][0] == 100 * rfm["recency"][0] + 10 * rfm["frequency"][0] + rfm["monetary"][0]
    years = sample.retention(AS_OF)["years"]
    assert years[-1]["year"] == 2025
    assert all(year["new"] + year["retained"] + year["recaptured"] == year["donors"] for year in years)
    standings = sample.standings(AS_OF)
    assert (standings["year"], standings["donor"]) == (2026, donors)
    assert set(standings["standing"]) <= {"new", "retained", "recaptured", "lybunt", "sybunt"}


def test_what_was_accepted_stays_silent(sample):
    before = sample.screen(AS_OF)
    assert before["tested"] > 1000
    entry = before["suspects"][0]["entry"]
    sample.accept_entries([entry])
    assert sample.accepted_entries() == [entry]
    assert entry not in [suspect["entry"] for suspect in sample.screen(AS_OF)["suspects"]]
    sample.accept_entries([entry], accepted=False)
    assert sample.accepted_entries() == []
    assert sample.screen(AS_OF) == before


def test_months_that_were_accepted_stay_silent(sample):
    before = sample.expense_anomalies(AS_OF)["anomalies"]
    first = before[0]
    sample.accept_months([first])
    known = {key: first[key] for key in ("category", "month", "amount")}
    assert sample.accepted_months() == [known]
    assert sample.expense_anomalies(AS_OF)["anomalies"] == before[1:]
    sample.accept_months([{**known, "amount": known["amount"] + 1}])
    assert sample.expense_anomalies(AS_OF)["anomalies"] == before, "another sum is looked at again"
    sample.accept_months([known], accepted=False)
    assert sample.accepted_months() == []
    with pytest.raises(dermawan.DermawanError):
        sample.accept_months([{"month": "2025-13", "amount": 1}])


def test_gifts_and_the_cash_book(sample):
    assert sample.income_anomalies(AS_OF)["tested"] > 0
    bookings = sample.bookings(AS_OF, limit=1)
    assert bookings["received"] > 1000
    assert all(len(bookings[kind]) <= 1 for kind in ("without_entry", "without_donation", "other_amount"))
