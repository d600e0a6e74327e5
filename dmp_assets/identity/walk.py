"""The walk over the links, compiled: what `resolve` describes, on arrays. Imported only where it runs."""

from __future__ import annotations

import numpy as np
from numba import njit

NOTHING, SPLIT = -1, -2


@njit(cache=True)
def walk(  # noqa: PLR0915 - one loop over arrays; what it does in parts is in the functions below
    group, limit, first_seen, is_customer, moves, links, splits
):
    """Join identifiers, link by link; see `resolve.resolve` for the rules and what is returned.

    Args:
        group: of `resolve.Identifiers`, as all until `moves`.
        limit: by group.
        first_seen: by identifier.
        is_customer: by identifier.
        moves: by identifier.
        links: numbers a and b, time and whether it is free of limits, in the order in which they are taken.
        splits: partners of all identifiers, one behind the other, and where those of each begin.

    Returns:
        By link what it breaches; renames (node, time, name), moves (identifier, time, node) and unions (link, name kept, name
        ended, when the person of that name was first seen), each in the order of time.
    """
    a, b, at, is_free = links
    count = len(group)
    most = count
    for link in range(len(a)):
        if moves[a[link]] or moves[b[link]]:
            most += 1
    # By node: those of the identifiers, and one more for each time that an identifier moves.
    parent = np.arange(most)
    following = np.arange(most)  # the nodes of a person are a ring
    size = np.ones(most, np.int32)
    identifier = np.arange(most)
    seen = np.zeros(most, np.int64)
    seen[:count] = first_seen
    name = np.arange(most)  # of a person, at its root, as all that follows
    current = np.arange(count)  # the node that each identifier has now
    people = (following, identifier, *splits)
    limits = (group, limit, np.zeros((2, len(limit)), np.int32))
    nodes = count

    breaches = np.full(len(a), NOTHING, np.int32)
    renames = np.empty((16, 3), np.int64)
    renamed = 0
    moved = np.empty((most - count, 3), np.int64)
    moves_made = 0
    unions = np.empty((most, 4), np.int64)
    joined = 0

    for link in range(len(a)):
        one, other = _root(parent, current[a[link]]), _root(parent, current[b[link]])
        if one == other:
            continue
        found = _breach(one, other, is_free[link], people, limits)
        if found >= 0 and (moves[a[link]] or moves[b[link]]):
            mover, to = (a[link], other) if moves[a[link]] else (b[link], one)
            back = _node_of(mover, to, following, identifier)
            if back >= 0:
                current[mover] = back
                _put(moved, moves_made, mover, at[link], back)
                moves_made += 1
                continue
            identifier[nodes] = mover
            seen[nodes] = at[link]
            name[nodes] = mover
            again = _breach(to, nodes, False, people, limits)
            if again == NOTHING:
                current[mover] = nodes
                _put(moved, moves_made, mover, at[link], nodes)
                moves_made += 1
                one, other, found = to, nodes, NOTHING
                nodes += 1
        breaches[link] = found
        if found != NOTHING:
            continue

        # Who was first seen earlier keeps the name; who has no customer id takes that of the other.
        is_one = seen[one] < seen[other] or (seen[one] == seen[other] and name[one] <= name[other])
        older, younger = (one, other) if is_one else (other, one)
        takes_over = is_customer[name[younger]] and not is_customer[name[older]]
        kept, ended = (younger, older) if takes_over else (older, younger)
        _put(unions, joined, link, name[kept], name[ended])
        unions[joined, 3] = seen[ended]
        joined += 1
        if renamed + size[ended] > len(renames):
            grown = np.empty((2 * len(renames) + size[ended], 3), np.int64)
            grown[:renamed] = renames[:renamed]
            renames = grown
        node = ended
        while True:
            _put(renames, renamed, node, at[link], name[kept])
            renamed += 1
            node = following[node]
            if node == ended:
                break
        root, leaf = (kept, ended) if size[kept] >= size[ended] else (ended, kept)
        name[root] = name[kept]
        seen[root] = seen[older]
        parent[leaf] = root
        size[root] += size[leaf]
        following[root], following[leaf] = following[leaf], following[root]

    return breaches, renames[:renamed], moved[:moves_made], unions[:joined]


@njit(cache=True)
def _root(parent, node):
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@njit(cache=True)
def _put(rows, place, first, second, third):
    rows[place, 0] = first
    rows[place, 1] = second
    rows[place, 2] = third


@njit(cache=True)
def _node_of(mover, root, following, identifier):
    """Return the node that an identifier has with a person already, or -1."""
    node = root
    while True:
        if identifier[node] == mover:
            return node
        node = following[node]
        if node == root:
            return -1


@njit(cache=True)
def _breach(one, other, is_free, people, limits):
    """Return what forbids that two persons are one: `SPLIT`, a group of which they would have too many, or `NOTHING`.

    A group counts only if both have some of it: what one has already, by a link that is free of limits, forbids nothing else.
    """
    following, identifier, partners, starts = people
    group, limit, counts = limits
    found = NOTHING
    node = one
    while True:
        of = identifier[node]
        for place in range(starts[of], starts[of + 1]):
            if _node_of(partners[place], other, following, identifier) >= 0:
                found = SPLIT
        counts[0, group[of]] += 1
        node = following[node]
        if node == one:
            break
    node = other
    while True:
        of = group[identifier[node]]
        counts[1, of] += 1
        if not is_free and found == NOTHING and counts[0, of] > 0 and counts[0, of] + counts[1, of] > limit[of]:
            found = of
        node = following[node]
        if node == other:
            break
    while True:
        counts[1, group[identifier[node]]] = 0
        node = following[node]
        if node == other:
            break
    node = one
    while True:
        counts[0, group[identifier[node]]] = 0
        node = following[node]
        if node == one:
            break
    return found
