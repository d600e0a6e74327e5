"""The fields of destinations that are tables of customers: one row per customer, values in clear."""

from __future__ import annotations

from dmp_assets.activation.destinations.base import Field, Form
from dmp_assets.activation.normalise import email, phone, plain

CUSTOMER: Form = (
    Field("customer_id", "customer_id", plain),
    Field("email", "email", email, is_key=False),
    Field("phone", "phone", phone, is_key=False),
    Field("first_name", "first_name", plain, is_key=False),
    Field("last_name", "last_name", plain, is_key=False),
)
