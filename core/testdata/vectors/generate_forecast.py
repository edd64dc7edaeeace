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


def by_category():
    """Constant categories: their sums are the totals, and no future differs from another."""
    average = {"income_method": "moving_average", "expense_method": "moving_average", "horizon": 2}
    named = lambda **parts: [{"name": name, "series": ending([value] * 6)} for name, value in parts.items()]
    months = [month("2026-01", 1 + ahead) for ahead in range(2)]
    points = lambda value, months: [{"month": name, "value": float(value)} for name in months]

    def flow(name, income, expense, balance, so_far=None):
        first = 1 if so_far else 0
        total = {"income": sum(income.values()), "expense": sum(expense.values())}
        now = balance
        if so_far:
            now += max(total["income"] - so_far["income"], 0) - max(total["expense"] - so_far["expense"], 0)
        rows, ahead = [], [month("2026-01", 1 + first + step) for step in range(2)]
        for name_of_month in ahead:
            now += total["income"] - total["expense"]
            rows.append({"month": name_of_month, "predicted_income": total["income"], "predicted_expense": total["expense"],
                         "predicted_balance": now, "balance_lower": now, "balance_upper": now, "shortfall": float(now < 0)})
        parts = lambda of: [{"name": part, "forecast": {"points": points(value, ahead)}} for part, value in of.items()]
        expected = {"months": rows, "income": parts(income), "expense": parts(expense)}
        given = {"income": named(**income), "expense": named(**expense), "balance": balance, "so_far": so_far}
        return case(name, given, expected, average)

    two = {"income": named(a=1.0), "expense": [{"name": "b", "series": ending([1.0] * 6, "2025-12")}], "balance": 0,
           "so_far": None}
    write("simulate_cash_flow_by_category", "by hand: constant series have no spread", [
        flow("two and three categories", {"donations": 900_000, "box": 100_000},
             {"food": 800_000, "school": 500_000, "power": 200_000}, 700_000),
        flow("the running month half over", {"donations": 1_000_000}, {"food": 800_000, "school": 400_000}, 500_000,
             {"income": 700_000, "expense": 900_000}),
        case("different ends", two, {"error": "invalid_input"}, average),
    ])


def months_after_the_running_one():
    """Lines and averages; of the running month only what is still to come counts."""
    income, expense = [5.4e6, 5.6e6, 5.8e6, 6.0e6], [5.2e6, 5.8e6, 5.6e6, 5.4e6]
    average = sum(expense) / len(expense)

    def ahead(name, balance, so_far):
        came = so_far or {"income": 0, "expense": 0}
        now = balance + max(line(income, 1) - came["income"], 0) - max(average - came["expense"], 0)
        rows = []
        for step in (2, 3, 4):
            now += line(income, step) - average
            rows.append({"month": month("2026-01", step), "predicted_income": round(line(income, step)),
                         "predicted_expense": round(average), "predicted_balance": round(now)})
        given = {"income": ending(income), "expense": ending(expense), "balance": balance, "so_far": so_far}
        return case(name, given, rows)

    given = {"income": ending(income), "expense": ending(expense), "balance": 0}
    write("cash_flow_ahead", "least squares and averages in plain Python", [
        ahead("nothing came yet", 2_000_000, None),
        ahead("half of the income, all of the expense", 2_000_000, {"income": 3_000_000, "expense": 6_000_000}),
        case("a negative sum so far", {**given, "so_far": {"income": -5_000_000, "expense": 0}}, {"error": "invalid_input"}),
        case("different ends", {**given, "expense": ending(expense, "2025-12"), "so_far": None}, {"error": "invalid_input"}),
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
    # The same donors side by side.
    every_month = monthly("", "2026-01", "2026-01-31", "2026-02", 0)
    donors = [every_month["input"], few, odd]
    together = {
        "starts": [0, 12, 14],
        "dates": [date for donor in donors for date in donor["dates"]],
        "amounts": [amount for donor in donors for amount in donor["amounts"]],
        "as_of": "2026-01-31",
    }
    write("next_gifts", "the chances enumerated in plain Python", [
        case("three donors", together, [every_month["expected"], {"answer": "none", "reason": "too_few"},
                                        {"answer": "none", "reason": "irregular"}]),
        case("no donors", {"starts": [], "dates": [], "amounts": [], "as_of": "2026-01-31"}, []),
        case("a start past the end", {**together, "starts": [0, 12, 99]}, {"error": "invalid_input"}),
    ])


cash_flows()
by_category()
months_after_the_running_one()
parts_that_add_up()
next_gifts()
