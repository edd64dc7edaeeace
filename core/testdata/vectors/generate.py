"""Writes the vectors of this folder from independent implementations: statsmodels, numpy and plain Python.

Nothing here calls Dermawan. Run: pip install numpy==2.* statsmodels==0.14.*; python generate.py
"""

import datetime
import json
import pathlib

import numpy as np
import statsmodels.api as sm

HERE = pathlib.Path(__file__).parent
LICENCE = "MIT OR Apache-2.0"
AS_OF = datetime.date(2026, 1, 31)


def write(name, function, source, tolerance, cases):
    document = {
        "function": function,
        "source": source,
        "licence": LICENCE,
        "tolerance": tolerance,
        "cases": cases,
    }
    text = json.dumps(document, ensure_ascii=False, indent=1)
    (HERE / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def case(name, input, expected, options=None):
    return {"name": name, "input": input, "options": options or {}, "expected": expected}


def month(first, offset):
    year, number = map(int, first.split("-"))
    index = year * 12 + number - 1 + offset
    return f"{index // 12:04}-{index % 12 + 1:02}"


def predicted(y, x, new, level):
    """Value and prediction interval of a least-squares fit, by statsmodels."""
    fit = sm.OLS(y, x).fit()
    frame = fit.get_prediction(new).summary_frame(alpha=1 - level)
    return fit, frame[["mean", "obs_ci_lower", "obs_ci_upper"]].to_numpy()


def points(first, n, rows, cut):
    floor = 0.0 if cut else -np.inf
    return [
        {"month": month(first, n + i), "value": max(v, floor), "lower": max(l, floor), "upper": max(u, floor)}
        for i, (v, l, u) in enumerate(rows.tolist())
    ]


def ols_case(name, first, y, horizon, options=None):
    options = options or {}
    y = np.asarray(y, float)
    n, level = len(y), options.get("level", 0.95)
    cut = options.get("non_negative", True) and (y >= 0).all()
    new = sm.add_constant(np.arange(n, n + horizon, dtype=float), has_constant="add")
    fit, rows = predicted(y, sm.add_constant(np.arange(n, dtype=float)), new, level)
    expected = {
        "method": "ols",
        "n": n,
        "slope": fit.params[1],
        "intercept": fit.params[0],
        "r_squared": fit.rsquared,
        "standard_error": fit.mse_resid**0.5,
        "points": points(first, n, rows, cut),
    }
    return case(name, {"series": {"first": first, "values": y.tolist()}, "horizon": horizon}, expected, options)


def average_case(name, first, y, horizon, options):
    y = np.asarray(y, float)
    window = y[-options.get("window", 6):]
    fit, rows = predicted(window, np.ones(len(window)), np.ones(horizon), options.get("level", 0.95))
    expected = {
        "method": "moving_average",
        "slope": None,
        "intercept": None,
        "standard_error": fit.mse_resid**0.5,
        "points": points(first, len(y), rows, (y >= 0).all()),
    }
    return case(name, {"series": {"first": first, "values": y.tolist()}, "horizon": horizon}, expected, options)


def forecasts():
    rng = np.random.default_rng(20260131)
    gifts = lambda n, slope: np.round(6e6 + slope * np.arange(n) + rng.normal(0, 8e5, n), -3)
    series = lambda values: {"series": {"first": "2025-11", "values": values}, "horizon": 1}
    write("forecast", "forecast", "statsmodels 0.14 OLS and its prediction intervals; by hand where the name says so", 1e-9, [
        ols_case("three months, one degree of freedom", "2025-11", [1.0, 2.0, 4.0], 2, {"non_negative": False}),
        ols_case("the lower bound stops at zero", "2025-11", [1.0, 2.0, 4.0], 2),
        ols_case("six months of gifts", "2025-08", gifts(6, 1.5e5), 3),
        ols_case("two years, 80 of 100", "2024-02", gifts(24, -4e4), 6, {"level": 0.8}),
        ols_case("a hundred months", "2017-10", gifts(100, 2e4), 12, {"level": 0.99}),
        ols_case("falling below zero", "2025-09", [5e6, 3.2e6, 2.1e6, 4e5, 1e5], 3),
        ols_case("net flows may be negative", "2025-10", [3e5, -2e5, 1e5, -4e5], 3),
        average_case("average of six months", "2025-01", gifts(13, 5e4), 2, {"method": "moving_average"}),
        average_case("average of three", "2025-01", gifts(8, 5e4), 1, {"method": "moving_average", "window": 3, "level": 0.8}),
        case("constant, by hand", series([7.0] * 4), {
            "r_squared": 1, "slope": 0, "standard_error": 0, "notes": ["constant"],
            "points": [{"month": "2026-03", "value": 7, "lower": 7, "upper": 7}],
        }),
        case("two months", series([1.0, 2.0]), {"error": "not_enough_history"}),
        case("level of one", series([1.0, 2.0, 3.0]), {"error": "invalid_input"}, {"level": 1.0}),
    ])


def whole(rupiah):
    """Whole rupiah; a vector must not hang on how a half is rounded."""
    assert abs(rupiah % 1 - 0.5) > 1e-3, rupiah
    return round(rupiah)


def cash_flows():
    rng = np.random.default_rng(11)

    def flow(name, income, expense, balance, options=None):
        options = options or {}
        n, horizon, window = len(income), options.get("horizon", 3), options.get("window", 6)
        slope, intercept = np.polyfit(np.arange(n), income, 1)
        rows = []
        running = balance
        for i in range(horizon):
            money_in = whole(max(intercept + slope * (n + i), 0))
            money_out = whole(float(np.mean(expense[-window:])))
            running += money_in - money_out
            rows.append({"month": month("2026-01", i + 1), "predicted_income": money_in,
                         "predicted_expense": money_out, "predicted_balance": running})
        ending = lambda values: {"first": month("2026-01", 1 - len(values)), "values": [float(v) for v in values]}
        return case(name, {"income": ending(income), "expense": ending(expense), "balance": balance}, rows, options)

    saldo = [
        {"month": "2026-02", "predicted_income": 6_200_000, "predicted_expense": 5_500_000, "predicted_balance": 700_000},
        {"month": "2026-03", "predicted_income": 6_400_000, "predicted_expense": 5_500_000, "predicted_balance": 1_600_000},
    ]
    facts = {
        "income": {"first": "2025-11", "values": [5_600_000.0, 5_800_000.0, 6_000_000.0]},
        "expense": {"first": "2026-01", "values": [5_500_000.0]},
        "balance": 0,
    }
    write("cash_flow", "cash_flow", "the SALDO message; numpy 2 polyfit and mean", 1e-9, [
        case("the SALDO message", facts, saldo, {"horizon": 2}),
        flow("a year", rng.integers(3e6, 9e6, 12), rng.integers(3e6, 9e6, 12), 12_345_678),
        flow("in debt, half a year ahead", rng.integers(1e6, 2e6, 9), rng.integers(3e6, 4e6, 5), -500_000,
             {"horizon": 6, "window": 4}),
        case("different ends", {**facts, "expense": {"first": "2025-12", "values": [1.0]}}, {"error": "invalid_input"}),
        case("two months of income", {**facts, "income": {"first": "2025-12", "values": [1.0, 2.0]}},
             {"error": "not_enough_history"}),
    ])


def donors(rows):
    """Columns of (gifts, days since the last, gifts of late, total)."""
    last = [AS_OF - datetime.timedelta(days=row[1]) for row in rows]
    first = [day - datetime.timedelta(days=37 * (row[0] - 1)) for day, row in zip(last, rows)]
    return {
        "donor": list(range(1, len(rows) + 1)),
        "count": [row[0] for row in rows],
        "total": [row[3] for row in rows],
        "first": [str(day) for day in first],
        "last": [str(day) for day in last],
        "recent": [row[2] for row in rows],
    }


GRID = [
    (gifts, days, recent, 250_000 * gifts + 12_345.67)
    for gifts in (1, 2, 3, 5, 6, 12)
    for days in (0, 30, 31, 60, 61, 90, 91, 95, 400)
    for recent in (0, 1, 2)
    if recent <= gifts
]


def churn():
    def score(rows):
        points = [
            (
                40 if days > 90 else 30 if days > 60 else 15 if days > 30 else 0,
                30 if gifts == 1 else 20 if gifts == 2 else 10 if gifts <= 5 else 0,
                30 if recent == 0 else 15 if recent == 1 else 0,
            )
            for gifts, days, recent, _ in rows
        ]
        total = [sum(p) for p in points]
        return {
            "donor": list(range(1, len(rows) + 1)),
            "score": total,
            "level": ["HIGH" if s >= 75 else "MEDIUM" if s >= 50 else "LOW" for s in total],
            "days_since_last": [row[1] for row in rows],
            "days_points": [p[0] for p in points],
            "ever_points": [p[1] for p in points],
            "recent_points": [p[2] for p in points],
        }

    def segment(rows):
        def one(gifts, days):
            if gifts >= 6 and days <= 60:
                return "champions"
            if gifts >= 3 and days <= 90:
                return "loyal"
            if gifts >= 2 and days > 90:
                return "at_risk"
            if gifts == 1 and days <= 30:
                return "new"
            return "one_time"

        found = [one(gifts, days) for gifts, days, _, _ in rows]
        names = ("champions", "loyal", "at_risk", "new", "one_time")
        return {"segment": found, "counts": {**{name: found.count(name) for name in names}, "never_gave": 3}}

    twelve = [(12, 95, 0, 6_000_000)]
    future = donors(twelve) | {"last": ["2026-02-01"]}
    rules = "the tables of rules, written again in plain Python"
    write("churn_score", "churn_score", rules, 0, [
        case("12 gifts, 95 days ago", {"gifts": donors(twelve), "as_of": str(AS_OF)},
             {"score": [70], "level": ["MEDIUM"], "days_since_last": [95]}),
        case("every threshold on both sides", {"gifts": donors(GRID), "as_of": str(AS_OF)}, score(GRID)),
        case("a stricter level", {"gifts": donors(twelve), "as_of": str(AS_OF)}, {"level": ["HIGH"]}, {"high": 70}),
        case("nobody", {"gifts": donors([]), "as_of": str(AS_OF)}, {"score": [], "level": []}),
        case("a gift after the date", {"gifts": future, "as_of": str(AS_OF)}, {"error": "invalid_input"}),
        case("levels in the wrong order", {"gifts": donors([]), "as_of": str(AS_OF)}, {"error": "invalid_input"},
             {"medium": 80}),
    ])
    write("segments", "segments", rules, 0, [
        case("every threshold on both sides", {"gifts": donors(GRID), "never_gave": 3, "as_of": str(AS_OF)}, segment(GRID)),
        case("a gift after the date", {"gifts": future, "never_gave": 0, "as_of": str(AS_OF)}, {"error": "invalid_input"}),
    ])


def lifetime():
    def one(total, count, first, last, months):
        column = {"donor": [1], "count": [count], "total": [total], "first": [first], "last": [last], "recent": [0]}
        sen = lambda parts: round(total / parts, 2)
        expected = {
            "total_value": [total], "total_donations": [count], "months_active": [months],
            "average_donation": [sen(count)], "monthly_value": [sen(months)], "donation_frequency": [count / months],
            "first_donation": [first], "last_donation": [last],
        }
        return {"gifts": column, "as_of": str(AS_OF)}, expected

    write("lifetime_value", "lifetime_value", "months counted by hand on the calendar, the rest plain division", 1e-12, [
        case("Pak Budi", *one(6_000_000, 12, "2025-02-15", "2026-01-15", 12)),
        case("a day short of a month", *one(6_000_000, 12, "2025-02-15", "2026-01-14", 11)),
        case("one gift", *one(75_000, 1, "2025-07-01", "2025-07-01", 1)),
        case("the end of a shorter month", *one(200_000, 2, "2025-01-31", "2025-02-28", 1)),
        case("sevenths and thirteenths", *one(1_000_000.01, 7, "2024-12-30", "2026-01-30", 14)),
        case("leap day to leap day", *one(4_900_000, 49, "2020-02-29", "2024-02-29", 49)),
    ])


def anomalies():
    def rows(category, amounts):
        n = len(amounts)
        return [
            {"category": category, "month": month("2026-01", i + 1 - n), "total": amount, "count": 1}
            for i, amount in enumerate(amounts)
            if amount is not None
        ]

    def tested(category, amounts):
        history = np.array([amount or 0 for amount in amounts[:-1]], float)[-12:]
        mean, sd, amount = history.mean(), history.std(ddof=1), amounts[-1] or 0
        z = (amount - mean) / sd
        assert abs(z) > 2
        return {
            "category": category, "month": "2026-01", "amount": amount, "deviation": z, "mean": mean, "sd": sd,
            "expected_range": {"min": round(mean - 2 * sd, 2), "max": round(mean + 2 * sd, 2)},
            "type": "OVERSPENDING" if z > 0 else "UNDERSPENDING", "severity": "HIGH" if abs(z) > 3 else "MEDIUM",
            "history": len(history),
        }

    input = lambda *parts: {"rows": [row for part in parts for row in part], "as_of": "2026-02-03"}
    konsumsi = [3_000_000, 3_200_000, 3_100_000, 5_500_000]
    gaps = [900_000, None, 950_000, 870_000, None, 910_000, 940_000, 2_600_000]
    year = [500_000 + 10_000 * (i * 7 % 5) for i in range(20)] + [480_000]
    silent = [1_500_000, 1_450_000, 1_520_000, None]
    example = tested(1, konsumsi)
    assert example["deviation"] == 24 and example["expected_range"] == {"min": 2_900_000, "max": 3_300_000}
    rule = {"method": "zscore"}
    # The default method has no second implementation; what it says of the example must hold all the same, and the
    # evidence that it gives is the rule's.
    by_default = {key: value for key, value in example.items() if key != "expected_range"}
    ordinary = konsumsi[:3] + [3_150_000]
    write("expense_anomalies", "expense_anomalies", "numpy 2 mean and sample standard deviation; no-spread rules by hand", 1e-9, [
        case("Konsumsi", input(rows(1, konsumsi)), {"anomalies": [example], "tested": 1, "too_little_history": []}, rule),
        case("Konsumsi by default", input(rows(1, konsumsi)), {"anomalies": [by_default], "tested": 1}),
        case("an ordinary month by default", input(rows(1, ordinary)), {"anomalies": [], "tested": 1, "shifts": []}),
        case("gaps are zeros", input(rows(4, gaps)), {"anomalies": [tested(4, gaps)]}, rule),
        case("twelve months of twenty", input(rows(5, year)), {"anomalies": [tested(5, year)]}, rule),
        case("nothing spent", input(rows(6, silent)), {"anomalies": [tested(6, silent)]}, rule),
        case("no spread", input(rows(2, [500, 500, 500, 751])), {"anomalies": [
            {"deviation": None, "sd": 0, "mean": 500, "severity": "MEDIUM", "type": "OVERSPENDING",
             "expected_range": {"min": 500, "max": 500}}]}, rule),
        case("no spread, no difference", input(rows(2, [500] * 9)), {"anomalies": [], "tested": 1}, rule),
        case("too little history", input(rows(1, konsumsi), rows(3, [1, 2, 9_000])),
             {"anomalies": [{"category": 1}], "too_little_history": [{"category": 3, "there": 2, "needed": 3}]}, rule),
        case("window below history", input(), {"error": "invalid_input"}, {"window": 2, **rule}),
        case("a level that cannot be", input(), {"error": "invalid_input"}, {"false_alarm": 0.9}),
    ])

    def entries(amounts):
        n = len(amounts)
        return {"entry": list(range(1, n + 1)), "category": [1] * n, "amount": amounts, "date": ["2026-01-10"] * n}

    def unusual(amounts):
        found = []
        for i, amount in enumerate(amounts):
            others = np.delete(np.array(amounts, float), i)
            mean, sd = others.mean(), others.std(ddof=1)
            z = (amount - mean) / sd
            if abs(z) > 3:
                found.append({
                    "entry": i + 1, "amount": amount, "deviation": z, "mean": mean, "sd": sd, "others": len(others),
                    "expected_range": {"min": round(mean - 3 * sd, 2), "max": round(mean + 3 * sd, 2)},
                    "type": "OVERSPENDING" if z > 0 else "UNDERSPENDING",
                })
        return sorted(found, key=lambda row: -abs(row["deviation"]))

    amounts = np.random.default_rng(3).normal(450_000, 40_000, 60).round(-2).astype(int).tolist()
    amounts[17], amounts[41] = 1_900_000, 25_000
    assert len(unusual(amounts)) == 1
    plain = [100, 110, 90, 105, 95, 2000]
    write("unusual_transactions", "unusual_transactions", "numpy 2 on the others of each category, one left out at a time", 1e-9, [
        case("six transactions", {"entries": entries(plain), "as_of": "2026-02-03"},
             {"unusual": unusual(plain), "tested": 6, "too_little_history": []}),
        case("sixty, a large one hides a small one", {"entries": entries(amounts), "as_of": "2026-02-03"},
             {"unusual": unusual(amounts), "tested": 60}),
        case("no spread", {"entries": entries([500] * 6 + [800]), "as_of": "2026-02-03"},
             {"unusual": [{"entry": 7, "deviation": None, "mean": 500, "sd": 0}]}),
        case("too few", {"entries": entries([1, 2, 3]), "as_of": "2026-02-03"},
             {"unusual": [], "too_little_history": [{"category": 1, "there": 2, "needed": 5}]}),
        case("after the date", {"entries": entries(plain), "as_of": "2026-01-09"}, {"error": "invalid_input"}),
    ])



def esd():
    """Rosner's example with the numbers of the NIST/SEMATECH handbook, section 1.3.5.17.3."""
    values = [float(v) for v in """-0.25 0.68 0.94 1.15 1.20 1.26 1.26 1.34 1.38 1.43 1.49 1.49 1.55 1.56 1.58 1.65 1.69
        1.70 1.76 1.77 1.81 1.91 1.94 1.96 1.99 2.06 2.09 2.10 2.14 2.15 2.23 2.24 2.26 2.35 2.37 2.40 2.47 2.54 2.62 2.64
        2.90 2.92 2.92 2.93 3.21 3.26 3.30 3.59 3.68 4.30 4.64 5.34 5.42 6.01""".split()]
    write("generalised_esd", "generalised_esd", "Rosner 1983; NIST/SEMATECH e-Handbook 1.3.5.17.3 (public domain)", 1e-9, [
        case("Rosner", {"values": values, "most": 10, "level": 0.05}, {"outliers": [53, 52, 51]}),
        case("nothing odd", {"values": values[5:45], "most": 5, "level": 0.05}, {"outliers": []}),
        case("too few", {"values": [1.0, 2.0], "most": 1, "level": 0.05}, {"error": "invalid_input"}),
    ])


forecasts()
cash_flows()
churn()
lifetime()
anomalies()
esd()
