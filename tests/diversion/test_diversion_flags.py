"""Red flags: each raised by its fact, cleared by its opposite, unknown without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from twokey.diversion.deal import Deal, read_deal
from twokey.diversion.flags import flags, site_power
from twokey.quantities.problem import Problem

# A trade of the kind charged in Singapore in February 2025: servers to Malaysia, end user not there; figures invented.
SUSPECT = """\
item: nvidia-h100
quantity: 4000
on: 2025-06-02
route: [US, SG, MY]
country: SG
seat: SG
parent_seat: CN
founded: 2023-08-01
address_kind: virtual-office
bought_before_2022_10: no
website: no
sector_record: no
end_user: undisclosed
end_use: model training
delivery: forwarder
site_power_MW: 2
third_party_pays: yes
late_change: yes
installation_ordered: no
labels_changed: yes
shares_with_listed: no
"""

SOUND = """\
item: nvidia-h100
quantity: 4000
on: 2025-06-02
route: [US, FR]
country: FR
seat: FR
parent_seat: FR
founded: 1999-03-01
address_kind: data-centre
bought_before_2022_10: yes
website: yes
sector_record: yes
end_user: a university's computing centre
end_use: weather models
trains_for_others: no
delivery: installation-site
site_power_MW: 20
site_cooling_MW: 18
racks: 400
liquid_cooled: yes
third_party_pays: no
late_change: no
installation_ordered: yes
labels_changed: no
shares_with_listed: no
"""


def written(tmp_path: Path, text: str) -> Deal:
    path = tmp_path / "deal.yaml"
    path.write_text(text, encoding="utf-8")
    return read_deal(path)


def states(deal: Deal) -> dict[str, str]:
    return {f["id"]: f["state"] for f in flags(deal).to_json()["flags"]}


def test_a_suspect_trade_raises_all_flags_but_the_one_denied(tmp_path: Path) -> None:
    found = states(written(tmp_path, SUSPECT))
    assert len(found) == 11
    assert found.pop("RF-08") == "clear"
    assert set(found.values()) == {"raised"}


def test_a_sound_trade_raises_none(tmp_path: Path) -> None:
    assert set(states(written(tmp_path, SOUND)).values()) == {"clear"}


def test_an_empty_trade_leaves_everything_unknown_and_says_what_settles_it(tmp_path: Path) -> None:
    found = flags(written(tmp_path, "item: nvidia-h100\n")).to_json()
    assert {f["state"] for f in found["flags"]} == {"unknown"}
    assert all(f["settles"] for f in found["flags"])


@pytest.mark.parametrize(
    "line", [line for line in SOUND.splitlines() if line.split(":")[0] not in ("route", "on", "racks")]
)
def test_each_fact_left_out_never_raises_a_flag(tmp_path: Path, line: str) -> None:
    """A missing fact makes a flag unknown or leaves it clear; it never raises one."""
    found = states(written(tmp_path, SOUND.replace(f"\n{line}\n", "\n").removeprefix(line + "\n")))
    assert "raised" not in found.values()


def test_facts_that_raised_a_flag_are_named(tmp_path: Path) -> None:
    by_id = {f["id"]: f for f in flags(written(tmp_path, SUSPECT)).to_json()["flags"]}
    assert "parent" in by_id["RF-05"]["facts"][0]
    assert "2 MW" in by_id["RF-04"]["facts"][0]
    assert len(by_id["RF-10"]["facts"]) == 3
    assert "13 May 2025" in by_id["RF-01"]["cite"]


def test_the_route_is_judged_country_by_country(tmp_path: Path) -> None:
    route = flags(written(tmp_path, SUSPECT)).to_json()["route"]
    assert [r["country"] for r in route] == ["SG", "MY"]
    # headquarters of the parent in China bring the licence requirement along wherever the chips go
    assert {r["outcome"] for r in route} == {"licence-required"}


def test_a_parent_that_is_not_disclosed_leaves_the_route_undetermined(tmp_path: Path) -> None:
    hidden = SOUND.replace("parent_seat: FR", "parent_seat: undisclosed")
    [stop] = flags(written(tmp_path, hidden)).to_json()["route"]
    [known] = flags(written(tmp_path, SOUND)).to_json()["route"]
    assert known["outcome"] != "undetermined"
    assert stop["outcome"] == "undetermined"
    assert stop["missing"]


def test_power_of_a_site_scales_with_the_order_and_flags_only_what_is_surely_too_little(tmp_path: Path) -> None:
    one, ten = site_power("nvidia-h100", 1000), site_power("nvidia-h100", 10_000)
    assert one is not None
    assert ten is not None
    assert ten.site_MW[1] == pytest.approx(10 * one.site_MW[1])
    assert one.servers_MW[0] == pytest.approx(1000 * 700e-6 * 1.3)
    for megawatts, state in ((3.9, "raised"), (5.0, "unknown"), (9.0, "clear")):
        text = SOUND.replace("site_power_MW: 20", f"site_power_MW: {megawatts}")
        assert states(written(tmp_path, text))["RF-04"] == state


def test_a_payer_who_is_not_the_buyer_raises_the_flag_of_payment(tmp_path: Path) -> None:
    text = (
        SOUND + "parties:\n- {name: A Sdn Bhd, role: buyer, country: MY}\n- {name: B Ltd, role: payer, country: HK}\n"
    )
    assert states(written(tmp_path, text))["RF-10"] == "raised"
    same = text.replace("B Ltd", "A Sdn Bhd")
    assert states(written(tmp_path, same))["RF-10"] == "clear"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("item: nvidia-h100\nrout: [US]\n", "did you mean 'route'"),
        ("country: Chinna\n", "China"),
        ("quantity: -3\n", "at least 1"),
        ("delivery: moon\n", "installation-site"),
        ("website: maybe\n", "yes, no"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(Problem, match=r"deal\.yaml:") as caught:
        written(tmp_path, text)
    assert message in str(caught.value)
