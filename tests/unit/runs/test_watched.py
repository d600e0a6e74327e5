import dagster as dg
import pytest

from dmp_assets.platform.automation import cadence_tag
from dmp_assets.platform.gate import gate_of
from dmp_assets.runs import watched
from dmp_assets.runs.watched import Watched, keep_watched, read_watched


@pytest.fixture
def graph():
    check = dg.AssetCheckSpec("positive", asset=["marts", "orders"], blocking=True)
    told = dg.AssetCheckSpec("usual", asset=["marts", "orders"])
    orders = dg.AssetSpec(["marts", "orders"])

    @dg.multi_asset(specs=[orders], check_specs=[check, told])
    def made():
        pass

    @dg.asset(key=["models", "trained"], tags=cadence_tag("weekly"), deps=[orders])
    def trained():
        pass

    assets = [made, trained]
    return dg.Definitions(assets=assets, resources={"gate": gate_of(assets)})


def unwanted():
    raise AssertionError("the graph is made again")


def test_what_was_kept_is_read_without_the_graph(settings, graph):
    kept = keep_watched(settings, graph)
    assert kept == Watched(
        frozenset({dg.AssetCheckKey(dg.AssetKey(["marts", "orders"]), "positive")}),
        {dg.AssetKey(["marts", "orders"]): "daily", dg.AssetKey(["models", "trained"]): "weekly"},
    )
    assert read_watched(settings, unwanted) == kept


def test_the_graph_is_made_where_nothing_was_kept_or_it_was_cut_or_is_of_other_code(settings, graph, monkeypatch):
    kept = read_watched(settings, lambda: graph)
    file = settings.home / "watched.json"
    file.write_text(file.read_text()[:50])
    assert read_watched(settings, lambda: graph) == kept
    monkeypatch.setattr(watched, "graph_hash", lambda _: "of another version")
    with pytest.raises(AssertionError, match="made again"):
        read_watched(settings, unwanted)
    assert read_watched(settings, lambda: graph) == kept
    assert read_watched(settings, unwanted) == kept
