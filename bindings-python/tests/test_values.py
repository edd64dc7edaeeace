"""The analyses on values that the vectors leave out."""

import dermawan
import pytest

# A series that grows by 200,000 a month, so that a straight line has no error.
LINE = {"first": "2024-01", "values": [5_000_000 + 200_000 * i for i in range(24)]}


def test_the_line_wins_the_backtest_of_a_line():
    options = {"methods": ["ols", "naive"], "horizon": 2, "origins": 6}
    ols, naive = dermawan.forecast_backtest(LINE, options)["scores"]
    assert (ols["method"], ols["forecasts"], naive["method"]) == ("ols", 12, "naive")
    assert ols["smape"] == pytest.approx(0, abs=1e-9)
    # One and two months ahead the naive forecast is 200,000 and 400,000 behind.
    assert naive["smape"] > 2
    with pytest.raises(dermawan.NotEnoughHistory):
        dermawan.forecast_backtest({"first": "2026-01", "values": [1, 2, 3]})


def test_a_forecast_in_words():
    said = dermawan.explain_forecast(LINE, options={"method": "ols"}, language="en")
    assert said.startswith("For January 2026 Rp 9.800.000 is expected")
    assert dermawan.explain_forecast(LINE, options={"method": "ols"}).startswith("Untuk Januari 2026 diperkirakan Rp 9.800.000")
    assert dermawan.explain_forecast(LINE, horizon=0) == ""
    with pytest.raises(dermawan.InvalidInput):
        dermawan.explain_forecast(LINE, language="nl")


def repeat(donors=60):
    gifts = [i % 5 for i in range(donors)]
    return {
        "frequency": gifts,
        "recency": [100 * n if i % 3 == 0 else 30 * n for i, n in enumerate(gifts)],
        "age": [400 + i for i in range(donors)],
    }


def test_a_fit_predicts_and_is_plain():
    fitted = dermawan.churn_fit(repeat(), {"model": "bg_nbd"})
    predictions = dermawan.churn_predict(fitted, repeat(), {"horizon": 180})
    assert len(predictions["p_no_gift"]) == 60
    assert all(a < b for a, b in zip(predictions["p_no_gift_low"], predictions["p_no_gift_high"]))
    # Without the covariance of a fit, the same without an interval.
    known = {"model": "bg_nbd", "parameters": fitted["parameters"]}
    bare = dermawan.churn_predict(known, repeat(), {"horizon": 180})
    assert bare["p_no_gift"] == predictions["p_no_gift"]
    assert bare["p_no_gift_low"] == pytest.approx(predictions["p_no_gift"], rel=1e-12)
    with pytest.raises(dermawan.NotEnoughHistory):
        dermawan.churn_fit(repeat(10))


@pytest.mark.parametrize("wrong", [0, -1, 1e13])
def test_parameters_that_no_fit_gives_are_refused(wrong):
    with pytest.raises(dermawan.InvalidInput, match="above zero"):
        dermawan.churn_predict({"model": "bg_nbd", "parameters": [wrong, 1, 1, 1]}, repeat())


def gift_days():
    """Sixty donors who give every month; every other one stops after a year."""
    days = [f"{year}-{month:02}-05" for year in (2022, 2023, 2024, 2025) for month in range(1, 13)]
    rows = [(donor, day) for donor in range(1, 61) for day in (days if donor % 2 else days[:12 + donor % 7])]
    return {"donor": [r[0] for r in rows], "day": [r[1] for r in rows], "total": [100_000] * len(rows)}


def test_the_past_judges_the_methods():
    backtest = dermawan.churn_backtest(gift_days(), "2025-12-31")
    assert "base_rate" in {outcome["method"] for outcome in backtest["outcomes"]}
    assert backtest["reason"] in ("better", "not_better", "too_little_history")
    with pytest.raises(dermawan.NotEnoughHistory):
        dermawan.churn_backtest({"donor": [1], "day": ["2025-01-01"], "total": [1]}, "2025-12-31")


def test_good_chances_are_told_from_bad_ones():
    good = dermawan.churn_evaluate([0.9, 0.8, 0.2, 0.1], [True, True, False, False], capacity=0.5)
    assert (good["auc"], good["lift"], good["base_rate"]) == (1.0, 2.0, 0.5)
    assert dermawan.churn_evaluate([0.1, 0.2, 0.8, 0.9], [True, True, False, False])["auc"] == 0.0


def test_where_donors_stand():
    giving = {
        "donor": [1, 1, 2, 3, 4, 4, 5],
        "year": [2024, 2025, 2025, 2024, 2023, 2025, 2023],
        "count": [1] * 7,
        "total": [100_000] * 7,
    }
    standings = dermawan.standings(giving, 2025)
    assert standings["donor"] == [1, 2, 3, 4, 5]
    assert standings["standing"] == ["retained", "new", "lybunt", "recaptured", "sybunt"]


def test_a_zero_too_many():
    months = [f"2025-{month:02}" for month in range(1, 11)]
    gifts = {
        "donor": [1] * 10,
        "amount": [100_000, 110_000, 90_000, 100_000, 105_000, 95_000, 100_000, 100_000, 110_000, 10_000_000],
        "date": [f"{month}-05" for month in months],
    }
    (found,) = dermawan.unusual_gifts(gifts, "2025-12-31")
    assert (found["donor"], found["amount"], found["usual"]) == (1, 10_000_000, 100_000)

    rows = [{"month": month, "total": 100_000_000 + 1_000_000 * (i % 3), "count": 50} for i, month in enumerate(months)]
    rows[-1]["total"] = 900_000_000
    report = dermawan.income_anomalies(rows, "2025-11-03")
    assert [found["month"] for found in report["anomalies"]] == ["2025-10"]


def cash_book():
    n = 40
    return {
        "entry": list(range(1, n + 1)),
        "direction": ["expense"] * n,
        "category": [1] * n,
        "amount": [500_000 + 1_000 * (7 * i % 40) for i in range(n - 1)] + [50_000_000],
        "date": [f"2025-{1 + i // 4:02}-{1 + 7 * (i % 4):02}" for i in range(n)],
    }


def test_a_line_worth_a_look():
    found = dermawan.screen(cash_book(), "2025-12-31")
    assert (found["tested"], found["suspects"][0]["entry"]) == (40, 40)
    assert found["findings"][0]["why"].keys() == {"id", "en"}
    silent = dermawan.screen(cash_book(), "2025-12-31", accepted=[40])
    assert 40 not in [suspect["entry"] for suspect in silent["suspects"]]
    with pytest.raises(dermawan.InvalidInput, match="differ in length"):
        dermawan.screen(cash_book() | {"amount": [1]}, "2025-12-31")


def test_a_stream_is_watched():
    stream = dermawan.Stream({"seasons": [7], "probation": 50})
    said = [stream.update(100 + (i % 7) + (0.1 if i % 2 else -0.1) * (i % 5)) for i in range(300)]
    assert not any(point["alarm"] for point in said)
    jump = stream.update(1_000)
    assert jump["alarm"] and jump["score"] > 0.3 and jump["p_value"] < 1e-4
    for missing in (None, float("nan")):
        assert (stream.update(missing)["p_value"], stream.update(missing)["alarm"]) == (1, False)
    with pytest.raises(dermawan.InvalidInput):
        stream.update(float("inf"))
    with pytest.raises(dermawan.InvalidInput):
        dermawan.Stream({"probation": 1})


def test_pictures_take_findings_as_they_are():
    picture = {"kind": "forecast", "history": LINE, "forecast": dermawan.forecast(LINE)}
    assert dermawan.chart_svg(picture, {"language": "en"}).startswith("<svg ")
    png = dermawan.chart_png(picture, {"scale": 1})
    assert isinstance(png, bytes) and png[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")) == (480, 320)
    with pytest.raises(dermawan.InvalidInput):
        dermawan.chart_png(picture, {"scale": 9})
    with pytest.raises(dermawan.InvalidInput):
        dermawan.chart_svg({"kind": "pie"})
