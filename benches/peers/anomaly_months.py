"""PyOD's MAD, S-H-ESD and two plain rules on simulated months; prints counts as JSON.

Run: python anomaly_months.py FILE, a CSV with the columns scenario, charity, category, amount, odd; months in order.
"""

import json
import sys
import warnings

import numpy as np
import pandas as pd
import sesd
from pyod.models.mad import MAD

warnings.filterwarnings("ignore")


def existing_rule(x):
    """z > 2 with the month itself inside of mean and population standard deviation, as the existing application has it."""
    sd = x.std(ddof=1)
    return np.abs(x - x.mean()) > 2 * sd if sd > 0 else np.zeros(len(x), bool)


def pyod_mad(x):
    """The detector's own labels: the modified z-score above 3.5."""
    model = MAD(threshold=3.5)
    model.fit(x.reshape(-1, 1))
    # `contamination` cuts the scores at a quantile; the threshold is the detector's.
    return model.decision_scores_ > 3.5


def s_h_esd(x):
    """Seasonal hybrid ESD with a year as the season; it needs two, and a shorter period before."""
    most = max(1, (len(x) - 1) // 2 - 1)
    try:
        found = sesd.seasonal_esd(x, periodicity=12 if len(x) >= 24 else max(2, len(x) // 3), hybrid=True, max_anomalies=most)
    except Exception:
        return np.zeros(len(x), bool)
    flags = np.zeros(len(x), bool)
    flags[list(found)] = True
    return flags


def log_pooled(months):
    """Distance from the median on the logarithm, scale pooled over categories, above 3 (ANCHORS of the project)."""
    logs = [np.log(x) for x in months]
    away = [np.abs(x - np.median(x)) for x in logs]
    scale = 1.4826 * np.median(np.concatenate(away))
    return [a > 3 * scale for a in away]


def main(path):
    data = pd.read_csv(path)
    detectors = {"existing": existing_rule, "pyod": pyod_mad, "s_h_esd": s_h_esd}
    counts = {}
    for scenario, rows in data.groupby("scenario"):
        for _, charity in rows.groupby("charity"):
            groups = [g for _, g in charity.groupby("category", sort=True)]
            amounts = [g["amount"].to_numpy(float) for g in groups]
            odd = np.concatenate([g["odd"].to_numpy(bool) for g in groups])
            flags = {name: np.concatenate([f(x) for x in amounts]) for name, f in detectors.items()}
            flags["log_pooled"] = np.concatenate(log_pooled(amounts))
            for name, flag in flags.items():
                c = counts.setdefault(scenario, {}).setdefault(name, [0, 0, 0, 0])
                for i, n in enumerate([(flag & odd).sum(), odd.sum(), (flag & ~odd).sum(), (~odd).sum()]):
                    c[i] += int(n)
    print(json.dumps(counts))


main(sys.argv[1])
