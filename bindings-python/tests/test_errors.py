"""Every kind of error of the core has an exception here, and exceptions keep what they say."""

import pickle
import re
from pathlib import Path

import dermawan
import pytest
from dermawan import errors

CORE_ERRORS = Path(__file__).parents[2] / "core" / "src" / "error.rs"


def test_one_class_for_each_kind_of_the_core():
    codes = set(re.findall(r'Self::\w+ => "([a-z_]+)"', CORE_ERRORS.read_text()))
    assert len(codes) > 10, "the core's codes were not found"
    assert set(errors.BY_CODE) == codes


def test_every_class_is_public():
    for kind in errors.BY_CODE.values():
        assert getattr(dermawan, kind.__name__) is kind
        assert kind.__name__ in dermawan.__all__


def test_an_unknown_kind_is_a_plain_error_with_its_code():
    error = errors.from_code("of_a_newer_core", "no idea", None)
    assert type(error) is dermawan.DermawanError
    assert error.code == "of_a_newer_core"


@pytest.mark.parametrize("kind", errors.BY_CODE.values(), ids=lambda kind: kind.__name__)
def test_pickle_keeps_code_and_hint(kind):
    error = pickle.loads(pickle.dumps(kind("what happened", "what to do")))
    assert (type(error), str(error), error.hint, error.code) == (kind, "what happened", "what to do", kind.code)
