"""The forecasting race's peer: statsforecast's single models on the series of a vector file, one core.

    forecast_statsforecast.py core/testdata/models/m3.json [model ...]

The models are theta, dotm, ses, ets (AutoETS) and the forms of ETS such as AAdN (default: theta dotm ses ets). Prints one line of JSON: for
each model the seconds of its first call (what it compiles or loads then), the seconds of fitting and forecasting every series once after
that, and the forecasts, for the comparison that comes before any race.
"""

import json
import sys
import time

import numpy as np
from statsforecast import models as sf

HORIZON = 18


def model(name):
    match name:
        case "theta":
            return sf.Theta(season_length=12)
        case "dotm":
            return sf.DynamicOptimizedTheta(season_length=12)
        case "ses":
            return sf.SimpleExponentialSmoothingOptimized()
        case "ets":
            return sf.AutoETS(season_length=12)
        case form:
            return sf.AutoETS(season_length=12, model=form.replace("d", ""), damped="d" in form)


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        series = [np.array(case["values"], float) for case in json.load(file)["cases"]]
    answer = {}
    for name in sys.argv[2:] or ["theta", "dotm", "ses", "ets"]:
        contestant = model(name)
        start = time.perf_counter()
        contestant.forecast(y=series[0], h=HORIZON)
        first = time.perf_counter() - start
        start, busy = time.perf_counter(), time.process_time()
        forecasts = [contestant.forecast(y=y, h=HORIZON)["mean"].tolist() for y in series]
        answer[name] = {
            "series": len(series),
            "first_seconds": first,
            "seconds": time.perf_counter() - start,
            "cpu_seconds": time.process_time() - busy,
            "forecasts": forecasts,
        }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
