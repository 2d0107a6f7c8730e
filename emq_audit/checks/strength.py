"""Does an event carry enough that Meta can match it at all?

Only website events of the server are asked: pixel events bring the browser's own address and user agent, and events from apps, stores,
messages and customer systems have keys of their own. An exported table may leave keys out that were sent, so it is not asked either.
"""

from emq_audit.check import Check, Evidence, Severity
from emq_audit.checks.examples import MD5, SOME, sha256
from emq_audit.checks.meta_pages import BEST_PRACTICES, COMBINATIONS, CUSTOMER
from emq_audit.match_keys import KEYS

ASKED = "as_sent AND side = 'server' AND scored"
STATES = ", ".join(f"{key}_state" for key in KEYS)
USABLE = f"'usable' IN ({STATES})"
SENT = "(" + " OR ".join(f"{key}_state NOT IN ('missing', 'empty')" for key in KEYS) + ")"
NO_PERSON = "'usable' NOT IN (em_state, ph_state, external_id_state, lead_id_state, fb_login_id_state, fbp_state, fbc_state)"

# Not sent at all: a key that is there and faulty is named by its own check, and one cause is told once.
NO_PERSON_SENT = " AND ".join(
    f"{key}_state IN ('missing', 'empty')"
    for key in ("em", "ph", "external_id", "lead_id", "fb_login_id", "fbp", "fbc")
)

# Meta's list: an event is refused if its keys are all in one of { ct, country, st, zp, ge, user agent }, { db, user agent }, { fn, ge },
# { ln, ge }. So each line below names the keys of the four that must not be there as well.
TOO_WEAK = f"""{NO_PERSON}
AND client_ip_address_state <> 'usable'
AND (
  'usable' NOT IN (fn_state, ln_state, db_state)
  OR 'usable' NOT IN (fn_state, ln_state, ge_state, ct_state, st_state, zp_state, country_state)
  OR 'usable' NOT IN (ln_state, db_state, ct_state, st_state, zp_state, country_state, client_user_agent_state)
  OR 'usable' NOT IN (fn_state, db_state, ct_state, st_state, zp_state, country_state, client_user_agent_state)
)"""
NOTHING = dict.fromkeys(KEYS)

CHECKS = (
    Check(
        id="no-match-key",
        title="Event carries no match key",
        severity=Severity.CRITICAL,
        evidence=Evidence.DOCUMENTED,
        when=ASKED,
        fails=f"NOT {SENT}",
        why="Meta requires at least one match key and refuses events without any.",
        fix="Send at least IP address, user agent and the _fbp cookie of the visitor with every event.",
        source=CUSTOMER,
        bad=(NOTHING, NOTHING | {"em": ""}),
        ok=(
            {"em": None},
            NOTHING | {"_side": "browser"},
            NOTHING | {"_as_sent": False},
            NOTHING | {"action_source": "app"},
        ),
    ),
    Check(
        id="no-usable-match-key",
        title="Event carries match keys, none of them usable",
        severity=Severity.CRITICAL,
        evidence=Evidence.DOCUMENTED,
        when=f"{ASKED} AND {SENT}",
        fails=f"NOT {USABLE}",
        why="Every key that was sent is faulty, so nothing is left by which Meta could match the event.",
        fix="Correct the keys as the other findings say; begin with IP address, user agent and the _fbp cookie.",
        source=CUSTOMER,
        bad=(
            NOTHING | {"em": "mette@shop.example.com"},
            NOTHING | {"em": MD5, "client_ip_address": "10.0.0.7"},
        ),
        ok=(
            NOTHING | {"em": SOME},
            NOTHING | {"fbp": "fb.1.1760000000123.1098115397", "em": MD5},
            NOTHING | {"em": MD5, "_as_sent": False},
            NOTHING | {"em": MD5, "action_source": "app"},
            NOTHING | {"fbp": "GA1.1.7.7", "client_ip_address": "10.0.0.7", "_side": "browser"},
        ),
    ),
    Check(
        id="match-keys-too-weak",
        title="Usable match keys are a combination Meta refuses",
        severity=Severity.CRITICAL,
        evidence=Evidence.DOCUMENTED,
        when=f"{ASKED} AND {USABLE}",
        fails=TOO_WEAK,
        why="Meta lists combinations that are too broad, such as a user agent alone or place and gender, and refuses events with nothing "
        "more (error 2804050). Keys that are faulty are not counted here.",
        fix="Add the visitor's IP address and _fbp cookie, and email or phone where you have them.",
        source=COMBINATIONS,
        bad=(
            NOTHING
            | {"client_user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"},
            NOTHING | {"country": sha256("dk"), "zp": sha256("8000"), "em": MD5},
            NOTHING | {"fn": sha256("mette"), "ge": sha256("f")},
            NOTHING | {"ln": sha256("holm")},
            NOTHING | {"db": sha256("19900214")},
        ),
        ok=(
            NOTHING | {"fn": sha256("mette"), "ln": sha256("holm")},
            NOTHING | {"client_ip_address": "87.49.146.12"},
            NOTHING | {"external_id": "customer-1042"},
            NOTHING | {"fn": sha256("mette"), "ct": sha256("aarhus")},
            NOTHING | {"country": sha256("dk"), "_as_sent": False},
            NOTHING | {"country": sha256("dk"), "action_source": "physical_store"},
            NOTHING | {"country": sha256("dk"), "_side": "browser"},
        ),
    ),
    Check(
        id="no-person-key",
        title="Event has no email, phone, customer, click or browser id",
        severity=Severity.MEDIUM,
        evidence=Evidence.DOCUMENTED,
        when=f"{ASKED} AND {USABLE} AND NOT ({TOO_WEAK})",
        fails=NO_PERSON_SENT,
        why="Meta advises at least one of them on events that ads are optimised for. Address and browser alone rarely lead to one person.",
        fix="Send the _fbp cookie and your customer id (external_id) with every event, and email or phone once the visitor gave them.",
        source=BEST_PRACTICES,
        bad=(
            NOTHING | {"client_ip_address": "87.49.146.12"},
            {"em": None, "ph": None, "external_id": None, "fbp": None, "fbc": None},
        ),
        ok=(
            {"em": None, "ph": None, "external_id": None, "fbc": None},
            {"em": None, "ph": None, "external_id": None, "fbp": None, "fbc": None, "_side": "browser"},
            NOTHING | {"client_ip_address": "87.49.146.12", "_as_sent": False},
            NOTHING | {"client_ip_address": "87.49.146.12", "action_source": "app"},
            NOTHING | {"client_ip_address": "87.49.146.12", "_side": "browser"},
        ),
    ),
    Check(
        id="key-name-ignored",
        title="user_data holds names Meta does not know",
        severity=Severity.MEDIUM,
        evidence=Evidence.OBSERVED,
        when="as_sent",
        fails="misnamed_key",
        why="Meta reads em, ph, fn, ln and so on. A value under email, phone or firstName is ignored, so the key counts as missing.",
        fix="Rename the fields to Meta's names: em, ph, fn, ln, ct, st, zp, country, db, ge, external_id, client_ip_address.",
        source="https://github.com/stape-io/facebook-tag/issues/26",
        bad=(
            {"em": None, "email": sha256("mette.holm@shop.example.com")},
            {"firstName": SOME},
            {"ip": "87.49.146.12"},
        ),
        ok=(
            {"em": SOME},
            {"customer_email": SOME},
            {"firstName": SOME, "_as_sent": False},
        ),
    ),
)
