"""Who is one person: links join identifiers in the order of time, and one that would breach a limit joins nobody.

Kruskal's walk over links (1956) with union-find (Tarjan 1975), as agglomerative clustering with constraints: a limit is a bound
on how many identifiers of one kind a cluster may hold, a split a pair that must not meet (cannot-link; Wagstaff et al. 2001).
Because links are taken by time, what is known at a date is what the links until then give, and never changes later. Limits
bound the size of a person, so that looking at all of a person's identifiers before each union keeps the whole linear.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NO_LIMIT, BY_SPLIT = -1, -2
"""What an accepted link breaches; and that people decided that these are two persons."""


@dataclass(frozen=True)
class Identifiers:
    """What may be one person's: arrays of one length, an identifier's number is its place.

    Attributes:
        group: int32, what a limit counts together, such as customer ids of one namespace; numbered from 0.
        limit: int32, by group: how many one person may have.
        first_seen: int64, microseconds.
        is_customer: bool, whether a person is called by it rather than by others.
        moves: bool, whether it may pass to another person.
    """

    group: np.ndarray
    limit: np.ndarray
    first_seen: np.ndarray
    is_customer: np.ndarray
    moves: np.ndarray


@dataclass(frozen=True)
class Links:
    """What says that two identifiers are one person's: arrays of one length, in any order.

    Attributes:
        a, b: int32, numbers of identifiers; never the same.
        at: int64, microseconds; not before either is first seen.
        priority: int32; of links at one time the lowest comes first.
        is_free: bool, whether it says outright that both are one person, so that no limit holds for it.
    """

    a: np.ndarray
    b: np.ndarray
    at: np.ndarray
    priority: np.ndarray
    is_free: np.ndarray


@dataclass(frozen=True)
class Resolved:
    """Who is one person, and since when.

    A node is an identifier while it is with one person: nodes have the numbers of the identifiers, and one that moves gets a
    further node for each person that it comes to.

    Attributes:
        breach: int32, by link: the group whose limit it would breach, `BY_SPLIT`, or `NO_LIMIT` if it is accepted.
        node, person, since, until: int64, names of persons by node, sorted by node and time: from `since` on, before `until`
            (-1: open) the node belonged to the person that is called by the identifier `person`.
        moved, moved_at, moved_to: int64, in the order of time: which identifier came to which node.
        joined, kept, ended: int64, in the order of time: the link that joined two persons, and what they were called. Of those
            two `ended` had been there before the link.
    """

    breach: np.ndarray
    node: np.ndarray
    person: np.ndarray
    since: np.ndarray
    until: np.ndarray
    moved: np.ndarray
    moved_at: np.ndarray
    moved_to: np.ndarray
    joined: np.ndarray
    kept: np.ndarray
    ended: np.ndarray


def resolve(identifiers: Identifiers, links: Links, splits: np.ndarray) -> Resolved:
    """Return who is one person.

    Of two persons that meet, the one first seen earlier (then the one with the lower number) keeps its name. A person is called by
    a customer id as soon as it has one.

    Args:
        identifiers: numbered in the order that decides between equal times, such as that of their ids.
        links: between them.
        splits: int64, rows of two numbers: identifiers that are never one person's.
    """
    count = len(identifiers.group)
    order = np.lexsort((links.b, links.a, links.priority, links.at))
    a, b, at = links.a[order], links.b[order], links.at[order]
    partners, starts = _partners(splits, count)
    from dmp_assets.identity.walk import walk  # numba takes a second to import, and to compile it several

    breach, *rows = walk(
        identifiers.group.astype(np.int32),
        identifiers.limit.astype(np.int32),
        identifiers.first_seen.astype(np.int64),
        identifiers.is_customer.astype(np.bool_),
        identifiers.moves.astype(np.bool_),
        (a.astype(np.int32), b.astype(np.int32), at.astype(np.int64), links.is_free[order].astype(np.bool_)),
        (partners, starts),
    )
    renames, moves, unions = (table.T for table in rows)
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    node, person, since, until = _periods(identifiers.first_seen, moves, renames)
    joined, kept, ended, ended_since = unions
    is_merge = ended_since < at[joined]
    return Resolved(
        breach[back],
        node,
        person,
        since,
        until,
        *moves,
        order[joined[is_merge]],
        kept[is_merge],
        ended[is_merge],
    )


def _partners(splits: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return who must not meet whom: the partners of all identifiers, and where those of each begin."""
    both = np.concatenate([splits, splits[:, ::-1]]) if len(splits) else np.empty((0, 2), np.int64)
    both = both[np.argsort(both[:, 0], kind="stable")]
    starts = np.searchsorted(both[:, 0], np.arange(count + 1))
    return both[:, 1].astype(np.int64), starts.astype(np.int64)


def _periods(first_seen: np.ndarray, moves: np.ndarray, renames: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the names of every node in time, one row each, from when it began and each time that its person's name changed."""
    moved, moved_at, moved_to = moves
    is_new = moved_to >= len(first_seen)  # an identifier that comes back to a person has its node already
    new = np.unique(moved_to[is_new], return_index=True)[1]
    node = np.concatenate([np.arange(len(first_seen)), moved_to[is_new][new], renames[0]])
    at = np.concatenate([first_seen, moved_at[is_new][new], renames[1]])
    name = np.concatenate([np.arange(len(first_seen)), moved[is_new][new], renames[2]])
    order = np.argsort(node, kind="stable")  # of a node they are in the order of time already
    node, at, name = node[order], at[order], name[order]
    is_last = np.append((node[1:] != node[:-1]) | (at[1:] != at[:-1]), True)[: len(node)]
    node, at, name = node[is_last], at[is_last], name[is_last]
    is_change = np.append(True, (node[1:] != node[:-1]) | (name[1:] != name[:-1]))[: len(node)]
    node, at, name = node[is_change], at[is_change], name[is_change]
    until = np.full(len(node), -1, np.int64)
    goes_on = np.flatnonzero(node[1:] == node[:-1])
    until[goes_on] = at[goes_on + 1]
    return node, name, at, until
