"""What a user's source maps to: the fields of each contract table, and the names by which sources usually call them.

The column names and types of the contract tables are in the dbt macro ``contract_types``; here is what of them a source gives.
Promotions and events are not among them: promotions need the numeric keys of their source, events come through the collector.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["id", "text", "time", "date", "amount", "quantity", "boolean", "currency"]


@dataclass(frozen=True)
class Field:
    """A field of a contract table.

    Attributes:
        name: the contract's column.
        kind: what it holds.
        is_required: whether the table makes no sense without it.
        words: other names for it, in lower case without separators, in any language.
    """

    name: str
    kind: Kind
    is_required: bool = False
    words: tuple[str, ...] = ()


_CUSTOMER = Field(
    "customer_id",
    "id",
    is_required=True,
    words=("customer", "userid", "user", "clientid", "memberid", "shopperid", "householdid", "用户id", "客户id", "会员id",
           "用户编号", "客户编号", "会员编号", "kundennummer", "kundenid", "kunde", "idclient", "idcliente"),
)  # fmt: skip
_PRODUCT = Field(
    "product_id",
    "id",
    is_required=True,
    words=("product", "itemid", "item", "sku", "articleid", "upc", "ean", "stockcode", "商品id", "产品id", "商品编号",
           "商品编码", "产品编号",
           "artikelnummer", "artikel", "produkt", "produit", "producto"),
)  # fmt: skip
_CAMPAIGN = Field("campaign_id", "id", is_required=True, words=("campaign", "活动id", "营销活动id"))
_COUPON_WORDS = ("coupon", "couponupc", "voucher", "优惠券id")

CONTRACT: Mapping[str, tuple[Field, ...]] = {
    "order_lines": (
        Field("order_line_id", "id", words=("lineid", "orderitemid", "transactionlineid", "明细id", "订单明细id")),
        Field("order_id", "id", words=("order", "ordernumber", "basketid", "transactionid", "receiptid", "invoice",
              "invoiceno", "订单id", "订单号", "订单编号", "bestellnummer")),
        _CUSTOMER,
        _PRODUCT,
        Field("store_id", "id", words=("store", "shopid", "storenumber", "branch", "门店id", "店铺id", "门店编号", "filiale")),
        Field("ordered_at", "time", is_required=True, words=("orderedon", "orderdate", "ordertime", "orderedat", "purchasedate",
              "purchasetime", "purchasedat", "transactiontimestamp", "transactiondate", "invoicedate", "timestamp", "datetime",
              "date", "time", "createdat", "购买时间", "下单时间", "订单时间", "交易时间", "购买日期", "bestelldatum",
              "kaufdatum", "datum")),
        Field("quantity", "quantity", words=("qty", "units", "count", "数量", "购买数量", "menge", "anzahl")),
        Field("quantity_unit", "text"),
        Field("currency", "currency", words=("currencycode", "币种", "货币", "währung")),
        Field("sales_amount", "amount", is_required=True, words=("amount", "sales", "salesvalue", "total", "totalamount",
              "linetotal", "revenue", "spend", "购买金额", "金额", "销售额", "总价", "实付金额", "betrag", "umsatz", "summe")),
        Field("loyalty_discount_amount", "amount", words=("retaildisc", "discount", "discountamount", "折扣", "折扣金额",
              "rabatt")),
        Field("coupon_match_discount_amount", "amount", words=("couponmatchdisc",)),
        Field("coupon_discount_amount", "amount", words=("coupondisc", "coupondiscount", "优惠券金额")),
    ),
    "customers": (
        _CUSTOMER,
        Field("age_band", "text", words=("age", "agegroup", "年龄", "年龄段", "alter")),
        Field("income_band", "text", words=("income", "收入")),
        Field("home_ownership", "text", words=("homeowner",)),
        Field("marital_status", "text", words=("marital", "婚姻状况", "familienstand")),
        Field("household_size", "text", words=("householdmembers", "家庭人数")),
        Field("household_composition", "text", words=("householdcomp",)),
        Field("kids_count", "text", words=("kids", "children", "kinder")),
    ),
    "products": (
        _PRODUCT,
        Field("manufacturer_id", "id", words=("manufacturer", "maker", "vendor", "supplier", "制造商", "hersteller")),
        Field("department", "text", words=("division", "部门", "大类", "abteilung")),
        Field("product_category", "text", words=("category", "categoryname", "类别", "品类", "商品类别", "kategorie",
              "warengruppe")),
        Field("product_type", "text", words=("type", "subcategory", "name", "productname", "title", "商品名称", "产品名称",
              "bezeichnung")),
        Field("brand", "text", words=("brandname", "品牌", "marke")),
        Field("is_private_label", "boolean", words=("privatelabel", "ownbrand", "自有品牌", "eigenmarke")),
        Field("package_size", "text", words=("package", "packsize", "size", "规格", "packung")),
        Field("is_recommendable", "boolean"),
    ),
    "campaigns": (
        _CAMPAIGN,
        Field("campaign_type", "text", words=("type", "kind", "活动类型")),
        Field("start_on", "date", is_required=True, words=("start", "startdate", "begin", "开始日期")),
        Field("end_on", "date", is_required=True, words=("end", "enddate", "结束日期")),
    ),
    "campaign_members": (_CAMPAIGN, _CUSTOMER),
    "coupon_products": (Field("coupon_id", "id", is_required=True, words=_COUPON_WORDS), _PRODUCT, _CAMPAIGN),
    "touches": (
        Field("touch_id", "id", words=("redemptionid",)),
        _CUSTOMER,
        _CAMPAIGN,
        Field("touched_on", "date", is_required=True, words=("redemptiondate", "redeemedon", "date", "触达日期", "核销日期")),
        Field("coupon_id", "id", is_required=True, words=_COUPON_WORDS),
    ),
    "consents": (
        _CUSTOMER,
        Field("purpose", "text", is_required=True, words=("consentpurpose", "category", "用途")),
        Field("is_granted", "boolean", is_required=True, words=("granted", "consent", "optin", "allowed", "是否同意")),
        Field("decided_at", "time", is_required=True, words=("decidedon", "date", "time", "timestamp", "updatedat", "决定时间")),
    ),
}  # fmt: skip
"""Contract tables that a source can map to, each with its fields."""

_OWN_ID = {"customers": "customer_id", "products": "product_id", "campaigns": "campaign_id"}
"""The field that a column called only ``id`` holds."""

IDENTIFIER_WORDS = {
    "email": ("email", "emailaddress", "mail", "邮箱", "电子邮箱", "电子邮件"),
    "phone": ("phone", "phonenumber", "mobile", "mobilenumber", "mobilephone", "telephone", "tel", "手机", "手机号", "手机号码",
              "电话", "联系电话", "telefon"),
    "name": ("fullname", "realname", "customername", "姓名", "客户姓名", "用户姓名"),
    "first_name": ("firstname", "givenname", "vorname", "名"),
    "last_name": ("lastname", "familyname", "surname", "nachname", "姓"),
    "address": ("address", "streetaddress", "street", "postaladdress", "地址", "收货地址", "adresse", "strasse"),
    "birthday": ("birthday", "birthdate", "dateofbirth", "dob", "生日", "出生日期", "geburtsdatum"),
}  # fmt: skip
"""Names of columns with direct identifiers, by kind."""

_SEPARATORS = re.compile(r"[\s_\-.:/()]+")


def plain(name: str) -> str:
    """Return a column's name in lower case without separators."""
    return _SEPARATORS.sub("", name.lower())


def guess_mapping(contract: str, columns: Iterable[str]) -> dict[str, str]:
    """Return the column for each field of a contract table whose name is known; a column serves one field."""
    by_word = {plain(column): column for column in reversed(list(columns))}
    mapping: dict[str, str] = {}
    for field in CONTRACT[contract]:
        for word in (plain(field.name), *field.words):
            column = by_word.get(word)
            if column is not None and column not in mapping.values():
                mapping[field.name] = column
                break
    own_id = _OWN_ID.get(contract)
    if own_id and own_id not in mapping and "id" in by_word:
        mapping[own_id] = by_word["id"]
    return mapping


def missing_fields(contract: str, mapping: Mapping[str, str]) -> list[str]:
    """Return the required fields that a mapping lacks."""
    return [field.name for field in CONTRACT[contract] if field.is_required and field.name not in mapping]


def guess_contract(columns: Iterable[str]) -> str | None:
    """Return the contract table that most of the columns fit; None if there is none.

    All required fields must be there, and a second column that tells: many tables name a customer.
    """
    columns = list(columns)
    telling = {"customers": len(guess_identifiers(columns))}
    fits = {
        contract: len(mapping) + telling.get(contract, 0)
        for contract in CONTRACT
        if not missing_fields(contract, mapping := guess_mapping(contract, columns))
    }
    best = max(fits, key=lambda contract: fits[contract], default=None)
    return best if best and fits[best] > 1 else None


def guess_identifiers(columns: Iterable[str]) -> dict[str, str]:
    """Return the kind of direct identifier of each column whose name tells it."""
    kinds = {word: kind for kind, words in IDENTIFIER_WORDS.items() for word in words}
    return {column: kinds[plain(column)] for column in columns if plain(column) in kinds}
