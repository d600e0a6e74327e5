"""How long ten million links between six million identifiers take to become persons: ``python -m benchmarks.identity``.

The identifiers are those of two million people: a customer id, an e-mail address and a phone number each. Links lie at random
times; one in ten goes to somebody else's address or number, so that limits are breached and numbers move.
"""

from __future__ import annotations

import resource
import time

import numpy as np

from dmp_assets.identity.resolve import NO_LIMIT, Identifiers, Links, resolve

PEOPLE = 2_000_000
LINKS = 10_000_000
KINDS = 3
WRONG_SHARE = 0.1


def people(count: int, links: int, seed: int = 1) -> tuple[Identifiers, Links]:
    """Return identifiers of so many people, three each, and so many links between them."""
    generator = np.random.default_rng(seed)
    group = np.tile(np.arange(KINDS, dtype=np.int32), count)
    identifiers = Identifiers(
        group, np.array([1, 5, 5], np.int32), np.zeros(count * KINDS, np.int64), group == 0, group == KINDS - 1
    )
    person = generator.integers(0, count, links)
    first = generator.integers(0, KINDS, links)
    second = (first + generator.integers(1, KINDS, links)) % KINDS
    is_wrong = generator.random(links) < WRONG_SHARE
    other = np.where(is_wrong, generator.integers(0, count, links), person)
    at = generator.integers(1, 10**9, links)
    a, b = (person * KINDS + first).astype(np.int32), (other * KINDS + second).astype(np.int32)
    return identifiers, Links(a, b, at, np.zeros(links, np.int32), np.zeros(links, bool))


def main() -> None:
    """Resolve once to compile, then once for the clock."""
    no_splits = np.empty((0, 2), np.int64)
    start = time.process_time()
    resolve(*people(10, 20), no_splits)
    print(f"{time.process_time() - start:6.1f} s  import and compile")
    identifiers, links = people(PEOPLE, LINKS)
    start = time.process_time()
    resolved = resolve(identifiers, links, no_splits)
    print(f"{time.process_time() - start:6.1f} s  {LINKS:,} links between {PEOPLE * KINDS:,} identifiers")
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:6.2f} GB at most")
    print(f"{np.mean(resolved.breach == NO_LIMIT):6.1%} of the links accepted, {len(resolved.moved):,} moves")


if __name__ == "__main__":
    main()
