"""The forecasting race's peer: statsforecast on M3's monthly series, one core.

    forecast_m3.py SERIES.csv [series]

Prints one line of JSON: for each model its scores and the seconds of fitting and forecasting with intervals, on whole series (18 months
ahead) and on their last 6, 12, 24 and 36 values (3 months ahead, errors scaled by the naive ones of the whole series).
"""

import json
import sys
import time
import warnings

import numpy as np
from statsforecast import models as sf

WHOLE = {
    "seasonal_naive": lambda: sf.SeasonalNaive(12),
    "theta": lambda: sf.Theta(12),
    "dynamic_optimised_theta": lambda: sf.DynamicOptimizedTheta(12),
    "ets": lambda: sf.AutoETS(12),
}
SHORT = {"ses": sf.SimpleExponentialSmoothingOptimized, **WHOLE}


def read(path, most):
    series = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            if not line.startswith("#"):
                _, _, train, test = line.strip().split(";")
                series.append((np.array(train.split(), float), np.array(test.split(), float)))
    return series[:most]


def scores(make, series, length, horizon):
    first = time.perf_counter()
    make().forecast(y=series[0][0], h=horizon)
    first = time.perf_counter() - first
    rows, failures, seconds = [], 0, 0.0
    for train, test in series:
        scale = np.mean(np.abs(train[12:] - train[:-12]))
        y, actual = train[-length:] if length else train, test[:horizon]
        start = time.perf_counter()
        try:
            model = make()
            answer = model.forecast(y=y, h=horizon) if isinstance(model, sf.SimpleExponentialSmoothingOptimized) else model.forecast(y=y, h=horizon, level=[80, 95])
        except Exception:
            failures += 1
            continue
        finally:
            seconds += time.perf_counter() - start
        mean = answer["mean"]
        if not np.all(np.isfinite(mean)):
            failures += 1
            continue
        size = np.abs(actual) + np.abs(mean)
        row = [np.mean(200 * np.abs(actual - mean) / np.where(size > 0, size, 1)), np.mean(np.abs(actual - mean)) / scale]
        if "lo-80" in answer:
            inside = [np.mean((actual >= answer[f"lo-{level}"]) & (actual <= answer[f"hi-{level}"])) for level in (80, 95)]
            low, high = answer["lo-95"], answer["hi-95"]
            outside = np.maximum(low - actual, 0) + np.maximum(actual - high, 0)
            negative = float(np.any(low < 0) and np.all(y > 0))
            row += [*inside, np.mean(high - low + 40 * outside) / scale, negative]
        rows.append(row)
    means = np.nanmean(np.array(rows), axis=0).tolist() if rows else []
    names = ["smape", "mase", "coverage_80", "coverage_95", "msis_95", "negative"]
    return {**dict(zip(names, means)), "failures": failures, "seconds": seconds, "first_seconds": first}


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    warnings.filterwarnings("ignore")
    series = read(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else None)
    answer = {"0": {name: scores(make, series, 0, 18) for name, make in WHOLE.items()}}
    for length in (6, 12, 24, 36):
        answer[str(length)] = {name: scores(make, series, length, 3) for name, make in SHORT.items()}
    print(json.dumps({"series": len(series), "lengths": answer}))


if __name__ == "__main__":
    main()
