"""Which orders are true: paid, not cancelled, no test.

What a word of a status means, and why:
  refunded, partially refunded   true. It was a conversion when it was placed, and Meta keeps the Purchase it has received.
  authorized                     true. The customer has finished the checkout and the money is reserved; Shopify's own Purchase is sent at
                                 that moment. Capturing it is the shop's work.
  partially paid                 true: money was received.
  processing (WooCommerce)       true: "Payment received (paid) and stock has been reduced".
  on-hold (WooCommerce)          not true: "Awaiting payment - stock is reduced, but you need to confirm payment".
                                 https://woocommerce.com/document/managing-orders/order-statuses/
  pending, failed, expired, voided, draft, cancelled   not true.
A word that is not known here is taken for paid and named in a note: shops invent statuses such as "packed" for orders that are paid.
Fulfilment is never looked at: an order is sold before it is shipped.
"""

import re
import unicodedata
from dataclasses import dataclass

_CANCELLED = r"cancel|\bvoid|\btrash|\bdeleted|\brejected|\bdeclined|\bdenied|\bfraud|annul|\banul|storn|avbrut|avbok|kansell|peruu"
_UNPAID = (
    r"\bpending|\bunpaid|\bnot paid|\bon ?hold|\bholded|\bfail|\bexpired|\bdraft|\bincomplete|\babandoned|\boverdue|\bpayment due"
    r"|\bpayment review|\bawait\w* (for )?(the )?pay|\bwaiting for (the )?pay|\bopen invoice"
    # Danish, Norwegian, Swedish; German, Dutch; French; Spanish, Portuguese, Italian; Finnish, Polish
    r"|\bafventer (betaling|kortbetaling)|\bikke betalt|\bi bero\b|\bmis+ly[ck]|\bkladde|\bvent\w* pa (betal|godk)|\bpa vent|\binvantar"
    r"|\bvantar pa|\bobetal|\bausstehend|\bin wartestellung|\bwart\w* auf|\bfehlgeschlagen|\bunbezahlt|\bnicht bezahlt|\bentwurf"
    r"|\bwacht\w* op|\bin de wacht|\bmislukt|\bniet betaald|\bonbetaald|\ben attente|\bechou|\bbrouillon|\bimpaye|\bpendiente|\ben espera"
    r"|\bfallid|\bborrador|\bpendente|\baguardando|\bmal ?sucedid|\bfalhou|\bin attesa|\bin sospeso|\bfallit|\bbozza"
    r"|\bodottaa|\bpidossa|\bepaonnis|\boczekuj|\bwstrzyman|\bnieudan"
)
_WAITS_FOR_GOODS = r"^pending (fulfil|ship|pick|deliver)"
_REFUNDED = (
    r"\brefund|\brefusjon|\berstatt|\baterbetal|\bterugbetaa|\brembours|\breembols|\brimbors|\bzwrocon"
)
_AUTHORISED = r"\bauthori[sz]ed|\bautoris"
_PAID = (
    rf"{_REFUNDED}|{_AUTHORISED}|\bpaid\b|\bcomplete|\bprocessing|\bclosed|\bship|\bfulfil|\bunfulfil|\bdeliver|\bsent\b|\bdispatched|\bopen\b"
    r"|\bactive|\bsucce|\bcaptured|\bsettled|\bapproved|\bconfirmed|\baccepted|\breceived|\bready|\bpicked|\bpartial|\bcharged"
    r"|\bawait|\bbetalt|\bgennemfort|\bfullfort|\bbehandl|\bbetald|\bslutford|\bfardig|\bbezahlt"
    r"|\babgeschlossen|\bin bearbeitung|\bversandt|\bvoltooid|\bafgerond|\bbetaald|\bin behandeling|\bterminee|\ben cours|\bpaye|\bexpedie"
    r"|\bcompletad|\bprocesando|\bpagad|\bpago\b|\bconcluid|\bprocessando|\bcompletat|\bin lavorazione|\bpagat|\bvalmis|\bzrealizowan"
)
_NO = r"(?i)\s*(false|no|n|0|nej|nein|nee|non|-)\s*"
_YES = r"(?i)\s*(true|yes|y|1|ja|oui|si|test)\s*"


@dataclass(frozen=True)
class Meaning:
    """What a status says: `untrue` that no money was received or the order was undone, `refunded` that money went back, `authorised` that
    it is only reserved; `unknown` is a word in none of the lists above.
    """

    untrue: bool
    refunded: bool
    authorised: bool
    unknown: bool


def meaning(status: str) -> Meaning:
    """What the status of an order says, in the words of any of the shops above."""
    words = _plain(status)
    waits = re.search(_WAITS_FOR_GOODS, words)
    untrue = bool(re.search(_CANCELLED, words) or (re.search(_UNPAID, words) and not waits))
    return Meaning(
        untrue=untrue,
        refunded=bool(re.search(_REFUNDED, words)),
        authorised=bool(re.search(_AUTHORISED, words)),
        unknown=bool(words) and not untrue and not waits and not re.search(_PAID, words),
    )


def _plain(status: str) -> str:
    """A status in small letters without accents, its words apart; WooCommerce's wc- is taken off."""
    folded = unicodedata.normalize("NFKD", status[:200].lower().replace("ø", "o"))
    letters = "".join(letter for letter in folded if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", " ", letters).strip().removeprefix("wc ")


def is_no(cell: str) -> str:
    """SQL: a cell that denies: false, no, 0."""
    return f"regexp_full_match({cell}, '{_NO}')"


def is_yes(cell: str) -> str:
    """SQL: a cell that affirms: true, yes, 1."""
    return f"regexp_full_match({cell}, '{_YES}')"


def is_test_payment(cell: str) -> str:
    """SQL: Shopify's gateway for test orders (https://help.shopify.com/en/manual/checkout-settings/test-orders)."""
    return f"regexp_matches({cell}, '(?i)bogus gateway|\\bfor testing\\b')"


def is_test_tag(cell: str) -> str:
    """SQL: one of the tags says that the order is a test."""
    return f"regexp_matches({cell}, '(?i)(^|[,;|])\\s*test([ _-]?order)?\\s*([,;|]|$)')"
