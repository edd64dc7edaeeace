"""Fits and probabilities of repeat giving by lifetimes, one line of JSON a task.

    churn_lifetimes.py CDNOW.csv DONATIONS.csv MILLION.csv ROUNDS

The files hold x, t_x, T first (DONATIONS also the number of donors as its fourth column). Times are of the work alone,
the fastest of the rounds.
"""

import json
import sys
import time
import warnings

import numpy as np
import pandas as pd
from lifetimes import BetaGeoBetaBinomFitter, BetaGeoFitter, ModifiedBetaGeoFitter, ParetoNBDFitter

warnings.filterwarnings("ignore")


def timed(rounds, work):
    best, result = float("inf"), None
    for _ in range(rounds):
        start = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - start)
    return best, result


def say(task, seconds, answer):
    print(json.dumps({"task": task, "seconds": seconds, "answer": [float(value) for value in answer]}), flush=True)


def fit_time(name, model, data, rounds):
    seconds, fitted = timed(rounds, lambda: model().fit(data.x, data.t_x, data.t))
    say(name, seconds, fitted.params_.to_numpy())
    return fitted


def main():
    cdnow, donations, million, rounds = sys.argv[1:]
    rounds = int(rounds)
    read = lambda path, names: pd.read_csv(path, header=0, names=names, usecols=range(len(names)))
    cdnow = read(cdnow, ["x", "t_x", "t"])
    donations = read(donations, ["x", "t_x", "t", "n"])
    million = read(million, ["x", "t_x", "t"])

    fit_time("fit BG/NBD", BetaGeoFitter, cdnow, rounds)
    fit_time("fit MBG/NBD", ModifiedBetaGeoFitter, cdnow, rounds)
    fit_time("fit Pareto/NBD", ParetoNBDFitter, cdnow, rounds)
    seconds, fitted = timed(
        rounds,
        lambda: BetaGeoBetaBinomFitter().fit(donations.x, donations.t_x, donations.t, weights=donations.n),
    )
    say("fit BG/BB", seconds, fitted.params_.to_numpy())

    large = fit_time("fit BG/NBD, 1,000,000 donors", BetaGeoFitter, million, 1)
    r, alpha, a, b = large.params_[["r", "alpha", "a", "b"]]
    # lifetimes has no P(active); its P(alive), and the exact formula around it.
    def active():
        alive = large.conditional_probability_alive(million.x, million.t_x, million.t)
        return alive * (1 - ((alpha + million.t) / (alpha + million.t + 52)) ** (r + million.x))

    seconds, chance = timed(rounds, active)
    say("P(active), 1,000,000 donors", seconds, [np.sum(chance)])


main()
