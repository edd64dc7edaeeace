"""The vectors that the Rust library and the Node package run too."""

import json
import math
from pathlib import Path

import dermawan
import pytest

FILES = sorted((Path(__file__).parents[2] / "core" / "testdata" / "vectors").glob("*.json"))
CASES = [
    pytest.param(file["function"], case, file["tolerance"], id=f"{path.stem}: {case['name']}")
    for path in FILES
    for file in [json.loads(path.read_text())]
    for case in file["cases"]
]

WITHOUT_OPTIONS = {
    "lifetime_value", "churn_evaluate", "rfm", "retention", "generalised_esd", "predict_spending", "standings", "benford",
    "sequence_gaps", "parse_number", "read_sender", "fonnte_answer", "cloud_answer",
}  # fmt: skip


def stream(values, options):
    watched = dermawan.Stream(options)
    return [watched.update(value) for value in values]


def webhook(gateway):
    return lambda body, headers, options: gateway(options).parse(body.encode(), headers)


# What is no function of the package: an object's work.
OBJECTS = {
    "stream": stream,
    "fonnte_webhook": webhook(dermawan.Transport.fonnte),
    "cloud_webhook": webhook(dermawan.Transport.cloud),
}


def difference(ours, expected, tolerance, where=""):
    """Where ours differs; an expected dict names the keys it checks, a list is checked whole."""
    if isinstance(expected, dict) and isinstance(ours, dict):
        missing = [f"{where}.{key} is missing" for key in expected if key not in ours]
        found = [difference(ours[key], expected[key], tolerance, f"{where}.{key}") for key in expected if key in ours]
        return next(filter(None, missing + found), None)
    if isinstance(expected, list) and isinstance(ours, list):
        if len(ours) != len(expected):
            return f"{where} has {len(ours)} items, expected {len(expected)}"
        found = (difference(a, b, tolerance, f"{where}[{i}]") for i, (a, b) in enumerate(zip(ours, expected)))
        return next(filter(None, found), None)
    if isinstance(expected, (int, float)) and isinstance(ours, (int, float)):
        near = math.fabs(ours - expected) <= tolerance * max(math.fabs(expected), 1.0)
        return None if near else f"{where} is {ours}, expected {expected}"
    return None if ours == expected else f"{where} is {ours!r}, expected {expected!r}"


def test_the_comparison_finds_differences():
    ours = {"a": [1.0, None], "b": "x", "more": 1}
    assert difference(ours, {"a": [1.0 + 1e-12, None], "b": "x"}, 1e-9) is None
    for expected in [{"a": [1.1, None]}, {"a": [1.0]}, {"b": "y"}, {"c": 1}, {"a": [1.0, 0]}]:
        assert difference(ours, expected, 1e-9), expected


def test_all_files_are_there():
    assert len(FILES) >= 44
    assert len(CASES) >= 350


@pytest.mark.parametrize(("function", "case", "tolerance"), CASES)
def test_vector(function, case, tolerance):
    given = dict(case["input"])
    if function == "churn_fit":
        given = {"repeat": given}
    if function == "churn_predict":
        given = {"repeat": given.pop("repeat"), "fitted": given}
    if function in ("fonnte_answer", "cloud_answer"):
        given["body"] = given["body"].encode()
    if function not in WITHOUT_OPTIONS:
        given["options"] = case["options"]
    try:
        ours = (OBJECTS.get(function) or getattr(dermawan, function))(**given)
        ours = ours.to_dict() if isinstance(ours, dermawan.Columns) else ours
    except dermawan.DermawanError as error:
        ours = {"error": error.code}
    assert difference(ours, case["expected"], tolerance) is None
