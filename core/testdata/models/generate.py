"""Writes the vectors of this folder: what statsforecast forecasts for 50 series of the M3 competition.

Nothing here calls Dermawan. The series are the training parts of every 14th of the M3 monthly series in a file with the columns
series_id, month, value, split (M3: Makridakis & Hibon 2000, published for research; the values are facts). The intermittent
series are drawn from a seeded generator. Run: pip install statsforecast==2.1.*; python generate.py FILE.csv
"""

import json
import pathlib
import sys

import numpy as np
import pandas as pd
import statsforecast
from statsforecast import models as sf
from statsforecast.ets import ets_f
from statsforecast.theta import auto_theta

HERE = pathlib.Path(__file__).parent
HORIZON = 18
SOURCE = f"statsforecast {statsforecast.__version__} (Apache-2.0), numpy {np.__version__}"
FORMS = ["ANN", "AAN", "AAdN", "ANA", "AAA", "AAdA", "MNN", "MAN", "MAdN", "MNA", "MAA", "MNM", "MAM", "MAdM"]


def write(name, document):
    text = json.dumps(document, ensure_ascii=False, indent=None, separators=(",", ":"))
    # One line an element of the lists keeps changes readable.
    (HERE / f"{name}.json").write_text(text.replace('},{', '},\n{') + "\n", encoding="utf-8")


def forecast(model, y):
    return model.forecast(y=y, h=HORIZON)["mean"].tolist()


def theta_case(y, kind):
    fit = auto_theta(y, 12, model=kind)
    return {
        "mean": forecast(sf.AutoTheta(season_length=12, model=kind), y),
        "alpha": fit["par"]["alpha"],
        "theta": fit["par"]["theta"],
        "mse": fit["mse"],
    }


def ets_case(y, form):
    damped, letters = "d" in form, form.replace("d", "")
    model = sf.AutoETS(season_length=12, model=letters, damped=damped)
    fit = ets_f(y, m=12, model=letters, damped=damped)
    mean = forecast(model, y)
    if damped:
        # statsforecast 2.1.1 damps later steps too little (it adds up phi + phi + phi^2 ... instead of phi + phi^2 + phi^3 ...,
        # Hyndman et al. 2008, table 2.1), so its last states are carried on by the book.
        state, phi = fit["states"][-1], fit["par"][3]
        mean = state[0] + np.cumsum(phi ** np.arange(1, HORIZON + 1)) * state[1]
        if letters[2] != "N":
            season = np.resize(state[2:][::-1], HORIZON)
            mean = mean + season if letters[2] == "A" else mean * season
        mean = mean.tolist()
    return {
        "mean": mean,
        "parameters": [None if np.isnan(p) else float(p) for p in fit["par"][:4]],
        "log_likelihood": fit["loglik"],
        "aicc": fit["aicc"],
        "sigma2": fit["sigma2"],
    }


def main(path):
    data = pd.read_csv(path)
    data = data[data.split == "train"]
    ids = sorted(data.series_id.unique())[::14][:50]
    cases = []
    for series in ids:
        rows = data[data.series_id == series]
        y = rows.value.to_numpy(float)
        expected = {
            "naive": forecast(sf.Naive(), y),
            "seasonal_naive": forecast(sf.SeasonalNaive(season_length=12), y),
            "drift": forecast(sf.RandomWalkWithDrift(), y),
            "average": forecast(sf.HistoricAverage(), y),
            "ses": forecast(sf.SimpleExponentialSmoothingOptimized(), y),
            "theta": {kind: theta_case(y, kind) for kind in ["STM", "OTM", "DSTM", "DOTM"]},
            "ets": {},
        }
        for form in FORMS:
            if form[0] == "M" and y.min() <= 0:
                continue
            expected["ets"][form] = ets_case(y, form)
        cases.append({"id": series, "first": str(rows.month.iloc[0]), "values": y.tolist(), "expected": expected})
    licence = "values: M3 competition data (Makridakis & Hibon 2000); expectations: MIT OR Apache-2.0"
    write("m3", {"source": SOURCE, "licence": licence, "horizon": HORIZON, "cases": cases})

    rng = np.random.default_rng(20260131)
    cases = []
    for k in range(20):
        n = int(rng.integers(6, 90))
        there = rng.random(n) < rng.uniform(0.05, 0.8)
        y = np.where(there, np.round(rng.lognormal(10, 0.8, n), -2), 0.0)
        if k == 0:
            y[:] = 0.0
        expected = {
            "croston": forecast(sf.CrostonClassic(), y),
            "croston_optimised": forecast(sf.CrostonOptimized(), y),
            "sba": forecast(sf.CrostonSBA(), y),
            "tsb": forecast(sf.TSB(alpha_d=0.2, alpha_p=0.1), y),
        }
        cases.append({"id": f"intermittent {k}", "values": y.tolist(), "expected": expected})
    write("intermittent", {"source": SOURCE, "licence": "MIT OR Apache-2.0", "horizon": HORIZON, "cases": cases})


if __name__ == "__main__":
    main(sys.argv[1])
