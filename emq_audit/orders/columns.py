"""Which column of an order export holds what, told by its heading.

Headings are those of the orders export of Shopify (https://help.shopify.com/en/manual/fulfillment/managing-orders/exporting-orders) and of
its API, of the export plug-ins of WooCommerce, of Matrixify, PrestaShop, Magento and BigCommerce, and plain words in the languages of the
shops that use them.
"""

import re
import unicodedata
from collections.abc import Sequence


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# By role, in the order in which a column is preferred; written as `plain` writes a heading.
NAMES = {
    "id": _words(
        "orderid orderno ordernumber ordernum ordernr ordername order orderreference orderref ordercode ordernumberformatted incrementid"
        " orderkey transactionid orderidentifier shoporderid weborderid invoice invoicenumber ordrenummer ordrenr ordreid ordre"
        " bestellnummer bestellnr bestellid bestellung auftragsnummer bestelnummer bestelling ordernummer tilausnumero numerodecommande"
        " ncommande idcommande commande numerodepedido idpedido pedido numeroordine idordine ordine numerzamowienia reference id number"
    ),
    "total": _words(
        "ordertotal ordertotalamount totalprice pricetotal grandtotal grandtotalpurchased ordergrandtotal total totalamount amounttotal"
        " orderamount amount ordervalue totalvalue value revenue totalsales totalinclvat totalincltax totalinctax totalpaid paidtotal"
        " ordretotal belob beløb totalbelob totalbeløb gesamtbetrag gesamtsumme summe betrag bestellsumme totaal totaalbedrag bedrag summa"
        " totalsumma montant montanttotal importe importetotal totale importo"
    ),
    "other_total": _words(
        "subtotal ordersubtotal ordersubtotalamount subtotalprice pricesubtotal currenttotal currenttotalprice pricecurrenttotal"
        " totalpriceset totalexcltax totalexclvat totalexvat ordertotalnotax ordertotalamountwithouttax ordertotalwithouttax"
        " ordertotalincrefund ordertotalamountrefund netsales nettotal netrevenue nrevenue totalnet zwischensumme subtotaal"
    ),
    "shipping": _words(
        "shipping shippingtotal totalshipping ordershipping ordershippingamount ordershippingcost shippingamount shippingcost shippingprice"
        " pricetotalshipping totalshippingprice versand versandkosten fragt fragtpris frakt verzendkosten"
    ),
    "tax": _words(
        "taxes tax taxtotal totaltax ordertax ordertaxamount ordertotaltax ordertotaltaxamount taxamount pricetotaltax vat vatamount"
        " vattotal moms mwst steuer steuern btw tva iva"
    ),
    "currency": _words(
        "currency ordercurrency currencycode pricecurrency transactioncurrency valuta wahrung waehrung devise moneda divisa"
    ),
    "status": _words(
        "financialstatus paymentstatus orderstatus status state orderstate ordrestatus betalingsstatus bestellstatus zahlungsstatus"
        " zahlstatus bestelstatus betaalstatus betalstatus statut etat estado stato"
    ),
    "paid": _words("paid ispaid betalt bezahlt betaald"),
    "cancelled": _words(
        "cancelledat canceledat cancelled canceled iscancelled iscanceled cancelledon canceledon"
    ),
    "test": _words("test istest testorder istestorder testmode"),
    "payment_method": _words("paymentmethod paymentmethodtitle paymentgateway gateway paymentgatewaynames"),
    "tags": _words("tags ordertags"),
    "source": _words("source sourcename ordersource createdvia saleschannel"),
    "date": _words(
        "createdat orderdate created createddate datecreated creationdate orderedat dateordered ordercreated orderdatetime ordertime"
        " purchasedate placedat processedat completeddate date datetime timestamp paidat paiddate datepaid ordredato dato bestelldatum"
        " datum orderdatum datecommande fecha data"
    ),
}
_ROLE = {name: role for role, names in NAMES.items() for name in names}
_SHOPIFY = {"financialstatus", "fulfillmentstatus", "lineitemname", "linetype"}
"""One of these headings means that Name is the order's name; anywhere else it is a person's."""
_MANY = {"id": 6, "other_total": 6, "status": 4, "payment_method": 2, "date": 3}
"""Columns of a role that are used; one of every other role."""


def plain(heading: str) -> str:
    """A heading in small letters and digits only, without accents, and without a currency or time zone in brackets behind it."""
    text = re.sub(r"\(\s*[A-Za-z]{3}\s*\)\s*$", "", heading[:200].strip()).lower()
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", text) if letter.isalnum())
    return bare


def places(headings: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Places of the columns by role, the preferred one first. Roles without a column are left out."""
    names = [plain(heading) for heading in headings]
    shopify = bool(_SHOPIFY & set(names))
    found: dict[str, list[tuple[int, int]]] = {}
    for place, name in enumerate(names):
        if shopify and name == "name":
            found.setdefault("id", []).append((-1, place))
        elif role := _ROLE.get(name):
            found.setdefault(role, []).append((NAMES[role].index(name), place))
    return {
        role: tuple(place for _, place in sorted(ranked)[: _MANY.get(role, 1)])
        for role, ranked in found.items()
    }


def shown(headings: Sequence[str]) -> str:
    """The headings for an error message, the first twenty; nothing where the row seems to hold data, which may be personal."""
    told = [" ".join(heading.split()) for heading in headings if heading.strip()]
    if any("@" in heading or sum(letter.isdigit() for letter in heading) > 2 for heading in told):
        return ""
    fit = [
        heading for heading in told if heading.isprintable() and len(heading) <= 40 and heading[0].isalpha()
    ]
    return ", ".join(fit[:20]) + (", ..." if len(fit) > 20 else "")
