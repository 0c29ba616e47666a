from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from engine.callerid import EVERY_KIND, LineChoice, NoLine, OwnNumbers, Trunk, choose_line
from engine.domain.contact import Phone

MOBILE = Phone("+79161234567", "mobile")
LANDLINE = Phone("+74951234567", "landline")
MTS = Trunk("mts", prefixes=("+791",))
ALL = Trunk("all")
ONE, TWO = OwnNumbers(("+74950000001",)), OwnNumbers(("+74950000002",))


def chosen(verdict: LineChoice | NoLine) -> LineChoice:
    assert isinstance(verdict, LineChoice), verdict
    return verdict


def refused(verdict: LineChoice | NoLine) -> NoLine:
    assert isinstance(verdict, NoLine), verdict
    return verdict


def line(phone: Phone, trunks: list[Trunk], pools: list[OwnNumbers], **used: int) -> LineChoice | NoLine:
    return choose_line(
        phone, trunks, pools, {"+" + number.removeprefix("n"): n for number, n in used.items()}
    )


def test_the_most_particular_trunk_carries_the_call_and_the_others_follow_in_order():
    assert chosen(line(MOBILE, [ALL, MTS], [ONE])).gateway == "mts"
    assert chosen(line(LANDLINE, [MTS, ALL], [ONE])).gateway == "all"
    assert chosen(line(LANDLINE, [Trunk("first"), Trunk("second")], [ONE])).gateway == "first"


def test_a_trunk_without_room_is_passed_over_and_the_reason_names_it():
    for full in (
        replace(MTS, channels_left=0),
        replace(MTS, starts_left=0.5),
        replace(MTS, resting=True),
    ):
        choice = chosen(line(MOBILE, [full, ALL], [ONE]))
        assert choice.gateway == "all"
        assert "mts without room" in choice.reason


def test_no_room_anywhere_is_passing_and_says_why_for_each():
    full = [replace(MTS, resting=True), replace(ALL, channels_left=0)]
    verdict = refused(line(MOBILE, full, [ONE]))
    assert verdict.passing
    assert verdict.reason == ("no room on any gateway (mts: rests after failures, all: all channels in use)")


def test_a_number_that_no_gateway_may_carry_stays_so():
    verdict = refused(line(LANDLINE, [replace(ALL, kinds=("mobile",))], [ONE]))
    assert not verdict.passing
    assert "landline" in verdict.reason


def test_the_own_number_of_the_region_is_shown_and_among_equals_the_least_used():
    near = OwnNumbers(("+74950000009",), prefixes=("+7495",))
    assert chosen(line(LANDLINE, [ALL], [ONE, near], n74950000009=50)).caller_id == "+74950000009"
    assert chosen(line(LANDLINE, [ALL], [ONE, TWO], n74950000001=3)).caller_id == "+74950000002"
    both = OwnNumbers(("+74950000001", "+74950000002"))
    assert chosen(line(LANDLINE, [ALL], [both], n74950000001=3)).caller_id == "+74950000002"
    assert chosen(line(LANDLINE, [ALL], [both])).caller_id == "+74950000001"


def test_a_number_at_its_daily_cap_is_not_shown_again_today():
    capped = replace(ONE, daily_cap=5)
    assert chosen(line(MOBILE, [ALL], [capped, TWO], n74950000001=5)).caller_id == "+74950000002"
    verdict = refused(line(MOBILE, [ALL], [capped], n74950000001=5))
    assert verdict.passing
    assert "daily cap" in verdict.reason


def test_a_number_is_shown_only_over_gateways_whose_carrier_knows_it():
    owned = replace(ONE, gateways=("mts",))
    assert chosen(line(MOBILE, [ALL, MTS], [owned])).gateway == "mts"
    assert not refused(line(LANDLINE, [ALL], [owned])).passing


def test_without_any_own_number_nobody_is_called():
    assert not refused(line(MOBILE, [ALL], [])).passing


KINDS = st.lists(st.sampled_from(EVERY_KIND), unique=True).map(tuple)
PREFIXES = st.lists(st.sampled_from(["+7", "+79", "+7916", "+7495", "+48"]), max_size=2).map(tuple)
TRUNKS = st.builds(
    Trunk,
    name=st.sampled_from("abc"),
    kinds=KINDS,
    prefixes=PREFIXES,
    channels_left=st.integers(-1, 2),
    starts_left=st.floats(0, 2),
    resting=st.booleans(),
)
NUMBERS = ["+74950000001", "+74950000002", "+48220000000"]
POOLS = st.builds(
    OwnNumbers,
    numbers=st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=3, unique=True).map(tuple),
    kinds=KINDS,
    prefixes=PREFIXES,
    daily_cap=st.integers(0, 3),
)


@given(
    st.sampled_from([MOBILE, LANDLINE]),
    st.lists(TRUNKS, max_size=4, unique_by=lambda trunk: trunk.name),
    st.lists(POOLS, max_size=4),
    st.dictionaries(st.sampled_from(NUMBERS), st.integers(0, 4)),
)
def test_a_choice_keeps_every_contract_and_a_refusal_means_that_there_is_none(
    phone: Phone, trunks: list[Trunk], pools: list[OwnNumbers], used: dict[str, int]
):
    def lawful(trunk: Trunk, pool: OwnNumbers, number: str) -> bool:
        return (
            phone.kind in trunk.kinds
            and phone.kind in pool.kinds
            and (not trunk.prefixes or phone.number.startswith(trunk.prefixes))
            and (not pool.prefixes or phone.number.startswith(pool.prefixes))
            and trunk.channels_left > 0
            and trunk.starts_left >= 1
            and not trunk.resting
            and (not pool.daily_cap or used.get(number, 0) < pool.daily_cap)
        )

    pairs = {
        (trunk.name, number)
        for trunk in trunks
        for pool in pools
        for number in pool.numbers
        if lawful(trunk, pool, number)
    }
    verdict = choose_line(phone, trunks, pools, used)
    if isinstance(verdict, NoLine):
        assert not pairs
        assert verdict.reason
    else:
        assert (verdict.gateway, verdict.caller_id) in pairs
