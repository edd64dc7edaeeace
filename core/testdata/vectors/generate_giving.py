"""Writes the vectors of what gifts are worth, of outlooks, calls and standings, and of the audit of gifts and the cash book.

Independent implementations: mpmath with 40 digits, and plain Python. Nothing here calls Dermawan.
Run: pip install mpmath==1.3.*; python generate_giving.py [names of the vectors; all of them by default]
"""

import csv
import datetime
import random
import sys

import mpmath as mp

from generate_churn import DATA, bgbb, bgbb_future, case, dropout_future, floats, maximum, mbgnbd, write

PAPERS = "the papers' formulas in mpmath, 40 digits"
DEFINED = "the definitions in plain Python"


def climb(goal, n):
    """Newton from zero with numeric derivatives; the place, and minus the curvature there."""
    step, at = mp.mpf("1e-10"), [mp.mpf(0)] * n

    def moved(*shifts):
        u = list(at)
        for i, s in shifts:
            u[i] += s
        return goal(u)

    for _ in range(60):
        here = goal(at)
        g = mp.matrix([(moved((i, step)) - moved((i, -step))) / (2 * step) for i in range(n)])
        h = mp.matrix(n, n)
        for i in range(n):
            for j in range(n):
                h[i, j] = (moved((i, step), (j, step)) - moved((i, step), (j, -step))
                           - moved((i, -step), (j, step)) + moved((i, -step), (j, -step))) / (4 * step**2)
        if mp.norm(g, mp.inf) < mp.mpf("1e-16"):
            return at, -h
        damp = mp.mpf(0)
        while True:
            try:
                m = -h + damp * mp.eye(n)
                mp.cholesky(m)
                move = mp.lu_solve(m, g)
                scale = mp.mpf(1) / max(1, mp.norm(move, mp.inf))
                nxt = [a + scale * b for a, b in zip(at, move)]
                if goal(nxt) >= here - mp.mpf("1e-25"):
                    break
            except ValueError:
                pass
            damp = damp * 4 + 1
        at = nxt
    raise ValueError("no maximum")


def gamma_gamma(p, q, g, x, m):
    """Fader & Hardie (2013), equation 1a, with the mean for the sum."""
    return (mp.loggamma(p * x + q) - mp.loggamma(p * x) - mp.loggamma(q) + q * mp.log(g)
            + (p * x - 1) * mp.log(m) + p * x * mp.log(x) - (p * x + q) * mp.log(g + m * x))


def spending_fit(rows, spread):
    """p, q and gamma with their standard errors and the log likelihood; spread None for maximum likelihood."""
    rows = [(mp.mpf(x), mp.mpf(m)) for x, m in rows if x > 0]
    mean = sum(m for _, m in rows) / len(rows)
    at = lambda u: (2 * mp.exp(u[0]), 1 + 2 * mp.exp(u[1]), mean * mp.exp(u[2]))
    likelihood = lambda u: sum(gamma_gamma(*at(u), x, m) for x, m in rows)
    prior = lambda u: sum(v * v for v in u) / (2 * mp.mpf(spread) ** 2) if spread else 0
    u, curvature = climb(lambda u: likelihood(u) - prior(u), 3)
    p, q, g = at(u)
    inverse = curvature**-1
    errors = [scale * mp.sqrt(inverse[i, i]) for i, scale in enumerate((p, q - 1, g))]
    return (p, q, g), errors, likelihood(u), len(rows)


def worth(parameters, x, m):
    """Fader & Hardie (2013), equation 5."""
    p, q, g = parameters
    return p * (g + m * x) / (p * x + q - 1)


def spending_columns(rows):
    return {"gifts": [r[0] for r in rows], "mean": [r[1] for r in rows]}


def spending():
    random.seed(21)
    few = [[random.choice([1, 1, 2, 3, 8]), random.choice([50_000, 75_000, 100_000, 250_000, 1_000_000])] for _ in range(24)]
    few = [[x, m + 1_000 * random.randint(0, 9)] for x, m in few] + [[0, 0]]
    with open(DATA / "cdnow_cbs_2357.csv") as file:
        cdnow = [[int(float(r[0])), float(r[4])] for r in list(csv.reader(file))[1:]]
    fits, cases = {}, []
    for name, rows, spread, options in [
        ("25 donors, with the prior", few, 1, {}),
        ("25 donors, a narrow prior", few, 0.25, {"prior_spread": 0.25}),
        ("CDNOW, maximum likelihood", cdnow, None, {"estimate": "ml"}),
    ]:
        fits[name] = parameters, errors, likelihood, donors = spending_fit(rows, spread)
        print(name, floats(parameters), float(likelihood), flush=True)
        expected = {"parameters": floats(parameters), "log_likelihood": float(likelihood), "donors": donors}
        cases.append(case(name, {"spending": spending_columns(rows)}, expected, options))
    # As published, to four digits.
    for ours, published in zip(fits["CDNOW, maximum likelihood"][0], (6.2496, 3.7442, 15.4435)):
        assert abs(ours - published) < 1e-4 * published
    cases.append(case("too few donors", {"spending": spending_columns(few[:9])}, {"error": "not_enough_history"}))
    cases.append(case("columns that differ", {"spending": {"gifts": [1], "mean": []}}, {"error": "invalid_input"}))
    cases.append(case("a gift of nothing", {"spending": {"gifts": [1] * 12, "mean": [0] * 12}}, {"error": "invalid_input"}))

    asked = [[0, 0], [1, 100_000], [3, 40_000], [40, 1_000_000]]
    p = [mp.mpf(v) for v in ("6.25", "3.74", "300000")]
    fitted = {"parameters": floats(p), "standard_errors": [0, 0, 0], "log_likelihood": 0, "donors": 0,
              "convergence": {"steps": 0, "gradient": 0, "condition": 1}}
    answer = [float(worth(p, mp.mpf(x), mp.mpf(m))) for x, m in asked]
    predicted = [
        case("drawn towards all", {"fitted": fitted, "spending": spending_columns(asked)}, answer),
        case("less than none", {"fitted": fitted, "spending": {"gifts": [-1], "mean": [1]}}, {"error": "invalid_input"}),
    ]
    return cases, predicted


def outlooks():
    random.seed(4)
    as_of, h = datetime.date(2026, 1, 31), 365
    donors = []
    for donor in range(1, 41):
        days = random.choice([1, 1, 2, 3, 6, 12, 24])
        last = as_of - datetime.timedelta(days=random.randint(0, 700))
        first = last - datetime.timedelta(days=random.randint(7 * days, 60 * days)) if days > 1 else last
        donors.append((donor, days, first, last, days * random.randint(20, 400) * 1_000))
    rows = [[days - 1, (last - first).days, (as_of - first).days] for _, days, first, last, _ in donors]
    n = len(rows)
    alpha = mp.mpf(sum(r[2] for r in rows)) / n / (mp.mpf(sum(r[0] for r in rows)) / n + mp.mpf("0.5"))
    p, *_ = maximum("mbg_nbd", rows, [mp.mpf(1), alpha, mp.mpf(1), mp.mpf(3)], 1)
    money = spending_fit([[days, mp.mpf(total) / days] for _, days, _, _, total in donors], 1)[0]
    print("outlook", floats(p), floats(money), flush=True)
    r, al, a, b = p
    disc = mp.log(mp.mpf("1.1")) / mp.mpf("365.25")
    gaps = [round((last - first).days / (days - 1)) if days > 1 else 0 for _, days, first, last, _ in donors]
    known = sorted(g for g in gaps if g)
    middle = known[len(known) // 2]
    out = {key: [] for key in ("p_no_gift", "p_alive", "level", "expected_gifts", "gift_value", "expected_value",
                               "lifetime_value", "value_at_risk", "silent_days", "usual_days", "overdue")}
    sen = lambda value: float(mp.nint(100 * value)) / 100
    for (x, tx, t), (_, days, _, last, total), usual in zip(rows, donors, gaps):
        alive = mbgnbd(p, x, tx, t)[1]
        active, gifts, value = dropout_future(r + x, al + t, a, b + x + 1, mp.mpf(h), disc)
        none, mean = 1 - alive * active, worth(money, mp.mpf(days), mp.mpf(total) / days)
        out["p_no_gift"].append(float(none))
        out["p_alive"].append(float(alive))
        out["level"].append("HIGH" if none >= 0.75 else "MEDIUM" if none >= 0.5 else "LOW")
        out["expected_gifts"].append(float(alive * gifts))
        out["gift_value"].append(sen(mean))
        out["expected_value"].append(sen(alive * gifts * mean))
        out["lifetime_value"].append(sen(alive * value * mean))
        out["value_at_risk"].append(sen(none * alive * gifts * mean))
        out["silent_days"].append((as_of - last).days)
        out["usual_days"].append(usual)
        out["overdue"].append((as_of - last).days / (usual or middle))
    giving = {"donor": [d[0] for d in donors], "days": [d[1] for d in donors], "first": [str(d[2]) for d in donors],
              "last": [str(d[3]) for d in donors], "total": [d[4] for d in donors], "season_days": [0] * n, "seasons": [0] * n}
    input = {"giving": giving, "method": "mbg_nbd", "as_of": str(as_of)}
    few = {key: column[:20] for key, column in giving.items()}
    today = giving | {"days": [1] * n, "first": [str(as_of)] * n, "last": [str(as_of)] * n}
    return [
        *by_quarters(donors, giving, money, as_of),
        case("nobody has had time to give again", input | {"giving": today}, {"error": "not_enough_history"}),
        case("forty donors, MBG/NBD and Gamma-Gamma", input, out),
        case("the rule is no model", input | {"method": "rule"}, {"error": "invalid_input"}),
        case("opportunities that are missing", input | {"method": "bg_bb_monthly"}, {"error": "invalid_input"}),
        case("too few donors", input | {"giving": few}, {"error": "not_enough_history"}),
        case("medium above high", input, {"error": "invalid_input"}, {"medium": 0.9, "high": 0.8}),
    ]


def by_quarters(donors, giving, money, as_of):
    """BG/BB by quarters: gifts a quarter by the NBD beside it, over horizons of a part of one and of some and a part."""
    length, quarters, rows, seen = mp.mpf("30.4375") * 3, [], [], []
    for donor, days, first, last, _ in donors:
        back = lambda day: ((as_of.year - day.year) * 12 + as_of.month - day.month - (day.day > as_of.day)) // 3
        age, recency = back(first), back(first) - back(last)
        # With a gift in as many quarters as there are, at most.
        x = min(recency, days - 1)
        x = x if recency == 0 else max(1, min(x, 1 + (donor % 3)))
        quarters.append([donor, x, recency, age])
        rows.append([x, recency, age])
        since = mp.mpf((as_of - first).days) / length - age
        seen.append((days - 1 - x, x + min(mp.mpf(1), max(mp.mpf(0), since))))
    p, *_ = maximum("bg_bb", rows, [mp.mpf(v) for v in (1, 1, 1, 3)], 1)
    # The fit of the NBD tells exposures apart by 1/64 of a quarter.
    grained = [(x, mp.floor(over * 64 + mp.mpf("0.5")) / 64) for x, over in seen]
    centre = (sum(x for x, _ in seen) + mp.mpf("0.5")) / (sum(over for _, over in seen) + mp.mpf("0.5"))

    def nbd(u):
        shape, mean = mp.exp(u[0]), centre * mp.exp(u[1])
        each = lambda x, over: (mp.loggamma(shape + x) - mp.loggamma(shape) + shape * mp.log(shape / (shape + mean * over))
                                + x * mp.log(mean / (shape + mean * over)))
        return sum(each(x, over) for x, over in grained) - (u[0] ** 2 + u[1] ** 2) / 2

    u, _ = climb(nbd, 2)
    shape, mean = mp.exp(u[0]), centre * mp.exp(u[1])
    further = [mean * (shape + x) / (shape + mean * over) for x, over in seen]
    print("quarters", floats(p), float(shape), float(mean), flush=True)
    d = mp.mpf("1.1") ** mp.mpf("0.25") - 1
    sen = lambda value: float(mp.nint(100 * value)) / 100
    columns = {key: [row[i] for row in quarters] for i, key in enumerate(("donor", "frequency", "recency", "age"))}
    cases = []
    for h in (30, 200):
        whole, part = int(mp.floor(h / length)), h / length - mp.floor(h / length)
        out = {key: [] for key in ("p_no_gift", "p_alive", "expected_gifts", "expected_value", "lifetime_value", "value_at_risk")}
        for row, more, (_, days, _, _, total) in zip(rows, further, donors):
            active, gifts, value = bgbb_future(p, *row, whole + 1, d)
            before, gifts_before = bgbb_future(p, *row, whole, d)[:2] if whole else (mp.mpf(0), mp.mpf(0))
            # 1 + Poisson gifts, evenly spread: one at least in the first part of a quarter.
            share = 1 - (1 - part) * mp.exp(-more * part)
            none = 1 - before - share * (active - before)
            expected = (gifts_before + part * (gifts - gifts_before)) * (1 + more)
            worth_each = worth(money, mp.mpf(days), mp.mpf(total) / days)
            out["p_no_gift"].append(float(none))
            out["p_alive"].append(float(bgbb(p, *row)[1]))
            out["expected_gifts"].append(float(expected))
            out["expected_value"].append(sen(expected * worth_each))
            out["lifetime_value"].append(sen(value * (1 + more) * worth_each))
            out["value_at_risk"].append(sen(none * expected * worth_each))
        input = {"giving": giving, "method": "bg_bb_quarterly", "as_of": str(as_of), "opportunities": columns}
        cases.append(case(f"forty donors, BG/BB by quarters, {h} days ahead", input, out, {"horizon_days": h}))
    return cases


def calls():
    random.seed(6)
    n = 30
    column = lambda draw: [draw() for _ in range(n)]
    p = column(lambda: round(random.random(), 3))
    input = {
        "donor": list(range(1, n + 1)), "p_no_gift": p, "p_no_gift_low": p, "p_no_gift_high": p,
        "level": ["HIGH" if v >= 0.75 else "MEDIUM" if v >= 0.5 else "LOW" for v in p],
        "p_alive": column(lambda: 0.5), "expected_gifts": column(lambda: 1.0), "gift_value": column(lambda: 100_000),
        "expected_value": column(lambda: 100_000), "lifetime_value": column(lambda: 100_000),
        "value_at_risk": column(lambda: 50_000 * random.randint(0, 6)), "days": column(lambda: random.choice([1, 2, 9])),
        "silent_days": column(lambda: random.randint(0, 500)), "usual_days": column(lambda: random.choice([0, 30, 90])),
        "overdue": column(lambda: round(3 * random.random(), 2)), "seasonal": column(lambda: random.random() < 0.2),
        "seasons": column(lambda: 2), "seasons_missed": column(lambda: random.choice([1, 1, 2])),
        "next_season": ["2027-02-08"] * n, "method": "mbg_nbd", "horizon_days": 365,
        "fitted": {"model": "mbg_nbd", "parameters": [1, 1, 1, 1]}, "spending": None,
    }

    def sign(row):
        if input["seasonal"][row]:
            return {"sign": "season", "gave": 2, "missed": input["seasons_missed"][row], "next": "2027-02-08"}
        silent = input["silent_days"][row]
        if input["days"][row] < 2:
            return {"sign": "single", "silent_days": silent}
        return {"sign": "rhythm", "usual_days": input["usual_days"][row], "silent_days": silent}

    def expected(capacity=20, min_overdue=1.0, max_silent_days=365, max_missed_seasons=1, min_p_no_gift=0.25):
        near = lambda i: (input["seasons_missed"][i] <= max_missed_seasons if input["seasonal"][i]
                          else input["silent_days"][i] <= max_silent_days)
        rows = [i for i in range(n) if input["overdue"][i] >= min_overdue and near(i) and p[i] >= min_p_no_gift and input["value_at_risk"][i] > 0]
        rows.sort(key=lambda i: (-input["value_at_risk"][i], -p[i], i))
        return [{"donor": i + 1, "row": i, "value_at_risk": input["value_at_risk"][i], "p_no_gift": p[i],
                 "level": input["level"][i], "sign": sign(i)} for i in rows[:capacity]]

    cases = [case(name, {"outlooks": input}, expected(**options), options) for name, options in [
        ("as usual", {}), ("three calls", {"capacity": 3}), ("the very late", {"min_overdue": 2.0}),
        ("the certain", {"min_p_no_gift": 0.8}), ("after a year too", {"max_silent_days": 500}), ("after two Ramadans too", {"max_missed_seasons": 2})]]
    ragged = input | {"overdue": input["overdue"][:-1]}
    return [*cases, case("a column too short", {"outlooks": ragged}, {"error": "invalid_input"}), case("no time for a call", {"outlooks": input}, {"error": "invalid_input"}, {"capacity": 0})]


def calls_by_rule():
    rows = [  # donor, score, level, silent days, gifts, first, last, a month's value
        (1, 85, "HIGH", 200, 12, "2024-07-01", "2025-06-01", 500_000),
        (2, 20, "LOW", 20, 12, "2025-01-01", "2025-12-01", 500_000),
        (3, 60, "MEDIUM", 120, 1, "2025-09-01", "2025-09-01", 100_000),
        (4, 100, "HIGH", 500, 3, "2024-01-01", "2024-09-01", 900_000),
        (5, 60, "MEDIUM", 25, 5, "2025-01-06", "2026-01-06", 900_000),
        (6, 60, "MEDIUM", 120, 2, "2025-08-02", "2025-09-01", 100_000),
    ]
    n = len(rows)
    zeros = [0] * n
    scores = {"donor": [r[0] for r in rows], "score": [r[1] for r in rows], "level": [r[2] for r in rows],
              "days_since_last": [r[3] for r in rows], "days_points": zeros, "gifts_ever": [r[4] for r in rows],
              "ever_points": zeros, "gifts_recent": zeros, "recent_points": zeros, "recent_months": 3}
    values = {"donor": scores["donor"], "total_value": zeros, "total_donations": scores["gifts_ever"], "average_donation": zeros,
              "months_active": zeros, "monthly_value": [r[7] for r in rows], "donation_frequency": zeros,
              "first_donation": [r[5] for r in rows], "last_donation": [r[6] for r in rows]}
    expected = []
    for row, (donor, score, level, silent, gifts, first, last, month) in enumerate(rows):
        span = (datetime.date.fromisoformat(last) - datetime.date.fromisoformat(first)).days
        usual = max(1, round(span / (max(gifts, 2) - 1)))
        chance = min(score / 100, 0.95)
        sign = {"sign": "single", "silent_days": silent} if gifts < 2 else {"sign": "rhythm", "usual_days": usual, "silent_days": silent}
        if (gifts < 2 or silent >= usual) and silent <= 365 and score >= 25:
            expected.append({"donor": donor, "row": row, "value_at_risk": round(month * 12 * chance * (1 - chance), 2), "p_no_gift": score / 100,
                             "level": level, "sign": sign})
    expected.sort(key=lambda call: (-call["value_at_risk"], -call["p_no_gift"], call["donor"]))
    other = values | {"donor": [7, *scores["donor"][1:]]}
    return [
        case("six donors", {"scores": scores, "values": values}, expected),
        case("one call", {"scores": scores, "values": values}, expected[:1], {"capacity": 1}),
        case("other donors", {"scores": scores, "values": other}, {"error": "invalid_input"}),
    ]


def standings():
    random.seed(15)
    rows = [(donor, year) for donor in range(1, 41) for year in range(2020, 2027) if random.random() < 0.35]
    columns = {"donor": [d for d, _ in rows], "year": [y for _, y in rows], "count": [1] * len(rows), "total": [100_000] * len(rows)}
    cases = []
    for year in (2020, 2024, 2026):
        found = {}
        for donor in sorted({d for d, y in rows if y <= year}):
            gave = {y for d, y in rows if d == donor and y <= year}
            found[donor] = ("retained" if year - 1 in gave else "new" if gave == {year} else "recaptured") if year in gave else \
                "lybunt" if year - 1 in gave else "sybunt"
        expected = {"year": year, "donor": list(found), "standing": list(found.values())}
        cases.append(case(f"forty donors in {year}", {"giving": columns, "year": year}, expected))
    wrong = {"donor": [2, 1], "year": [2020, 2020], "count": [1, 1], "total": [1, 1]}
    return [*cases, case("out of order", {"giving": wrong, "year": 2024}, {"error": "invalid_input"})]


def median(values):
    values, n = sorted(values), len(values)
    return (values[(n - 1) // 2] + values[n // 2]) / 2


def gifts():
    """Moderated t (Smyth 2004) on logarithms, medians and MADs; the tail by the incomplete beta function."""
    random.seed(9)
    rows = [(donor, 50_000 * random.choice([1, 1, 2, 2, 3]), f"2025-{month:02}-05") for donor in range(1, 16) for month in range(1, 9)]
    rows += [(3, 5_000_000, "2025-09-05"), (4, 100_000, "2025-09-05"), (5, 1_000, "2025-09-05"), (99, 9_000_000, "2025-09-05")]
    by_donor = {}
    for i, (donor, *_) in enumerate(rows):
        by_donor.setdefault(donor, []).append(i)

    def spread(places):
        logs = [mp.log(rows[i][1]) for i in places]
        centre = median(logs)
        return centre, mp.mpf("1.4826") * median([abs(x - centre) for x in logs])

    def found(min_history=3, false_alarm=0.001, since=None):
        donors = {d: places for d, places in by_donor.items() if len(places) > min_history}
        common = max(median([spread(places)[1] for places in donors.values()]), mp.mpf("0.15"))
        said = []
        for donor, places in donors.items():
            last = max(places, key=lambda i: (rows[i][2], i))
            for i in [i for i in places if (rows[i][2] >= since if since else i == last)]:
                centre, own = spread([j for j in places if j != i])
                others = len(places) - 1
                freedom = mp.mpf(others - 1 + 6)
                scale = max(mp.sqrt(((others - 1) * own**2 + 6 * common**2) / freedom), mp.mpf("0.15")) * mp.sqrt(1 + mp.mpf("1.57") / others)
                t = (mp.log(rows[i][1]) - centre) / scale
                p = mp.betainc(freedom / 2, mp.mpf("0.5"), 0, freedom / (freedom + t * t), regularized=True)
                if p < false_alarm:
                    said.append((p, donor, {"donor": donor, "date": rows[i][2], "amount": rows[i][1], "p_value": float(p),
                                            "side": "ABOVE" if t > 0 else "BELOW", "others": others,
                                            "usual": float(mp.nint(100 * mp.exp(centre))) / 100}))
        return [row for *_, row in sorted(said, key=lambda row: row[:2])]

    columns = {"donor": [r[0] for r in rows], "amount": [r[1] for r in rows], "date": [r[2] for r in rows]}
    input = {"gifts": columns, "as_of": "2025-12-31"}
    cases = [case(name, input, found(**options), options) for name, options in [
        ("the last gift of each", {}), ("the careless", {"false_alarm": 0.1}), ("all since August", {"since": "2025-08-01", "false_alarm": 0.05})]]
    assert cases[0]["expected"][0]["amount"] == 5_000_000
    return [
        *cases,
        case("after the day", input | {"as_of": "2025-01-01"}, {"error": "invalid_input"}),
        case("no spread", input, {"error": "invalid_input"}, {"min_history": 1}),
    ]


def digits():
    law = [mp.log10(1 + mp.mpf(1) / d) for d in range(1, 10)]
    random.seed(2)

    def expected(amounts):
        amounts = [a for a in amounts if a > 0]
        rounded = sum(a % 50_000 == 0 for a in amounts) / max(len(amounts), 1)
        tail = sorted(amounts)[len(amounts) // 100:len(amounts) - len(amounts) // 100]
        if len(amounts) < 1_000 or rounded > 0.2 or mp.log10(mp.mpf(tail[-1]) / tail[0]) < 1.7:
            return {"answer": "not_applicable", "amounts": len(amounts), "rounded": rounded}
        shares = [sum(str(a)[0] == str(d) for a in amounts) / len(amounts) for d in range(1, 10)]
        deviation = sum(abs(s - l) for s, l in zip(shares, law)) / 9
        word = "close" if deviation <= 0.006 else "acceptable" if deviation <= 0.012 else "marginal" if deviation <= 0.015 else "none"
        return {"answer": "applicable", "amounts": len(amounts), "shares": shares, "deviation": float(deviation), "conformity": word}

    lawful = [int(10 ** random.uniform(4, 7)) for _ in range(2_000)]
    even = [random.randint(10_000, 9_999_999) for _ in range(1_500)]
    return [case(name, {"amounts": amounts}, expected(amounts)) for name, amounts in [
        ("spread over three decades", lawful), ("made up evenly", even),
        ("within a decade", [random.randint(10_000, 99_999) for _ in range(1_500)]), ("too few", lawful[:999]),
        ("rounded", [50_000 * random.randint(1, 99) for _ in range(1_200)]), ("nothing and less", [0, -5]), ("none", [])]]


def missing():
    def expected(entries, most):
        there = sorted(entries)
        gaps = [{"after": a, "before": b, "missing": b - a - 1} for a, b in zip(there, there[1:]) if b > a + 1]
        return sorted(gaps, key=lambda gap: (-gap["missing"], gap["after"]))[:most]

    return [case(name, {"entries": entries, "most": most}, expected(entries, most)) for name, entries, most in [
        ("three gaps", [1, 2, 5, 6, 7, 20, 22], 10), ("the widest", [1, 2, 5, 6, 7, 20, 22], 1),
        ("out of order", [9, 1, 4], 10), ("twice the same", [3, 3, 5], 10), ("no gap", [7, 8, 9], 10), ("none", [], 10)]]


def book():
    """Single lines: each kind by its definition, in a book where nothing else is to be found."""
    def line(entry, amount, date, category=1, direction="expense", entered=None, text=""):
        return {"entry": entry, "direction": direction, "category": category, "amount": amount, "date": date, "entered": entered, "text": text}

    # Fifteen Wednesdays, amounts that differ and are spread evenly.
    days = [datetime.date(2025, 1, 8) + datetime.timedelta(weeks=i) for i in range(15)]
    usual = [line(i + 1, 500_000 + 40_000 * (7 * i % 15), str(day)) for i, day in enumerate(days)]
    columns = lambda lines: {key: [row[key] for row in lines] for key in lines[0]}
    day = lambda lines, **more: {"lines": columns(lines), "as_of": "2025-12-31", "accepted": [], **more}

    def outlier(amount):
        amounts = sorted([row["amount"] for row in usual] + [amount])
        n = len(amounts)
        at = lambda part: mp.log(100 * amounts[int(mp.floor((n - 1) * mp.mpf(part) + mp.mpf("0.5")))])
        low, middle, high = at("0.25"), at("0.5"), at("0.75")
        width = (high - middle if amount > 1_000_000 else middle - low)
        quartile = mp.sqrt(2) * mp.erfinv(mp.mpf("0.5"))
        scale = max((mp.mpf("0.75") * width + mp.mpf("0.125") * (high - low)) / quartile, mp.mpf("0.1"))
        z = (mp.log(100 * amount) - middle) / scale
        score = (1 - mp.mpf("0.5") / (abs(z) / 4)) * (1 if z > 0 else mp.mpf("0.5"))
        return {"entry": 99, "score": float(score), "evidence": {"kind": "outlier", "deviation": float(z), "usual": float(mp.exp(middle) / 100)}}

    def screened(name, extra, findings, options=None, **more):
        lines = sorted(usual + extra, key=lambda row: row["entry"])
        expenses = [row for row in lines if row["direction"] == "expense"]
        return case(name, day(lines, **more), {"tested": len(expenses), "findings": [{**found.pop("evidence"), **found} for found in findings]}, options)

    same = usual[4]
    twice = line(99, same["amount"], str(days[4] + datetime.timedelta(days=1)), text="beras")
    span = (days[-1] - days[0]).days
    chance = 1 - mp.exp(-mp.mpf(7) / span)
    double = {"entry": 99, "score": float(mp.mpf("0.95") * (1 - mp.mpf(1) / 6) * (1 - chance) * mp.mpf("0.7")),
              "evidence": {"kind": "duplicate", "of": same["entry"], "days": 1, "similarity": 1.0}}
    parts = [line(98, 960_000, "2025-04-17", category=2), line(99, 980_000, "2025-04-18", category=2)]
    part = {"kind": "split", "limit": 1_000_000, "entries": [98, 99], "total": 1_940_000}
    split = float(mp.mpf("0.3") + mp.mpf("0.6") * (2 * mp.mpf("0.97") - 1))
    late = line(99, 700_000, "2025-05-08", entered="2025-07-09")
    return [
        screened("nothing", [], []),
        screened("a zero too many", [line(99, 9_000_000, "2025-05-14")], [outlier(9_000_000)]),
        screened("a zero too few", [line(99, 70_000, "2025-05-14")], [outlier(70_000)]),
        screened("found in order", [line(99, 9_000_000, "2025-05-14")], [], accepted=[99]),
        screened("income is not screened", [line(99, 9_000_000, "2025-05-14", direction="income")], []),
        screened("the same twice", [twice], [double]),
        screened("two just under the limit", parts, [{"entry": e, "score": split, "evidence": part} for e in (99, 98)], {"limits": [1_000_000]}),
        screened("no limit, no split", parts, []),
        screened("typed in two months later", [late], [{"entry": 99, "score": float(1 - mp.mpf("0.7") * 31 / 62), "evidence": {"kind": "backdated", "days": 62}}]),
        case("after the day", day(usual) | {"as_of": "2025-02-01"}, {"error": "invalid_input"}),
        case("too little history is asked for", day(usual), {"error": "invalid_input"}, {"min_history": 4}),
    ]


def income():
    """The rule: |month - mean of the others before| / their standard deviation above 2; Ramadan 1446 is March 2025."""
    def months(last, amounts):
        year, number = map(int, last.split("-"))
        index = year * 12 + number - 1
        name = lambda i: f"{(index - len(amounts) + 1 + i) // 12:04}-{(index - len(amounts) + 1 + i) % 12 + 1:02}"
        return [{"month": name(i), "total": amount, "count": 1} for i, amount in enumerate(amounts)]

    usual = [10_000_000, 11_000_000, 9_500_000, 10_400_000, 9_900_000]
    rule = {"method": "zscore"}
    asked = lambda name, last, amounts, as_of, expected: case(name, {"months": months(last, amounts), "as_of": as_of}, expected, rule)
    strange = lambda month, amount, side: {"tested": 1, "ramadan": [], "anomalies": [{"month": month, "amount": amount, "side": side, "p_value": None}]}
    return [
        asked("a first Ramadan is not strange", "2025-03", [*usual, 31_000_000], "2025-04-02", {"tested": 1, "ramadan": ["2025-03"], "anomalies": []}),
        asked("the same in July is", "2025-07", [*usual, 31_000_000], "2025-08-02", strange("2025-07", 31_000_000, "ABOVE")),
        asked("a poor Ramadan is", "2025-03", [*usual, 900_000], "2025-04-02", strange("2025-03", 900_000, "BELOW")),
        asked("as usual", "2025-07", [*usual, 10_100_000], "2025-08-02", {"tested": 1, "ramadan": [], "anomalies": []}),
        asked("a single month", "2025-07", [10_000_000], "2025-08-02", {"tested": 0, "anomalies": [], "too_little_history": 0}),
    ]


def main(wanted):
    if not wanted or "spending" in wanted:
        fits, predicted = spending()
        write("fit_spending", "fit_spending", PAPERS + "; CDNOW agrees with the published fit", 1e-9, fits)
        write("predict_spending", "predict_spending", PAPERS, 1e-12, predicted)
    for name, source, tolerance, cases in [
        ("recommend", DEFINED, 0, calls),
        ("recommend_by_rule", DEFINED, 1e-12, calls_by_rule),
        ("standings", DEFINED, 0, standings),
        ("unusual_gifts", "medians and the incomplete beta function in mpmath, 40 digits", 1e-9, gifts),
        ("benford", DEFINED, 1e-12, digits),
        ("sequence_gaps", DEFINED, 0, missing),
        ("screen", DEFINED, 1e-9, book),
        ("income_anomalies", DEFINED, 0, income),
        ("churn_outlook", PAPERS, 1e-9, outlooks),
    ]:
        if not wanted or name in wanted:
            write(name, name, source, tolerance, cases())


if __name__ == "__main__":
    main(sys.argv[1:])
