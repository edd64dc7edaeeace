"""Writes the vectors of cash flow with chances, of parts that add up, and of a donor's next gift, in plain Python.

Nothing here calls Dermawan, and nothing but Python is needed. Run: python generate_forecast.py
"""

import json
import pathlib

HERE = pathlib.Path(__file__).parent


def write(name, source, cases):
    document = {"function": name, "source": source, "licence": "MIT OR Apache-2.0", "tolerance": 1e-9, "cases": cases}
    (HERE / f"{name}.json").write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def case(name, input, expected, options=None):
    return {"name": name, "input": input, "options": options or {}, "expected": expected}


def month(first, offset):
    year, number = map(int, first.split("-"))
    index = year * 12 + number - 1 + offset
    return f"{index // 12:04}-{index % 12 + 1:02}"


def ending(values, last="2026-01"):
    return {"first": month(last, 1 - len(values)), "values": [float(value) for value in values]}


def line(values, ahead):
    """The least-squares line through the values, so many months after the last."""
    n = len(values)
    middle, mean = (n - 1) / 2, sum(values) / n
    slope = sum((i - middle) * (y - mean) for i, y in enumerate(values)) / sum((i - middle) ** 2 for i in range(n))
    return mean + slope * (n - 1 + ahead - middle)


def cash_flows():
    """Constant series have no spread, so every chance is 0 or 1."""
    average = {"income_method": "moving_average", "expense_method": "moving_average"}

    def flow(name, income, expense, balance, options, so_far=None):
        now, rows, broke = balance, [], False
        skip = 0
        if so_far:
            now += max(income - so_far["income"], 0) - max(expense - so_far["expense"], 0)
            skip = 1
        for ahead in range(options.get("horizon", 3)):
            now += income - expense
            broke = broke or now < 0
            rows.append({
                "month": month("2026-01", 1 + skip + ahead), "predicted_income": income, "predicted_expense": expense,
                "predicted_balance": now, "balance_lower": now, "balance_upper": now,
                "shortfall": float(now < 0), "shortfall_by": float(broke), "hijri_income": 0, "hijri_expense": 0,
            })
        risky = next((row["month"] for row in rows if row["shortfall"] > options.get("shortfall_limit", 0.2)), None)
        expected = {"months": rows, "level": 0.95, "first_month_at_risk": risky}
        given = {"income": ending([income] * 6), "expense": ending([expense] * 6), "balance": balance, "so_far": so_far}
        return case(name, given, expected, {**average, **options})

    two = {"income": ending([1.0] * 6), "expense": ending([1.0] * 6, "2025-12"), "balance": 0, "so_far": None}
    write("simulate_cash_flow", "by hand: constant series have no spread", [
        flow("money for two months", 1_000_000, 2_000_000, 2_500_000, {}),
        flow("never short", 2_000_000, 1_000_000, 0, {"horizon": 5, "seed": 7, "draws": 500}),
        flow("short from the start", 1_000_000, 1_500_000, -100_000, {"horizon": 2}),
        flow("the running month half over", 1_000_000, 2_000_000, 2_000_000, {"horizon": 2},
             {"income": 400_000, "expense": 2_100_000}),
        case("different ends", two, {"error": "invalid_input"}),
        case("too few draws", {**two, "expense": two["income"]}, {"error": "invalid_input"}, {"draws": 99}),
    ])


def parts_that_add_up():
    zakat, box = [310.0, 290.0, 335.0, 360.0, 340.0, 385.0], [90.0, 120.0, 75.0, 110.0, 130.0, 95.0]
    named = lambda **parts: [{"name": name, "series": ending(values)} for name, values in parts.items()]
    points = lambda values: [{"month": month("2026-01", ahead + 1), "value": value} for ahead, value in enumerate(values)]

    def lines(how):
        ahead = [[line(values, step) for step in (1, 2)] for values in (zakat, box)]
        expected = {
            "total": {"points": points([a + b for a, b in zip(*ahead)])},
            "parts": [{"name": "zakat", "forecast": {"points": points(ahead[0])}},
                      {"name": "box", "forecast": {"points": points(ahead[1])}}],
        }
        given = {"parts": named(zakat=zakat, box=box), "total": None, "horizon": 2, "how": how}
        return case(f"lines, which add up by themselves, {how}", given, expected, {"method": "ols"})

    # The parts' averages are 2 and 3, the total's 10, so 4 and 6 it is.
    scaled = {"parts": named(a=[2.0] * 3, b=[3.0] * 3), "total": ending([10.0] * 9), "horizon": 1, "how": "top_down"}
    late = [*named(a=[2.0] * 3), {"name": "b", "series": ending([3.0] * 3, "2025-12")}]
    write("forecast_many", "least squares and averages in plain Python", [
        lines("bottom_up"),
        lines("min_trace"),
        case("scaled to a total that knows more", scaled, {
            "total": {"points": points([10.0])},
            "parts": [{"name": "a", "forecast": {"points": points([4.0])}},
                      {"name": "b", "forecast": {"points": points([6.0])}}],
        }, {"method": "moving_average"}),
        case("different ends", {**scaled, "parts": late, "total": None}, {"error": "invalid_input"}),
        case("no parts", {**scaled, "parts": []}, {"error": "invalid_input"}),
    ])


def next_gifts():
    stop = 0.05
    amounts = [100_000, 150_000, 120_000, 100_000, 200_000, 100_000, 130_000, 110_000, 90_000, 100_000, 140_000, 160_000]

    def expected(hits, turns, missed):
        """Giving at a turn with p (Laplace), stopping before each turn with `stop`: all ways to have missed so many."""
        p = (hits + 1) / (turns + 2)
        quiet = (1 - stop) * (1 - p)
        alive = quiet**missed
        gone = sum(quiet**turn * stop for turn in range(missed))
        return p * (1 - stop) * alive / (alive + gone)

    def monthly(name, last, as_of, rhythm_month, missed):
        dates = [f"{month(last, i - 11)}-05" for i in range(12)]
        late = sorted(amounts[-6:])
        answer = {"answer": "expected", "rhythm": "monthly", "month": rhythm_month, "amount": late[2],
                  "lowest": late[0], "highest": late[-1], "probability": expected(11, 11, missed), "missed": missed}
        return case(name, {"dates": dates, "amounts": amounts, "as_of": as_of}, answer)

    few = {"dates": ["2025-11-05", "2025-12-05"], "amounts": [1, 1], "as_of": "2026-01-31"}
    odd = {"dates": ["2022-01-05", "2022-06-05", "2023-12-05", "2024-02-05", "2025-11-20"], "amounts": [1] * 5,
           "as_of": "2026-01-31"}
    years = [f"{year}-12-{20 + i}" for i, year in enumerate(range(2021, 2026))]
    write("next_gift", "the chances enumerated in plain Python", [
        monthly("every month", "2026-01", "2026-01-31", "2026-02", 0),
        monthly("two months missed", "2025-10", "2026-01-31", "2026-01", 2),
        case("every December", {"dates": years, "amounts": amounts[:5], "as_of": "2026-01-31"}, {
            "answer": "expected", "rhythm": "yearly", "month": "2026-12", "amount": 120_000, "lowest": 100_000,
            "highest": 200_000, "probability": expected(4, 4, 0), "missed": 0,
        }),
        case("two gifts", few, {"answer": "none", "reason": "too_few"}),
        case("no rhythm", odd, {"answer": "none", "reason": "irregular"}),
        case("not in order", {**few, "dates": few["dates"][::-1]}, {"error": "invalid_input"}),
    ])


cash_flows()
parts_that_add_up()
next_gifts()
