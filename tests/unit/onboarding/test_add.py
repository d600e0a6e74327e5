from dmp_assets.onboarding.add import settled
from dmp_assets.onboarding.decide import Said, plan_table
from dmp_assets.onboarding.inspection import inspect
from dmp_assets.onboarding.mapping import TableMapping
from dmp_assets.onboarding.preview import Preview
from dmp_assets.onboarding.scaffold import files


def test_who_accepts_that_a_customer_is_one_is_not_asked_again(tmp_path):
    file = tmp_path / "orders.csv"
    file.write_text("customer,product,date,amount\n99999,p,2025-01-02,1.50\n")
    (found,) = inspect(str(file))
    said = Said(currency="EUR", time_zone="UTC")
    plan = plan_table("till", found, said, None)
    assert settled(plan, Preview("order_lines", {})) == plan
    accepted = settled(plan, Preview("order_lines", {}, customer_doubts=["99999 may be nobody"]))
    assert "nobody: []" in files([accepted], tmp_path)["stg_till__order_lines.yml"]
    named = plan_table(
        "till", found, Said(currency="EUR", time_zone="UTC", declared=TableMapping(nobody=("99999",))), None
    )
    assert "nobody=['99999']" in files([named], tmp_path)["stg_till__order_lines.sql"]
