"""The contract of the simulation's truth (Pandera). Simulated persons: no row is about a real one."""

import pandera.pandas as pa

from dmp_assets.demo.simulation.people import KINDS

_CUSTOMER_ID = pa.Column(str, pa.Check.str_startswith("cj:"), description="Customer: the person's household.")

PERSONS = pa.DataFrameSchema(
    {
        "person_id": pa.Column(str, unique=True, description="Simulated person, household and number in it."),
        "customer_id": _CUSTOMER_ID,
        "person_number": pa.Column("int64", pa.Check.in_range(1, 4), description="Number in the household, 1 to 4."),
        "has_email": pa.Column(bool, description="Whether the person has an e-mail address, perhaps a shared one."),
        "has_phone": pa.Column(bool, description="Whether the person has a phone number, perhaps a shared one."),
    },
    strict=True,
    ordered=True,
    name="simulation.persons",
    description="Simulated: the persons of each household, the truth that identity resolution is measured against. "
    "One row per person.",
)

DEVICES = pa.DataFrameSchema(
    {
        "anonymous_id": pa.Column(str, description="Id that the device sends before a login."),
        "person_id": pa.Column(str, description="Simulated person who uses it."),
        "customer_id": _CUSTOMER_ID,
        "device_kind": pa.Column(str, pa.Check.isin(list(KINDS)), description="Browser of a desktop or phone, or app."),
        "is_shared": pa.Column(bool, description="Whether all persons of the household use it."),
        "is_after_reset": pa.Column(bool, description="Whether the id replaced one that the browser lost."),
    },
    strict=True,
    ordered=True,
    unique=["anonymous_id", "person_id"],
    name="simulation.devices",
    description="Simulated: who is behind an anonymous id. One row per anonymous id and person who uses it.",
)

PERSON_IDENTIFIERS = pa.DataFrameSchema(
    {
        "person_id": pa.Column(str, description="Simulated person."),
        "kind": pa.Column(str, pa.Check.isin(["email", "phone"]), description="Kind of the identifier."),
        "token": pa.Column(
            str, pa.Check.str_matches("^[0-9a-f]{32}$"), description="The identifier's pseudonym, as in raw.events."
        ),
    },
    strict=True,
    ordered=True,
    unique=["person_id", "kind"],
    name="simulation.person_identifiers",
    description="Simulated: the pseudonyms of each person's e-mail address and phone number. One row per person and kind.",
)

IDENTIFIER_OWNERS = pa.DataFrameSchema(
    {
        "identifier_id": pa.Column(
            str,
            description="Identifier: a customer id, `device:` with an anonymous id, `email:` or `phone:` with a pseudonym.",
        ),
        "kind": pa.Column(
            str, pa.Check.isin(["customer", "device", "email", "phone"]), description="Kind of the identifier."
        ),
        "namespace": pa.Column(str, description="Namespace of the source; empty for what is the same in all of them."),
        "person_id": pa.Column(
            str,
            description="Whose it is: a household, as the demo's customers are, or a customer of the other shop alone.",
        ),
        "valid_from": pa.Column(
            "datetime64[ns]", nullable=True, description="When it became theirs (UTC); null where it always was."
        ),
        "valid_to": pa.Column(
            "datetime64[ns]", nullable=True, description="When it ceased to be theirs (UTC); null where it never did."
        ),
    },
    strict=True,
    ordered=True,
    unique=["identifier_id", "person_id"],
    name="simulation.identifier_owners",
    description="Simulated: which identifier is whose from when to when, the truth that identity resolution is measured against. "
    "One row per identifier and owner.",
)
