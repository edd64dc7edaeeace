"""Writes the vectors of the churn models from independent implementations: mpmath with 40 digits, and plain Python.

Nothing here calls Dermawan. Run: pip install mpmath==1.3.*; python generate_churn.py
"""

import csv
import datetime
import json
import pathlib
import random

import mpmath as mp

mp.mp.dps = 40
HERE = pathlib.Path(__file__).parent
DATA = HERE.parent / "churn"
LICENCE = "MIT OR Apache-2.0"
PAPERS = "the papers' formulas in mpmath, 40 digits"


def write(name, function, source, tolerance, cases):
    document = {"function": function, "source": source, "licence": LICENCE, "tolerance": tolerance, "cases": cases}
    text = json.dumps(document, ensure_ascii=False, indent=1)
    (HERE / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def case(name, input, expected, options=None):
    return {"name": name, "input": input, "options": options or {}, "expected": expected}


def beta(a, b):
    return mp.beta(a, b)


# Likelihoods, P(alive), P(active in h), expected gifts in h, discounted gifts; each of one donor.


def bgnbd(p, x, tx, t):
    r, al, a, b = p
    front = mp.gamma(r + x) / mp.gamma(r) * al**r
    alive = beta(a, b + x) / beta(a, b) * (al + t) ** -(r + x)
    gone = beta(a + 1, b + x - 1) / beta(a, b) * (al + tx) ** -(r + x) if x > 0 else mp.mpf(0)
    return front * (alive + gone), alive / (alive + gone)


def mbgnbd(p, x, tx, t):
    r, al, a, b = p
    front = mp.gamma(r + x) / mp.gamma(r) * al**r
    alive = beta(a, b + x + 1) / beta(a, b) * (al + t) ** -(r + x)
    gone = beta(a + 1, b + x) / beta(a, b) * (al + tx) ** -(r + x)
    return front * (alive + gone), alive / (alive + gone)


def pnbd(p, x, tx, t):
    r, al, s, be = p
    front = mp.gamma(r + x) / mp.gamma(r) * al**r * be**s
    alive = (al + t) ** -(r + x) * (be + t) ** -s
    gone = s * mp.quad(lambda u: (al + u) ** -(r + x) * (be + u) ** -(s + 1), [tx, t])
    return front * (alive + gone), alive / (alive + gone)


def bgbb(p, x, tx, n):
    a, b, g, d = p
    x, tx, n = int(x), int(tx), int(n)
    whole = beta(a, b) * beta(g, d)
    total = beta(a + x, b + n - x) * beta(g, d + n)
    for i in range(n - tx):
        total += beta(a + x, b + tx - x + i) * beta(g + 1, d + tx + i)
    return total / whole, beta(a + x, b + n - x) * beta(g, d + n + 1) / total


def dropout_future(shape, rate, a, b, h, disc):
    """Of a donor alive: by integrals over the chance of leaving, not by hypergeometric functions."""
    weight = lambda q: q ** (a - 1) * (1 - q) ** (b - 1) / beta(a, b)
    expected = mp.quad(lambda q: weight(q) * (1 - (rate / (rate + q * h)) ** shape) / q, [0, mp.mpf("0.01"), mp.mpf("0.1"), 0.5, 1])
    # The rate of gifts at a time is (shape/rate) 2F1(shape + 1, a; a + b; -t/rate).
    flow = lambda u: shape / rate * mp.hyp2f1(shape + 1, a, a + b, -u / rate)
    cuts = [0, 10, 100, 1000, 5000, 20000, 100000, 400000]
    value = mp.quad(lambda u: mp.exp(-disc * u) * flow(u), cuts)
    return 1 - (rate / (rate + h)) ** shape, expected, value


def future(model, p, x, tx, t, h, disc):
    if model in ("bg_nbd", "mbg_nbd"):
        r, al, a, b = p
        stay = b + x + (1 if model == "mbg_nbd" else 0)
        return dropout_future(r + x, al + t, a, stay, h, disc)
    if model == "pareto_nbd":
        r, al, s, be = p
        none = lambda u: ((al + t) / (al + t + u)) ** (r + x) * ((be + t) / (be + t + u)) ** s
        active = 1 - none(h) - s * mp.quad(
            lambda u: ((al + t) / (al + t + u)) ** (r + x) * (be + t) ** s * (be + t + u) ** -(s + 1), [0, h / 4, h]
        )
        expected = (r + x) / (al + t) * mp.quad(lambda u: ((be + t) / (be + t + u)) ** s, [0, h])
        cuts = [0, 10, 100, 1000, 5000, 20000, 100000, 400000]
        value = (r + x) / (al + t) * mp.quad(lambda u: mp.exp(-disc * u) * ((be + t) / (be + t + u)) ** s, cuts)
        return active, expected, value
    raise ValueError(model)


def bgbb_future(p, x, tx, n, h, d):
    a, b, g, de = p
    like, _ = bgbb(p, x, tx, n)
    whole = beta(a, b) * beta(g, de) * like
    alive = lambda m: beta(a + x, b + n - x) * beta(g, de + n + m) / whole
    none = beta(a + x, b + n - x + h) * beta(g, de + n + h) / whole
    none += sum(beta(a + x, b + n - x + i) * beta(g + 1, de + n + i) for i in range(h)) / whole
    gone_before = 1 - beta(a + x, b + n - x) * beta(g, de + n) / whole
    chance = (a + x) / (a + b + n)
    expected = chance * sum(alive(j) for j in range(1, h + 1))
    # Alive at the j-th falls like a power of j: the first ones summed, the rest by Euler and Maclaurin.
    value = chance * mp.nsum(lambda j: alive(j) / (1 + d) ** j, [1, mp.inf])
    return 1 - none - gone_before, expected, value


LIKELIHOODS = {"bg_nbd": bgnbd, "mbg_nbd": mbgnbd, "pareto_nbd": pnbd, "bg_bb": bgbb}
NAMES = {"bg_nbd": "BG/NBD", "mbg_nbd": "MBG/NBD", "pareto_nbd": "Pareto/NBD", "bg_bb": "BG/BB"}


def floats(values):
    return [float(value) for value in values]


def columns(rows):
    return {"frequency": [r[0] for r in rows], "recency": [r[1] for r in rows], "age": [r[2] for r in rows]}


def predict_cases():
    cases = []
    days = [[0, 0, 400], [1, 30, 400], [3, 90, 95], [12, 330, 425], [40, 1200, 1210]]
    for model, p in [
        ("bg_nbd", ["0.8", "60", "0.8", "2.5"]),
        ("mbg_nbd", ["0.8", "60", "0.8", "2.5"]),
        ("mbg_nbd", ["0.5", "45", "1", "2"]),
        ("pareto_nbd", ["0.8", "60", "0.7", "300"]),
        ("pareto_nbd", ["1.3", "90", "1", "20"]),
    ]:
        p = [mp.mpf(v) for v in p]
        h, disc = mp.mpf(365), mp.log(mp.mpf("1.1")) / mp.mpf("365.25")
        out = {"p_no_gift": [], "p_alive": [], "expected_gifts": [], "discounted_gifts": []}
        for x, tx, t in days:
            alive = LIKELIHOODS[model](p, x, tx, t)[1]
            active, expected, value = future(model, p, x, tx, t, h, disc)
            out["p_no_gift"].append(1 - alive * active)
            out["p_alive"].append(alive)
            out["expected_gifts"].append(alive * expected)
            out["discounted_gifts"].append(alive * value)
        expected = {key: floats(values) for key, values in out.items()}
        label = f"{NAMES[model]}, {', '.join(mp.nstr(v, 4) for v in p)}"
        cases.append(case(label, {"model": model, "parameters": floats(p), "repeat": columns(days)}, expected))
    years = [[0, 0, 6], [2, 4, 6], [6, 6, 6], [1, 1, 12], [0, 0, 0]]
    p = [mp.mpf(v) for v in ("1.2", "0.75", "0.66", "2.78")]
    out = {"p_no_gift": [], "p_alive": [], "expected_gifts": [], "discounted_gifts": []}
    for x, tx, n in years:
        active, expected, value = bgbb_future(p, x, tx, n, 2, mp.mpf("0.1"))
        out["p_no_gift"].append(1 - active)
        out["p_alive"].append(bgbb(p, x, tx, n)[1])
        out["expected_gifts"].append(expected)
        out["discounted_gifts"].append(value)
    options = {"horizon": 2.0, "yearly_discount": 0.1, "units_per_year": 1.0}
    cases.append(
        case("BG/BB, two years ahead", {"model": "bg_bb", "parameters": floats(p), "repeat": columns(years)},
             {key: floats(values) for key, values in out.items()}, options)
    )
    bad = columns([[2, 10, 5]])
    cases.append(case("a gift in the future", {"model": "bg_nbd", "parameters": [1, 1, 1, 1], "repeat": bad}, {"error": "invalid_input"}))
    cases.append(case("a parameter of zero", {"model": "bg_nbd", "parameters": [1, 0, 1, 1], "repeat": columns(days)}, {"error": "invalid_input"}))
    cases.append(case("half an opportunity", {"model": "bg_bb", "parameters": [1, 1, 1, 1], "repeat": columns(years)}, {"error": "invalid_input"}, {"horizon": 0.5}))
    return cases


def maximum(model, rows, centres, spread):
    """Newton on the logarithms of the parameters; spread None for maximum likelihood."""
    cells = {}
    for row in rows:
        cells[tuple(row)] = cells.get(tuple(row), 0) + 1

    def goal(*u):
        p = [c * mp.exp(v) for c, v in zip(centres, u)]
        value = sum(n * mp.log(LIKELIHOODS[model](p, *row)[0]) for row, n in cells.items())
        return value - (sum(v * v for v in u) / (2 * spread**2) if spread else 0)

    step = mp.mpf("1e-10")
    at = [mp.mpf(0)] * 4

    def moved(u, *shifts):
        u = list(u)
        for i, s in shifts:
            u[i] += s
        return goal(*u)

    for _ in range(60):
        here = goal(*at)
        g = mp.matrix([(moved(at, (i, step)) - moved(at, (i, -step))) / (2 * step) for i in range(4)])
        h = mp.matrix(4, 4)
        for i in range(4):
            for j in range(i, 4):
                if i == j:
                    h[i, i] = (moved(at, (i, step)) - 2 * here + moved(at, (i, -step))) / step**2
                else:
                    h[i, j] = h[j, i] = (
                        moved(at, (i, step), (j, step)) - moved(at, (i, step), (j, -step))
                        - moved(at, (i, -step), (j, step)) + moved(at, (i, -step), (j, -step))
                    ) / (4 * step**2)
        # Damped towards the slope until the curvature is that of a maximum.
        damp = mp.mpf(0)
        while True:
            try:
                m = -h + damp * mp.eye(4)
                mp.cholesky(m)
                move = mp.lu_solve(m, g)
                scale = mp.mpf(1) / max(1, mp.norm(move, mp.inf))
                nxt = [a + scale * b for a, b in zip(at, move)]
                if goal(*nxt) >= here - mp.mpf("1e-25"):
                    break
            except ValueError:
                pass
            damp = damp * 4 + 1
        at = nxt
        if mp.norm(g, mp.inf) < mp.mpf("1e-16"):
            break
    p = [c * mp.exp(v) for c, v in zip(centres, at)]
    like = sum(n * mp.log(LIKELIHOODS[model](p, *row)[0]) for row, n in cells.items())
    cov = (-h) ** -1
    errors = [v * mp.sqrt(cov[i, i]) for i, v in enumerate(p)]
    information = [max(mp.mpf(0), 1 - cov[i, i] / spread**2) if spread else mp.mpf(1) for i in range(4)]
    return p, like, errors, len(cells), information


def fit_cases():
    with open(DATA / "donations_1995_cohort.csv") as file:
        cohort = [
            [int(r["x"]), int(r["t_x"]), int(r["n_cal"])]
            for r in csv.DictReader(file)
            for _ in range(-(-int(r["donors"]) // 60))
        ]
    random.seed(11)
    days = []
    for _ in range(60):
        x = random.choice([0, 0, 0, 1, 1, 2, 3, 5, 8, 13])
        t = random.choice([200, 300, 500, 800])
        days.append([x, 0 if x == 0 else min(t, random.randint(1, 12) * 20 + 10 * x), t])
    n = len(days)
    age = mp.mpf(sum(r[2] for r in days)) / n
    alpha = age / (mp.mpf(sum(r[0] for r in days)) / n + mp.mpf("0.5"))
    cases = []
    for model, rows, centres, spread, options in [
        ("bg_bb", cohort, [1, 1, 1, 3], None, {"model": "bg_bb", "estimate": "ml"}),
        ("bg_bb", cohort[:40:2] + cohort[-60:], [1, 1, 1, 3], 1, {"model": "bg_bb"}),
        ("mbg_nbd", days, [1, alpha, 1, 3], 1, {}),
        ("bg_nbd", days, [1, alpha, 1, 3], mp.mpf("0.5"), {"model": "bg_nbd", "prior_spread": 0.5}),
    ]:
        centres = [mp.mpf(c) for c in centres]
        p, like, errors, distinct, information = maximum(model, rows, centres, spread)
        label = f"{NAMES[model]}, {'with the prior' if spread else 'maximum likelihood'}, {len(rows)} donors"
        print(label, floats(p), float(like), floats(errors), flush=True)
        expected = {"parameters": floats(p), "log_likelihood": float(like), "donors": len(rows), "distinct": distinct}
        expected["weak"] = [bool(v < 0.5) for v in information]
        cases.append(case(label, columns(rows), expected, options))
    cases.append(case("too few donors", columns(days[:20]), {"error": "not_enough_history"}))
    alike = columns([[0, 0, 100]] * 40)
    cases.append(case("no time to give again", columns([[0, 0, 0]] * 40), {"error": "not_enough_history"}))
    cases.append(case("donors who are all alike", alike, {"error": "not_enough_history"}, {"estimate": "ml"}))
    cases.append(case("columns that differ", {"frequency": [0], "recency": [0, 0], "age": [1, 1]}, {"error": "invalid_input"}))
    return cases


def evaluate_cases():
    random.seed(3)
    p = [round(random.random(), 3) for _ in range(60)]
    y = [random.random() < v for v in p]
    n = len(p)
    pairs = [(a, b) for a, q in zip(p, y) if q for b, s in zip(p, y) if not s]
    auc = sum(1.0 if a > b else 0.5 if a == b else 0.0 for a, b in pairs) / len(pairs)
    loss = -sum(mp.log(v if q else 1 - mp.mpf(v)) for v, q in zip(p, y)) / n
    brier = sum((v - q) ** 2 for v, q in zip(p, y)) / n
    order = sorted(range(n), key=lambda i: (-p[i], i))[:12]
    lift = sum(y[i] for i in order) / 12 / (sum(y) / n)
    expected = {"rows": n, "base_rate": sum(y) / n, "auc": auc, "log_loss": float(loss), "brier": brier, "lift": lift,
                "bias": sum(p) / n - sum(y) / n}
    return [
        case("sixty predictions", {"p_no_gift": p, "left": y, "capacity": 0.2}, expected),
        case("not a probability", {"p_no_gift": [1.2], "left": [True], "capacity": 0.2}, {"error": "invalid_input"}),
    ]


def giving(rows):
    keys = ("donor", "days", "first", "last", "total", "season_days", "seasons")
    return {key: [row[i] for row in rows] for i, key in enumerate(keys)}


def rfm_cases():
    random.seed(8)
    as_of = datetime.date(2026, 1, 31)
    rows = []
    for donor in range(1, 31):
        days = random.choice([1, 1, 1, 2, 3, 6, 12])
        last = as_of - datetime.timedelta(days=random.randint(0, 900))
        first = last - datetime.timedelta(days=random.randint(days, 900)) if days > 1 else last
        rows.append([donor, days, str(first), str(last), 50_000 * random.randint(1, 40), 0, 0])

    def fifths(values):
        return [1 + int(min(4, 5 * (sum(v < w for v in values) + sum(v <= w for v in values)) / 2 / len(values))) for w in values]

    r = fifths([row[3] for row in rows])
    f = fifths([row[1] for row in rows])
    m = fifths([row[4] for row in rows])
    expected = {"recency": r, "frequency": f, "monetary": m, "score": [100 * a + 10 * b + c for a, b, c in zip(r, f, m)]}
    last = max(row[3] for row in rows)
    before = str(datetime.date.fromisoformat(last) - datetime.timedelta(days=1))
    return [
        case("thirty donors", {"giving": giving(rows), "as_of": str(as_of)}, expected),
        case("a gift after the day", {"giving": giving(rows), "as_of": before}, {"error": "invalid_input"}),
    ]


def retention_cases():
    random.seed(5)
    years, rows = range(2019, 2026), []
    for donor in range(1, 61):
        first = random.choice(list(years))
        for year in years:
            if year == first or (year > first and random.random() < 0.5):
                rows.append([donor, year, random.randint(1, 5), 50_000 * random.randint(1, 20)])
    gave = {(d, y): (n, total) for d, y, n, total in rows}
    first = {d: min(y for e, y, *_ in rows if e == d) for d, *_ in rows}
    table = []
    for year in range(2019, 2025):
        now = {d for d, y in gave if y == year}
        before = {d for d, y in gave if y == year - 1}
        earlier = {d for d, y in gave if y < year - 1} - before
        kept = now & before
        share = lambda part, whole: len(part) / len(whole) if whole else None
        new_before = {d for d in before if first[d] == year - 1}
        change = [gave[d, year][1] - gave[d, year - 1][1] for d in kept]
        table.append({
            "year": year, "donors": len(now), "new": len({d for d in now if first[d] == year}), "retained": len(kept),
            "recaptured": len(now & earlier), "lapsed": len(before - now),
            "upgraded": sum(c > 0 for c in change), "downgraded": sum(c < 0 for c in change), "same": sum(c == 0 for c in change),
            "retention": share(kept, before), "first_time_retention": share(now & new_before, new_before),
            "repeat_retention": share(now & (before - new_before), before - new_before), "recapture": share(now & earlier, earlier),
            "value_retention": sum(gave[d, year][1] for d in kept) / sum(gave[d, year - 1][1] for d in before) if before else None,
        })
    columns = {key: [row[i] for row in rows] for i, key in enumerate(("donor", "year", "count", "total"))}
    return [
        case("sixty donors, the running year left out", {"giving": columns, "last_year": 2024}, {"years": table}),
        case("rows out of order", {"giving": {"donor": [2, 1], "year": [2020, 2020], "count": [1, 1], "total": [1, 1]}, "last_year": 2024}, {"error": "invalid_input"}),
    ]


if __name__ == "__main__":
    write("churn_predict", "churn_predict", PAPERS, 1e-9, predict_cases())
    write("churn_evaluate", "churn_evaluate", "the definitions in plain Python", 1e-9, evaluate_cases())
    write("rfm", "rfm", "the definitions in plain Python", 0, rfm_cases())
    write("retention", "retention", "the definitions in plain Python", 1e-12, retention_cases())
    write("churn_fit", "churn_fit", PAPERS, 1e-9, fit_cases())
