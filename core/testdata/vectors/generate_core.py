"""Writes the vectors whose numbers are the library's own: what a backtest measures, a stream's points, sentences.

There is no other implementation of these. What they are made of (fits, predictions, judging, forecasts) is held against
published or independent values in the other vectors and in the core's tests; here all windows are held to the same
answer. Needs the Python package of this repository. Run: python generate_core.py
"""

import json
import math
import pathlib
import random

import dermawan

HERE = pathlib.Path(__file__).parent


def write(name, tolerance, cases):
    source = "the library itself; its parts are held against published values elsewhere"
    document = {"function": name, "source": source, "licence": "MIT OR Apache-2.0", "tolerance": tolerance, "cases": cases}
    text = json.dumps(document, ensure_ascii=False, indent=1)
    (HERE / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def case(name, input, expected, options=None):
    return {"name": name, "input": input, "options": options or {}, "expected": expected}


def backtests():
    """Seventy donors of three habits: monthly, monthly until they stop, now and then."""
    random.seed(12)
    rows = []
    for donor in range(1, 71):
        stop = random.randint(6, 48) if donor % 3 == 1 else 48
        for month in range(stop):
            if donor % 3 == 2 and random.random() < 0.75:
                continue
            rows.append((donor, f"{2022 + month // 12}-{month % 12 + 1:02}-{1 + donor % 28:02}", 50_000 * random.randint(1, 8)))
    gifts = {"donor": [r[0] for r in rows], "day": [r[1] for r in rows], "total": [r[2] for r in rows]}
    input = {"gifts": gifts, "as_of": "2025-12-31"}
    cases = []
    for name, options in [
        ("seventy donors, two days to stand on", {"origins": 2, "resamples": 50}),
        ("half a year ahead, without models", {"horizon_days": 180, "methods": ["rule", "recency", "base_rate"], "resamples": 50}),
    ]:
        found = dermawan.churn_backtest(**input, options=options)
        keys = ("method", "evaluation")
        outcomes = [{key: outcome[key] for key in keys} for outcome in found["outcomes"]]
        for outcome in outcomes:
            measures = ("rows", "base_rate", "auc", "log_loss", "brier", "lift")
            outcome["evaluation"] = {key: outcome["evaluation"][key] for key in measures}
        expected = {key: found[key] for key in ("origins", "chosen", "reason")} | {"outcomes": outcomes}
        cases.append(case(name, input, expected, options))
    short = {"donor": [1], "day": ["2025-01-01"], "total": [1]}
    return [*cases, case("a single gift", {"gifts": short, "as_of": "2025-12-31"}, {"error": "not_enough_history"})]


def streams():
    random.seed(5)
    daily = [round(100 + 10 * math.sin(i * 2 * math.pi / 7) + random.gauss(0, 1), 3) for i in range(300)]
    daily[200] = 180.0
    daily[260:] = [value + 40 for value in daily[260:]]
    cases = []
    for name, values, options in [
        ("a spike and a new level", daily, {"seasons": [7], "probation": 60}),
        ("as it comes", daily[:80], {}),
        ("values are missing", [None if i % 11 == 5 else value for i, value in enumerate(daily[:120])], {"seasons": [7], "probation": 30}),
    ]:
        stream = dermawan.Stream(options)
        cases.append(case(name, {"values": values}, [stream.update(value) for value in values], options))
    assert cases[0]["expected"][200]["alarm"]
    return [*cases, case("too short a trial", {"values": []}, {"error": "invalid_input"}, {"probation": 1})]


LINE = {"first": "2023-01", "values": [5_000_000 + 100_000 * i + 300_000 * (i % 3) for i in range(36)]}


def forecasts():
    options = {"methods": ["ols", "moving_average"], "origins": 12}
    found = dermawan.forecast_backtest(LINE, options)
    short = {"first": "2025-12", "values": [1, 2]}
    return [
        case("three years", {"series": LINE}, found, options),
        case("two months", {"series": short}, {"error": "not_enough_history"}),
    ]


def sentences():
    asked = [("ols", "id"), ("ols", "en"), ("moving_average", "id"), ("moving_average", "en")]
    said = lambda method, language: dermawan.explain_forecast(LINE, options={"method": method}, language=language)
    return [
        case(f"{method}, {language}", {"series": LINE, "horizon": 3, "language": language}, said(method, language), {"method": method})
        for method, language in asked
    ]


write("churn_backtest", 1e-9, backtests())
write("stream", 1e-9, streams())
write("forecast_backtest", 1e-9, forecasts())
write("explain_forecast", 0, sentences())
