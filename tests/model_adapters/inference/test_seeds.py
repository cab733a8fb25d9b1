import hashlib

from hypothesis import given
from hypothesis import strategies as st

from model_adapters.inference.seeds import derive_seed

args = st.tuples(
    st.integers(-(2**40), 2**70), st.text(max_size=20), st.integers(0, 1000), st.sampled_from(["sample", "noise", ""])
)


@given(args, args)
def test_equal_exactly_when_the_arguments_are(one, other) -> None:
    assert (derive_seed(*one) == derive_seed(*other)) == (one == other)


@given(args)
def test_fits_a_signed_64_bit_integer(one) -> None:
    assert 0 <= derive_seed(*one) < 2**63


def test_value_is_frozen() -> None:
    text = '["sample-seed",1,0,"case-1",2,"sample"]'
    assert derive_seed(0, "case-1", 2) == int(hashlib.sha256(text.encode()).hexdigest()[:16], 16) // 2


def test_bits_are_balanced() -> None:
    seeds = [derive_seed(0, str(i)) for i in range(2000)]
    for bit in range(63):
        ones = sum(seed >> bit & 1 for seed in seeds)
        assert abs(ones - 1000) < 5 * 22.4  # five standard deviations of a fair coin
