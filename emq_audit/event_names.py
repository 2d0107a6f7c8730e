"""Event names: Meta's standard ones, and the near misses that Meta takes for custom events.

Standard names are case-sensitive: https://developers.facebook.com/docs/meta-pixel/reference
"""

import re

STANDARD = (
    "AddPaymentInfo", "AddToCart", "AddToWishlist", "CompleteRegistration", "Contact", "CustomizeProduct", "Donate", "FindLocation",
    "InitiateCheckout", "Lead", "PageView", "Purchase", "Schedule", "Search", "StartTrial", "SubmitApplication", "Subscribe",
    "ViewContent",
)  # fmt: skip

# Not in the list of standard web events, but names that Meta documents elsewhere: server events, messaging, and the pixel's own.
OTHER_DOCUMENTED = (
    "AppendValue", "AppendAttribution", "LeadSubmitted", "OrderCreated", "OrderShipped", "OrderDelivered", "OrderCanceled",
    "OrderReturned", "CartAbandoned", "QualifiedLead", "RatingProvided", "ReviewProvided",
)  # fmt: skip
AUTOMATIC = ("Microdata", "SubscribedButtonClick", "PixelInitialized")

# Google Analytics 4 names for the same things (purchase and search differ from Meta's only by case, so they count as misspelt).
GA4 = {
    "page_view": "PageView",
    "view_item": "ViewContent",
    "add_to_cart": "AddToCart",
    "add_to_wishlist": "AddToWishlist",
    "begin_checkout": "InitiateCheckout",
    "add_payment_info": "AddPaymentInfo",
    "generate_lead": "Lead",
    "sign_up": "CompleteRegistration",
    "view_search_results": "Search",
}

# The order in which a shop cares: what earns money first.
IMPORTANCE = (
    "Purchase", "Subscribe", "StartTrial", "Lead", "CompleteRegistration", "SubmitApplication", "Schedule", "Contact", "InitiateCheckout",
    "AddPaymentInfo", "AddToCart", "AddToWishlist", "ViewContent", "Search", "PageView",
)  # fmt: skip

CUSTOM_RANK = len(IMPORTANCE) - 2


def importance(event_name: str) -> int:
    """Rank of an event name, 0 first; custom events stand before mere page views."""
    return (
        IMPORTANCE.index(event_name)
        if event_name in IMPORTANCE[:-2]
        else {"Search": 90, "PageView": 91}.get(event_name, CUSTOM_RANK)
    )


def _any_of(names) -> str:
    return "'" + "|".join(names) + "'"


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


# The fact name_state. Misspelt: a standard name but for case, spaces, underscores or hyphens. The five commonest names come first, so
# that most rows need no regular expression.
NAME_STATE_SQL = f"""
    CASE WHEN event_name = 'PageView' OR event_name = 'ViewContent' OR event_name = 'AddToCart' OR event_name = 'InitiateCheckout'
              OR event_name = 'Purchase' OR regexp_full_match(event_name, {_any_of(STANDARD)}) THEN 'standard'::fact
         WHEN is_blank(event_name) THEN 'missing'::fact
         WHEN regexp_full_match(event_name, {_any_of(OTHER_DOCUMENTED)}) THEN 'documented'::fact
         WHEN regexp_full_match(event_name, {_any_of(AUTOMATIC)}) THEN 'automatic'::fact
         WHEN regexp_full_match(event_name, {_any_of(GA4)}) THEN 'ga4'::fact
         WHEN regexp_full_match(regexp_replace(lower(event_name), '[^a-z0-9]', '', 'g'), {_any_of(map(_letters, STANDARD))})
              THEN 'misspelt'::fact
         ELSE 'custom'::fact END"""


def standard_for(event_name: str) -> str | None:
    """The standard name that was probably meant, or None."""
    letters = _letters(event_name)
    return GA4.get(event_name) or next((name for name in STANDARD if _letters(name) == letters), None)
