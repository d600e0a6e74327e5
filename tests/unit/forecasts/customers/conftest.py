import pytest

from dmp_assets.forecasts.customers.targets import TARGETS

LINEAR = {"logistic", "ridge", "root_ridge", "bg_nbd"}


@pytest.fixture
def only_linear_families(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the baselines and the fast families: how each family fits is tested with it."""
    for target in TARGETS.values():
        for name, model in list(target.models.items()):
            if not model.is_baseline and name not in LINEAR:
                monkeypatch.delitem(target.models, name)
