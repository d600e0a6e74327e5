"""Persons are held against a slow walk in plain Python, and against what must hold whatever the links are."""

from dataclasses import dataclass, field, fields, replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dmp_assets.identity.resolve import BY_SPLIT, NO_LIMIT, Identifiers, Links, Resolved, resolve

NO_SPLITS = np.empty((0, 2), np.int64)
LIMITS = np.array([1, 1, 2, 2], np.int32)
"""Of customer ids of two namespaces, e-mail addresses and phone numbers."""
CUSTOMER, OTHER_CUSTOMER, EMAIL, PHONE = range(4)


@dataclass
class Case:
    identifiers: Identifiers
    links: Links
    splits: np.ndarray


def identifiers_of(groups: list[int], first_seen: list[int]) -> Identifiers:
    group = np.array(groups, np.int32)
    return Identifiers(group, LIMITS, np.array(first_seen, np.int64), group <= OTHER_CUSTOMER, group == PHONE)


def links_of(*links: tuple) -> Links:
    """Return links from numbers, time, and whether a link is free of limits."""
    rows = [(*link, *[0] * (5 - len(link))) for link in links]
    a, b, at, is_free, priority = (np.array([row[place] for row in rows], np.int64) for place in range(5))
    return Links(a, b, at, priority, is_free.astype(bool))


@st.composite
def cases(draw) -> Case:
    count = draw(st.integers(2, 12))
    groups = draw(st.lists(st.integers(0, 3), min_size=count, max_size=count))
    seen = draw(st.lists(st.integers(0, 5), min_size=count, max_size=count))
    pair = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda pair: pair[0] != pair[1])
    rows = draw(
        st.lists(st.tuples(pair, st.integers(0, 20), st.booleans(), st.integers(0, 2)), max_size=25, unique_by=repr)
    )
    links = [(a, b, max(seen[a], seen[b]) + later, free and later > 15, level) for (a, b), later, free, level in rows]
    splits = draw(st.lists(pair, max_size=2))
    return Case(identifiers_of(groups, seen), links_of(*links), np.array(splits, np.int64).reshape(-1, 2))


@dataclass(eq=False)
class Person:
    name: int
    seen: int
    is_late: bool
    members: list[int] = field(default_factory=list)


def slow(case: Case) -> tuple[list[int], dict[int, int], list[tuple[int, int, int]]]:
    """Return what each link breaches, each identifier's person at last, and all merges, by looping over everything."""
    ids, links = case.identifiers, case.links
    apart = {frozenset(pair) for pair in case.splits.tolist()}
    person = {number: Person(number, int(seen), False, [number]) for number, seen in enumerate(ids.first_seen.tolist())}
    breaches = [NO_LIMIT] * len(links.a)
    merges = []

    def breach(one: Person, other: Person, is_free: bool) -> int:
        for a in one.members:
            for b in other.members:
                if frozenset((a, b)) in apart:
                    return BY_SPLIT
        for member in [] if is_free else other.members:
            group = ids.group[member]
            own = sum(ids.group[each] == group for each in one.members)
            more = sum(ids.group[each] == group for each in other.members[: other.members.index(member) + 1])
            if own and own + more > LIMITS[group]:
                return int(group)
        return NO_LIMIT

    def some(one: Person, other: Person, is_free: bool) -> bool:
        return breach(one, other, is_free) == NO_LIMIT

    order = sorted(range(len(links.a)), key=lambda n: (links.at[n], links.priority[n], links.a[n], links.b[n], n))
    for n in order:
        a, b, at = int(links.a[n]), int(links.b[n]), int(links.at[n])
        one, other = person[a], person[b]
        if one is other:
            continue
        found = breach(one, other, bool(links.is_free[n]))
        mover = a if ids.moves[a] else b if ids.moves[b] else None
        if found >= 0 and mover is not None:
            to = other if mover == a else one
            if mover in to.members:
                person[mover] = to
                continue
            fresh = Person(mover, at, True, [mover])
            if some(to, fresh, False):
                person[mover] = fresh
                one, other, found = to, fresh, NO_LIMIT
        breaches[n] = found if found < 0 else 0
        if found != NO_LIMIT:
            continue
        older, younger = sorted((one, other), key=lambda each: (each.seen, each.is_late, each.name))
        is_named = ids.is_customer[older.name] or not ids.is_customer[younger.name]
        kept, ended = (older, younger) if is_named else (younger, older)
        if ended.seen < at:
            merges.append((n, kept.name, ended.name))
        joint = Person(kept.name, older.seen, older.is_late, [*one.members, *other.members])
        for number, each in person.items():
            if each is one or each is other:
                person[number] = joint
    return breaches, {number: each.name for number, each in person.items()}, merges


def last_persons(resolved: Resolved, count: int) -> dict[int, int]:
    """Return each identifier's person at last."""
    node = dict(zip(range(count), range(count), strict=True))
    node |= dict(zip(resolved.moved.tolist(), resolved.moved_to.tolist(), strict=True))
    name = {n: p for n, p, u in zip(resolved.node, resolved.person, resolved.until, strict=True) if u == -1}
    return {number: int(name[node[number]]) for number in range(count)}


def run(case: Case) -> Resolved:
    return resolve(case.identifiers, case.links, case.splits)


def until(case: Case, date: int) -> Case:
    keep = case.links.at <= date
    kept = {f.name: getattr(case.links, f.name)[keep] for f in fields(Links)}
    return replace(case, links=Links(**kept))


def as_of(resolved: Resolved, date: int) -> dict[int, int]:
    """Return the name of every node's person as known at a date."""
    rows = zip(resolved.node, resolved.person, resolved.since, resolved.until, strict=True)
    return {int(n): int(p) for n, p, since, end in rows if since <= date and (end == -1 or date < end)}


@given(cases())
@settings(max_examples=200)
def test_persons_links_and_merges_are_those_of_the_slow_walk(case: Case) -> None:
    resolved = run(case)
    breaches, persons, merges = slow(case)
    assert [min(int(each), 0) for each in resolved.breach] == breaches
    assert last_persons(resolved, len(case.identifiers.group)) == persons
    assert (
        list(zip(*(each.tolist() for each in (resolved.joined, resolved.kept, resolved.ended)), strict=True)) == merges
    )


@given(cases(), st.randoms())
def test_the_order_in_which_links_arrive_changes_nothing(case: Case, random) -> None:
    shuffled = list(range(len(case.links.a)))
    random.shuffle(shuffled)
    other = Links(**{f.name: getattr(case.links, f.name)[shuffled] for f in fields(Links)})
    one, two = run(case), run(replace(case, links=other))
    for name in ("node", "person", "since", "until", "moved", "moved_at", "kept", "ended"):
        assert getattr(one, name).tolist() == getattr(two, name).tolist()


@given(cases(), st.integers(0, 30))
def test_what_is_known_at_a_date_is_what_the_links_until_then_say(case: Case, date: int) -> None:
    whole, part = as_of(run(case), date), as_of(run(until(case, date)), date)
    assert whole == part


@given(cases())
def test_no_person_has_more_than_the_limits_unless_a_link_said_outright_that_they_are_one(case: Case) -> None:
    strict = replace(case, links=replace(case.links, is_free=np.zeros(len(case.links.a), bool)))
    persons = last_persons(run(strict), len(case.identifiers.group))
    groups: dict[tuple[int, int], int] = {}
    for number, person in persons.items():
        key = person, int(case.identifiers.group[number])
        groups[key] = groups.get(key, 0) + 1
    assert all(count <= LIMITS[group] for (_, group), count in groups.items())


@given(cases())
def test_those_whom_people_split_are_two_persons(case: Case) -> None:
    persons = last_persons(run(case), len(case.identifiers.group))
    movers = {n for n in range(len(case.identifiers.group)) if case.identifiers.moves[n]}
    assert all(persons[a] != persons[b] for a, b in case.splits.tolist() if not {a, b} & movers)


@given(cases())
def test_whatever_is_known_of_a_node_begins_once_and_has_no_gap(case: Case) -> None:
    resolved = run(case)
    for place in range(1, len(resolved.node)):
        if resolved.node[place] == resolved.node[place - 1]:
            assert resolved.until[place - 1] == resolved.since[place]
            assert resolved.person[place] != resolved.person[place - 1]
        else:
            assert resolved.until[place - 1] == -1


def test_an_address_that_comes_with_a_second_customer_stays_with_the_first() -> None:
    """Profile {abc123, jane@example1.com} meets {abc456, the same address}: abc456 is a new person."""
    case = Case(identifiers_of([CUSTOMER, CUSTOMER, EMAIL], [1, 5, 1]), links_of((0, 2, 1), (1, 2, 5)), NO_SPLITS)
    resolved = run(case)
    assert resolved.breach.tolist() == [NO_LIMIT, CUSTOMER]
    assert last_persons(resolved, 3) == {0: 0, 1: 1, 2: 0}
    assert resolved.joined.tolist() == []


def test_who_has_no_customer_id_yet_takes_it_when_one_comes() -> None:
    case = Case(identifiers_of([CUSTOMER, EMAIL], [5, 1]), links_of((0, 1, 5)), NO_SPLITS)
    resolved = run(case)
    assert as_of(resolved, 4)[1] == 1
    assert as_of(resolved, 5) == {0: 0, 1: 0}


def test_a_phone_number_goes_from_one_customer_to_the_next_and_back() -> None:
    ids = identifiers_of([CUSTOMER, CUSTOMER, PHONE], [1, 1, 1])
    resolved = run(Case(ids, links_of((0, 2, 1), (1, 2, 5), (0, 2, 9)), NO_SPLITS))
    assert resolved.breach.tolist() == [NO_LIMIT] * 3
    persons = [as_of(resolved, 9)[node] for node in resolved.moved_to.tolist()]
    assert (resolved.moved_at.tolist(), persons) == ([5, 9], [1, 0])


def test_a_circle_of_aliases_is_one_person_and_a_split_leaves_what_was_before() -> None:
    """Case 28: tmp-9, u9 and acct-9, an alias that says the same again, and the second alias taken back."""
    ids = identifiers_of([CUSTOMER, CUSTOMER, CUSTOMER], [0, 1, 2])
    links = links_of((0, 1, 1, True), (1, 2, 2, True), (2, 1, 3, True))
    assert last_persons(run(Case(ids, links, NO_SPLITS)), 3) == {0: 0, 1: 0, 2: 0}
    resolved = run(Case(ids, links, np.array([[2, 1]])))
    assert resolved.breach.tolist() == [NO_LIMIT, BY_SPLIT, BY_SPLIT]
    assert last_persons(resolved, 3) == {0: 0, 1: 0, 2: 2}


def test_without_links_everyone_is_a_person() -> None:
    resolved = run(Case(identifiers_of([CUSTOMER, EMAIL], [1, 2]), links_of(), NO_SPLITS))
    assert resolved.person.tolist() == [0, 1]


def test_without_identifiers_there_is_nobody() -> None:
    assert run(Case(identifiers_of([], []), links_of(), NO_SPLITS)).person.tolist() == []
