"""Money and months: what goes in, what comes out, what is refused."""

import dermawan
import pytest


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("6000000", "6000000.00"),
        ("-0.5", "-0.50"),
        ("92233720368547758.07", "92233720368547758.07"),
    ],
)
def test_rupiah_is_exact_to_the_sen(amount, text):
    assert dermawan.rupiah(amount) == text


def test_a_month_is_whole_when_it_is_over():
    assert dermawan.is_whole_month("2026-01", "2026-02-01")
    assert not dermawan.is_whole_month("2026-01", "2026-01-30")


@pytest.mark.parametrize(
    "call",
    [
        lambda: dermawan.rupiah("six million"),
        lambda: dermawan.is_whole_month("2026-13", "2026-02-01"),
        lambda: dermawan.is_whole_month("2026-01", "2026-02-30"),
    ],
)
def test_what_is_refused_says_why(call):
    with pytest.raises(dermawan.InvalidInput) as raised:
        call()
    assert raised.value.code == "invalid_input"
    assert isinstance(raised.value, ValueError)


def test_a_wrong_type_is_a_type_error():
    with pytest.raises(TypeError):
        dermawan.rupiah(6_000_000)
