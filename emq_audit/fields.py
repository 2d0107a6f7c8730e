"""FIELDS: every field of the canonical `events` relation, under the names that logs use for it.

Readers use this table to recognise columns and JSON keys; `events.py` fills the relation; the documentation prints it. Names are
those of the Conversions API server event: https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from emq_audit.match_keys import MATCH_KEYS


@dataclass(frozen=True)
class Field:
    """One field. `place` says where it stands in a server event: event, user_data, custom_data, or log (about the row itself)."""

    name: str
    place: str
    aliases: tuple[str, ...]
    meaning: str


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_USER_ALIASES = {
    "em": "email mail email_hash hashed_email email_hashed email_sha256 sha256_email sha256_email_address em_hash user_email "
    "customer_email email_address e_mail",
    "ph": "phone phone_number phone_no mobile mobile_number tel telephone hashed_phone phone_hash phone_hashed phone_sha256 "
    "sha256_phone_number "
    "customer_phone mobile_phone",
    "fn": "first_name firstname given_name f_name billing_first_name name_first",
    "ln": "last_name lastname surname family_name l_name billing_last_name name_last",
    "ge": "gender sex gen",
    "db": "dob birthdate birthday date_of_birth birth_date",
    "ct": "city town billing_city",
    "st": "state region province billing_state state_province state_region",
    "zp": "zip zipcode zip_code zip_postal_code postal postcode postal_code post_code plz cep billing_postcode billing_zip",
    "country": "country_code country_iso billing_country",
    "external_id": "externalid customer_id user_id uid client_id crm_id extern_id",
    "lead_id": "leadid",
    "fb_login_id": "facebook_login_id",
    "fbp": "_fbp browser_id fb_browser_id fbp_cookie",
    "fbc": "_fbc fb_click_id click_id fbc_cookie",
    "client_ip_address": "ip ip_address client_ip remote_addr user_ip browser_ip clientipaddress",
    "client_user_agent": "user_agent ua useragent browser_user_agent clientuseragent",
}

FIELDS = (
    Field(
        "event_name",
        "event",
        _words("event ev eventname name event_type"),
        "what happened; standard names are case-sensitive",
    ),
    Field(
        "event_time",
        "event",
        _words(
            "eventtime timestamp time ts date datetime date_time created_at occurred_at event_timestamp event_date"
        ),
        "when it happened, Unix seconds",
    ),
    Field(
        "event_id",
        "event",
        _words("eventid eid dedup_id dedupe_id message_id messageid"),
        "the id that both sides share",
    ),
    Field(
        "action_source",
        "event",
        _words("actionsource"),
        "where it happened: website, app, physical_store ...",
    ),
    Field(
        "event_source_url",
        "event",
        _words("eventsourceurl url page_url source_url page_location dl landing_page"),
        "the page it happened on",
    ),
    Field("referrer_url", "event", _words("referrer referer page_referrer rl"), "the page before"),
    Field("opt_out", "event", (), "true: attribution only"),
    Field("data_processing_options", "event", _words("dpo"), "Limited Data Use"),
    *(
        Field(key.key, "user_data", _words(_USER_ALIASES[key.key]), f"match key: {key.label}")
        for key in MATCH_KEYS
    ),
    Field(
        "value",
        "custom_data",
        _words("revenue amount total price order_total conversion_value order_value purchase_value"),
        "what it was worth",
    ),
    Field("currency", "custom_data", _words("currency_code curr ccy"), "ISO 4217 code of the value"),
    Field(
        "order_id",
        "custom_data",
        _words("order transaction_id orderid order_number invoice"),
        "the shop's order number",
    ),
    Field(
        "content_ids",
        "custom_data",
        _words("product_ids skus sku item_ids item_number"),
        "ids of the products",
    ),
    Field("contents", "custom_data", _words("items products"), "products with quantity and price"),
    Field("content_type", "custom_data", (), "product or product_group"),
    Field("num_items", "custom_data", _words("quantity item_count"), "how many items"),
    Field(
        "side",
        "log",
        _words("source received_from channel integration event_source connection_method browser_server from"),
        "browser, server or offline",
    ),
    Field(
        "pixel_id",
        "log",
        _words("pixel pixelid dataset dataset_id data_set_id fb_pixel_id"),
        "the dataset it was sent to",
    ),
    Field("sender", "log", _words("partner_agent agent a"), "the software that sent it"),
    Field(
        "received_at",
        "log",
        _words("receivedat received received_time sent_at"),
        "when Meta, or the log, received it",
    ),
    Field("test_event_code", "log", (), "marks a test event"),
)

BY_PLACE = {
    place: tuple(field.name for field in FIELDS if field.place == place)
    for place in ("event", "user_data", "custom_data", "log")
}

# What a log says about the visitor's consent, by the name it has in the leaf `consent`. Only what speaks of advertising: ad_storage and
# ad_user_data of Google's consent mode (https://support.google.com/analytics/answer/13802165), its codes gcs and gcd in which both
# stand, and plain fields. analytics_storage and ad_personalization do not concern what Meta is sent. Consent to newsletters
# (accepts_marketing, email_marketing_consent) is another matter, and so is Limited Data Use (data_processing_options).
CONSENT_SIGNALS = {
    "gcs": _words("gcs x_ga_gcs ga_gcs"),
    "gcd": _words("gcd x_ga_gcd ga_gcd"),
    "ad_storage": _words("ad_storage adstorage consent_ad_storage ad_storage_consent"),
    "ad_user_data": _words("ad_user_data aduserdata consent_ad_user_data ad_user_data_consent"),
    "marketing_consent": _words(
        "marketing_consent consent_marketing ads_consent ad_consent advertising_consent consent_ads consent_advertising marketing_allowed"
    ),
    "consent": _words(
        "consent consent_state consent_mode consent_status consent_given consent_granted has_consent user_consent cookie_consent "
        "google_consent consent_settings"
    ),
}

_PREFIXES = re.compile(
    r"^(user_data|user|ud|udff|match_keys|custom_data|custom|cd|data|payload|event|properties|context|traits)[._\[]+(?=[a-z_])"
)


def plain_name(header: str) -> str:
    """A header as the alias table writes it: lower case, words joined by one underscore, no brackets."""
    name = re.sub(r"[\[\]{}()\"'`#]+", " ", header.strip().lower())
    return re.sub(r"[\s._\-/]+", "_", name.strip()).strip("_") or header.strip().lower()


_BY_ALIAS = {alias: field.name for field in FIELDS for alias in (field.name, *map(plain_name, field.aliases))}


_HASHED = re.compile(r"^(sha_?256|hashed|hash)_|_(sha_?256|hashed|hash)$")


def field_for(header: str) -> str | None:
    """The field that a column or key of this name holds, or None; 'User Data.em', 'ud[em]', 'Email (hashed)', 'em_0' all give em."""
    return next((_BY_ALIAS[name] for name in _spellings(header) if name in _BY_ALIAS), None)


def _spellings(header: str) -> Iterator[str]:
    """The header as it stands, then ever barer: without prefixes, units in brackets, places in a list, the word for its hash."""
    dotted = re.sub(r"[:/]+", ".", re.sub(r"[\s\-]+", "_", header.strip().strip("[]{}()\"'`#").lower()))
    unnumbered = re.sub(r"[._\[]*\d{1,2}\]?$", "", re.sub(r"[.\[]\d{1,4}\]?(?=\.)", "", dotted))
    outside, _, inside = dotted.partition("(")
    yield plain_name(header)
    for bare in (dotted, unnumbered, outside, inside):
        for name in (bare, _PREFIXES.sub("", bare), _PREFIXES.sub("", _PREFIXES.sub("", bare))):
            plain = plain_name(name) if name else ""
            yield plain
            yield _HASHED.sub("", plain)


_SIGNAL_BY_ALIAS = {alias: signal for signal, aliases in CONSENT_SIGNALS.items() for alias in aliases}
_SPECIFIC = ("gcs", "gcd", "ad_storage", "ad_user_data")
"""Signals whose names mean the same wherever they stand; `analytics.consent` is no consent to advertising."""


def signal_for(header: str) -> str | None:
    """The consent signal that a column or key of this name holds, or None; x-ga-gcs, adStorage, consent_state.ad_storage are known."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", header.strip()).lower()
    if found := _SIGNAL_BY_ALIAS.get(plain_name(name)) or _SIGNAL_BY_ALIAS.get(plain_name(_PREFIXES.sub("", name))):
        return found
    last = _SIGNAL_BY_ALIAS.get(plain_name(re.split(r"[.\[/:]", name.rstrip("]"))[-1]))
    return last if last in _SPECIFIC else None
