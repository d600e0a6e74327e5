"""Customers who resemble each other: what becomes of such links beside what was seen together."""

from tests.unit.identity.world import World, found


def two_shops(**world) -> World:
    """Customer a of the one shop, x and y of the other, known from their files."""
    return (
        World(**world)
        .event("1", user="a", email="e1")
        .table("till", "customers", {"customer_id": "till:x", "email": "e2"}, {"customer_id": "till:y", "email": "e3"})
        .table("till", "order_lines", *({"customer_id": f"till:{name}", "ordered_at": "2025-01-05"} for name in "xy"))
    )


def test_customers_who_resemble_each_other_are_one_person_once_both_were_seen():
    people = found(two_shops(matches=(("shop:a", "till:x", 0.97),)))
    assert people.person("till:x") == "shop:a"
    assert people.person("till:x", as_of="4") is None
    assert people.person("email:e2") == "shop:a"
    assert people.person("till:y") == "till:y"
    (link,) = people.links[people.links["cause"] == "probabilistic"].to_dict("records")
    assert (link["probability"], link["status"], link["source"]) == (0.97, "accepted", "vault")


def test_a_resemblance_is_never_above_what_was_seen_together():
    world = two_shops(matches=(("shop:a", "till:x", 0.97),)).event("20", user="a", email="e3")
    people = found(world)
    assert people.person("till:y") == "shop:a", "they share an address, though that was seen later"
    assert people.person("till:x") == "till:x"


def test_of_two_resemblances_one_person_has_one_customer_of_a_namespace():
    people = found(two_shops(matches=(("shop:a", "till:x", 0.97), ("shop:a", "till:y", 0.99))))
    assert sorted(people.links.loc[people.links["cause"] == "probabilistic", "status"]) == ["accepted", "demoted"]


def test_people_undo_a_resemblance_as_any_other_link():
    world = two_shops(matches=(("shop:a", "till:x", 0.97),)).decide("split", "shop:a", "till:x")
    people = found(world)
    assert people.person("till:x") == "till:x"
    assert people.status("shop:a", "till:x", "probabilistic")[0] == "undone"


def test_who_resembles_somebody_unknown_is_linked_to_nobody():
    people = found(two_shops(matches=(("shop:a", "till:zz", 0.97),)))
    assert "probabilistic" not in set(people.links["cause"])
