"""What the tables of this domain look like; the checks that block a wrong one."""

import pandas as pd
import pandera.pandas as pa

from dmp_assets.platform.emptiness import may_be_empty

CHANGES = ("entered", "left")

_NONE = "the project has no audience in its folder audiences"
_DATE = "datetime64[us]"
_AUDIENCE = pa.Column(str, pa.Check.str_matches(r"^[a-z][a-z0-9_]*$"), description="The audience's name, its file's.")
_AS_OF = pa.Column(_DATE, description="As-of date: only what was known before it counts.")
_CUSTOMER = pa.Column(str, description="The customer.")
_MATCHING = pa.Column("int64", pa.Check.ge(0), description="Customers who meet the rule.")
_LEFT_OUT = pa.Column(
    "int64",
    pa.Check.ge(0),
    description="Of those, customers whom marts.contact_permissions does not allow to be reached for the audience's "
    "purpose by its channel.",
)
_MEMBERS = pa.Column("int64", pa.Check.ge(0), description="Customers who meet the rule and may be reached.")


def _adds_up(table: pd.DataFrame) -> pd.Series:
    return table["members"] == table["matching"] - table["left_out"]


def _is_share(description: str) -> pa.Column:
    return pa.Column(float, pa.Check.in_range(0, 1), description=description)


AUDIENCES = pa.DataFrameSchema(
    {
        "audience": pa.Column(str, unique=True, description="The audience's name, its file's."),
        "as_of_on": _AS_OF,
        "title": pa.Column(str, description="Its title."),
        "description": pa.Column(str, description="What it is for, as its file says."),
        "owner": pa.Column(str, description="Who looks after it, as its file says."),
        "words": pa.Column(str, description="The rule in words."),
        "sql": pa.Column(
            str, description="The rule as SQL in the dialect of DuckDB: one row per customer who is judged."
        ),
        "version": pa.Column(str, description="Changes when the rule, or one that it asks about, changes."),
        "purpose": pa.Column(
            str,
            nullable=True,
            description="What members are reached for; null for an audience that nobody is reached by.",
        ),
        "channel": pa.Column(str, nullable=True, description="By what they are reached; null with the purpose."),
        "threshold": pa.Column("int64", pa.Check.ge(1), description="Members below which it is small."),
        "matching": _MATCHING,
        "left_out": _LEFT_OUT,
        "members": _MEMBERS,
        "simulated": pa.Column(
            "int64", pa.Check.ge(0), description="Of the members, those whom only simulated rows name."
        ),
        "entered": pa.Column("int64", pa.Check.ge(0), description="Customers who entered on this as-of date."),
        "left": pa.Column("int64", pa.Check.ge(0), description="Customers who left on this as-of date."),
        "is_small": pa.Column(bool, description="Whether it has fewer members than its threshold."),
    },
    checks=pa.Check(_adds_up, error="members are those who match without those left out"),
    strict=True,
    ordered=True,
    metadata=may_be_empty(_NONE),
    description="Every audience whose rule is right: the rule, and how many customers it takes. One row per audience.",
)

AUDIENCE_MEMBERS = pa.DataFrameSchema(
    {
        "audience": _AUDIENCE,
        "customer_id": _CUSTOMER,
        "as_of_on": _AS_OF,
        "entered_on": pa.Column(_DATE, description="As-of date on which the customer entered, and has been in since."),
        "is_simulated": pa.Column(bool, description="Whether only simulated rows name the customer."),
    },
    checks=pa.Check(lambda table: table["entered_on"] <= table["as_of_on"], error="nobody enters after the as-of date"),
    unique=["audience", "customer_id"],
    strict=True,
    ordered=True,
    metadata=may_be_empty(f"{_NONE}, or nobody meets a rule and may be reached"),
    description="Who is in which audience: meets its rule, and may be reached. One row per audience and customer.",
)

AUDIENCE_CHANGES = pa.DataFrameSchema(
    {
        "audience": _AUDIENCE,
        "customer_id": _CUSTOMER,
        "as_of_on": pa.Column(_DATE, description="As-of date from which on the customer was in, or was not."),
        "change": pa.Column(str, pa.Check.isin(CHANGES), description="entered or left."),
        "because": pa.Column(
            str,
            description="By which conditions, each with the customer's own value; or that the rule was changed, that the "
            "permission was withdrawn, or that the customer is one person with another now.",
        ),
        "conditions": pa.Column(str, description="The same without the customer's own values."),
        "entered_on": pa.Column(_DATE, description="Since when the customer is in, or had been in before leaving."),
    },
    unique=["audience", "customer_id", "as_of_on"],
    strict=True,
    ordered=True,
    metadata=may_be_empty(f"{_NONE}, or nobody has entered or left since it was first built"),
    description="Who entered and left an audience after it was first built, when and why; kept from run to run. "
    "One row per audience, customer and as-of date.",
)

AUDIENCE_OVERLAP = pa.DataFrameSchema(
    {
        "audience": _AUDIENCE,
        "other_audience": pa.Column(str, description="Another audience."),
        "as_of_on": _AS_OF,
        "shared_members": pa.Column("int64", pa.Check.ge(1), description="Customers who are members of both."),
        "share": _is_share("Of the members of audience, the share that is in the other, 0 to 1."),
        "jaccard": _is_share("Members of both among the members of either, 0 to 1 (Jaccard, 1901)."),
    },
    unique=["audience", "other_audience"],
    strict=True,
    ordered=True,
    metadata=may_be_empty("no two audiences share a member"),
    description="How much of an audience is in others. One row per ordered pair of audiences that share a member.",
)

AUDIENCE_COUNTS = pa.DataFrameSchema(
    {
        "as_of_on": _AS_OF,
        "audience": _AUDIENCE,
        "version": pa.Column(str, description="Of the rule, see audiences.audiences."),
        "matching": _MATCHING,
        "left_out": _LEFT_OUT,
        "members": _MEMBERS,
    },
    checks=pa.Check(_adds_up, error="members are those who match without those left out"),
    unique=["as_of_on", "audience"],
    strict=True,
    ordered=True,
    metadata=may_be_empty(_NONE),
    description="How big every audience was on every as-of date. One row per as-of date and audience.",
)

AUDIENCE_TRAITS = pa.DataFrameSchema(
    {
        "audience": _AUDIENCE,
        "rank": pa.Column(
            "int64", pa.Check.ge(1), description="Place among the audience's traits, 1 sets it apart most."
        ),
        "as_of_on": _AS_OF,
        "trait": pa.Column(
            str,
            description="A number of the profile, such as recency_days, or a value of it, such as loyalty_tier: gold.",
        ),
        "is_share": pa.Column(
            bool, description="Whether the two averages are shares (0 to 1) of customers who have the value."
        ),
        "members_average": pa.Column(float, description="Average over the members of whom it is known."),
        "others_average": pa.Column(float, description="The same over all other customers who are judged."),
        "difference": pa.Column(
            float,
            description="Members less others, in standard deviations of all (standardised mean difference, Cohen 1988).",
        ),
    },
    unique=["audience", "rank"],
    strict=True,
    ordered=True,
    metadata=may_be_empty("no audience has ten members beside ten others who have a profile"),
    description="What sets the members of an audience apart from everybody else, where there are ten or more on either side. "
    "One row per audience and trait.",
)
