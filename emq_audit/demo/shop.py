"""Who comes to the demo shop, and what do they do there? People → visits → events: all sound, nobody real.

The shop is invented ("Fjord & Fyr", home goods); its week is Monday 9 to Sunday 15 November 2026, Danish
time. E-mail addresses are on the domains reserved for examples. IP addresses are drawn at random from the
ranges of Danish providers, because addresses from the documentation ranges are a fault the audit reports;
phone numbers are drawn at random too, for Denmark has none reserved for fiction. About one visit in nine ends
in an order, four times what a real shop sees, so that a small log holds enough orders to study.
"""

import base64
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from itertools import chain
from random import Random

SHOP = "https://shop.fjordogfyr.example"
CET = timezone(timedelta(hours=1))
MONDAY = int(datetime(2026, 11, 9, tzinfo=CET).timestamp())  # seconds
DAY, HOUR = 86_400, 3_600
DAY_WEIGHTS = (11, 11, 12, 12, 13, 18, 23)  # Monday to Sunday
OPEN_HOURS = range(7, 23)
HOUR_WEIGHTS = (3, 4, 4, 5, 5, 6, 5, 4, 5, 6, 6, 7, 10, 13, 11, 6)
PEOPLE = 620
FIRST_ORDER = 10_431

WOMEN = (
    "Mette Anne Kirsten Hanne Camilla Louise Sofie Freja Ida Maja Astrid Signe Rikke Line Pernille Karen "
    "Lærke Åse Anne-Marie Caroline Trine Josefine Birgitte Katrine"
).split()
MEN = (
    "Søren Lars Jens Peter Mads Rasmus Emil Magnus Frederik Christian Henrik Thomas Jonas Mikkel Anders "
    "Niels Jørgen Kasper Oliver Viggo Bjørn Malthe Steffen Poul-Erik"
).split()
SURNAMES = (
    "Nielsen Jensen Hansen Pedersen Andersen Christensen Larsen Sørensen Rasmussen Jørgensen Petersen Madsen "
    "Kristensen Olsen Thomsen Møller Holm Lund Bach Skov Østergaard Dahl Krogh Winther Kjær Bruun Nygaard"
).split()
# fmt: off
TOWNS = (
    ("2100", "København Ø"), ("2200", "København N"), ("2300", "København S"), ("2500", "Valby"),
    ("2800", "Kongens Lyngby"), ("3000", "Helsingør"), ("3400", "Hillerød"), ("3700", "Rønne"),
    ("4000", "Roskilde"), ("4700", "Næstved"), ("5000", "Odense C"), ("5700", "Svendborg"),
    ("6000", "Kolding"), ("6400", "Sønderborg"), ("6700", "Esbjerg"), ("7100", "Vejle"),
    ("7400", "Herning"), ("8000", "Aarhus C"), ("8200", "Aarhus N"), ("8600", "Silkeborg"),
    ("8800", "Viborg"), ("8900", "Randers C"), ("9000", "Aalborg"), ("9900", "Frederikshavn"),
)
# fmt: on
MAIL_DOMAINS = ("example.com", "example.net", "example.org")
MOBILE_PREFIXES = (20, 21, 22, 23, 24, 25, 40, 41, 42, 50, 51, 52, 53, 60, 61, 71, 81, 91, 92, 93)
IPV4_RANGES = ("87.49", "80.62", "2.104", "2.106", "5.186", "188.177", "93.160")

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
BLINK = "AppleWebKit/537.36 (KHTML, like Gecko) "
CHROME = BLINK + "Chrome/154.0.0.0 "
BROWSERS = {  # user agent → weight
    IPHONE + "Version/26.1 Mobile/15E148 Safari/604.1": 30,
    IPHONE + "Version/26.0 Mobile/15E148 Safari/604.1": 8,
    f"Mozilla/5.0 (Linux; Android 10; K) {CHROME}Mobile Safari/537.36": 20,
    f"{WINDOWS}) {CHROME}Safari/537.36": 16,
    f"{WINDOWS}) {CHROME}Safari/537.36 Edg/154.0.0.0": 8,
    f"{WINDOWS}; rv:145.0) Gecko/20100101 Firefox/145.0": 4,
    MAC + "Version/26.1 Safari/605.1.15": 9,
}
IN_APP_BROWSERS = {  # Instagram, and Facebook on both kinds of phone
    IPHONE + "Mobile/23B85 Instagram 408.0.0.30.78 "
    "(iPhone15,2; iOS 26_1; da_DK; da; scale=3.00; 1179x2556; 812345678)": 11,
    IPHONE + "Mobile/23B85 [FBAN/FBIOS;FBAV/538.0.0.41.71;FBBV/812345678;FBDV/iPhone15,2;"
    "FBMD/iPhone;FBSN/iOS;FBSV/26.1;FBSS/3;FBID/phone;FBLC/da_DK;FBOP/80]": 8,
    f"Mozilla/5.0 (Linux; Android 16; SM-S931B Build/BP2A.250605.031; wv) {BLINK}Version/4.0 "
    "Chrome/154.0.7800.60 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/538.0.0.41.71;]": 7,
}


@dataclass(frozen=True)
class Product:
    id: str
    slug: str
    price: float  # DKK, VAT included


PRODUCTS = tuple(
    Product(f"FF-{number}", slug, price)
    for number, slug, price in (
        (1021, "stormlygte-hirtshals", 449.0),
        (1022, "stormlygte-skagen-messing", 799.0),
        (1033, "lysestage-limfjord", 249.0),
        (1034, "fyrfadsstage-anholt", 129.0),
        (1047, "bloklys-bivoks", 89.5),
        (1102, "uldplaid-hanstholm", 899.0),
        (1103, "uldplaid-roedvig", 949.0),
        (1110, "pude-klit", 329.0),
        (1205, "stentoejskrus-fjord", 159.0),
        (1206, "stentoejsskaal-fjord", 219.95),
        (1209, "kaffekande-blaavand", 549.0),
        (1301, "bordlampe-fyr", 1299.0),
        (1302, "pendel-kattegat", 2149.0),
        (1303, "vaeglampe-molen", 1095.0),
        (1410, "bademaatte-strand", 279.0),
        (1411, "haandklaede-strand", 179.95),
        (1502, "gummistoevler-vesterhav", 649.0),
        (1503, "regnfrakke-vesterhav", 1199.0),
    )
)
FRONT_PAGES = ("/", "/lys-og-lygter", "/tekstiler", "/nyheder", "/julegaver")
ADS = (
    "utm_source=facebook&utm_medium=paid&utm_campaign=julelys",
    "utm_source=instagram&utm_medium=paid&utm_campaign=hygge-uge46",
)


@dataclass(frozen=True)
class Person:
    """One visitor on one device; `phone` is digits with country code, `born` is YYYYMMDD."""

    first_name: str
    last_name: str
    woman: bool
    email: str
    phone: str
    postcode: str
    city: str
    born: str
    customer: str
    member: bool  # logged in: the shop knows the person from the first page on
    blocks_pixel: bool  # an ad blocker: nothing from this browser reaches Meta
    ip: str
    user_agent: str
    from_app: bool  # browses inside Facebook or Instagram, hence always after a click on an ad
    fbp: str
    starts: tuple[int, ...]  # visits, seconds


@dataclass(frozen=True)
class Visit:
    """One stay of one person. `fbc` is the cookie of the last ad click, perhaps from an earlier visit."""

    person: Person
    start: int  # seconds
    clicked: bool  # this visit began with a click on a Meta ad
    fbc: str | None


@dataclass(frozen=True)
class Event:
    """What happened, before any log told of it. `time` is in seconds with a fraction."""

    name: str
    time: float
    id: str
    url: str
    visit: Visit
    cart: tuple[tuple[Product, int], ...] = ()  # products and quantities
    order: str | None = None
    typed_email: bool = False  # at the checkout, before ordering

    @property
    def value(self) -> float:
        """DKK."""
        return round(sum(product.price * quantity for product, quantity in self.cart), 2)


def week(dice: Random) -> list[Event]:
    """Every event of the week, oldest first."""
    stays = (stay(visit, dice) for person in people(dice) for visit in visits(person, dice))
    return list(with_order_numbers(sorted(chain.from_iterable(stays), key=lambda event: event.time)))


def people(dice: Random) -> list[Person]:
    """The visitors; no two share an address, a phone, an IP or a cookie, for sharing one is a fault."""
    taken: set[str] = set()

    def new(make) -> str:
        while (value := make()) in taken:
            pass
        taken.add(value)
        return value

    def person(number: int) -> Person:
        woman = dice.random() < 0.62
        first, last = dice.choice(WOMEN if woman else MEN), dice.choice(SURNAMES)
        postcode, city = dice.choice(TOWNS)
        agents = BROWSERS | IN_APP_BROWSERS
        agent = dice.choices(list(agents), list(agents.values()))[0]
        starts = visit_starts(dice)
        return Person(
            first_name=first,
            last_name=last,
            woman=woman,
            email=new(lambda: address(first, last, dice)),
            phone=new(lambda: f"45{dice.choice(MOBILE_PREFIXES)}{dice.randrange(100_000, 1_000_000)}"),
            postcode=postcode,
            city=city,
            born=f"{dice.randrange(1950, 2006)}{dice.randrange(1, 13):02}{dice.randrange(1, 29):02}",
            customer=f"ff-{204_000 + 7 * number}",
            member=dice.random() < 0.26,
            blocks_pixel=dice.random() < 0.15,
            ip=new(lambda: ip_address(dice)),
            user_agent=agent,
            from_app=agent in IN_APP_BROWSERS,
            fbp=browser_cookie(starts[0], dice),
            starts=starts,
        )

    return [person(number) for number in range(PEOPLE)]


def visit_starts(dice: Random) -> tuple[int, ...]:
    """One to three visits, never two on one day, so that no two stays run together."""
    days = {dice.choices(range(7), DAY_WEIGHTS)[0] for _ in range(dice.choices((1, 2, 3), (84, 13, 3))[0])}
    hours = dice.choices(OPEN_HOURS, HOUR_WEIGHTS, k=len(days))
    return tuple(
        MONDAY + day * DAY + hour * HOUR + dice.randrange(HOUR)
        for day, hour in zip(sorted(days), hours, strict=True)
    )


def address(first: str, last: str, dice: Random) -> str:
    local = f"{first}.{last}".lower().translate({ord("æ"): "ae", ord("ø"): "oe", ord("å"): "aa"})
    return f"{local}{dice.choice(('', dice.randrange(50, 99)))}@{dice.choice(MAIL_DOMAINS)}"


def ip_address(dice: Random) -> str:
    if dice.random() < 0.3:
        return "2a02:aa7:" + ":".join(f"{dice.randrange(0x1000, 0x10000):x}" for _ in range(6))
    return f"{dice.choice(IPV4_RANGES)}.{dice.randrange(1, 255)}.{dice.randrange(2, 254)}"


def browser_cookie(first_visit: int, dice: Random) -> str:
    """fbp: milliseconds of the first visit, this week's or one up to 80 days ago, then a random number.

    https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/fbp-and-fbc
    """
    made = first_visit - (dice.randrange(DAY, 80 * DAY) if dice.random() < 0.55 else 0)
    return f"fb.1.{made * 1000 + dice.randrange(1000)}.{dice.randrange(10**8, 10**18)}"


def click_cookie(clicked: int, dice: Random) -> str:
    """fbc: the click id that Meta's ads append to links (fbclid), after the milliseconds of the click."""
    head = dice.choice(("IwY2xjaw", "IwZXh0bg"))
    fbclid = f"{head}{base64url(dice.randbytes(dice.randrange(66, 90)))}_aem_{base64url(dice.randbytes(16))}"
    return f"fb.1.{clicked * 1000 + dice.randrange(1000)}.{fbclid}"


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def visits(person: Person, dice: Random) -> Iterator[Visit]:
    """The cookie of an ad click stays, so a later visit still carries it."""
    fbc = None
    if dice.random() < 0.12:
        fbc = click_cookie(person.starts[0] - dice.randrange(DAY, 60 * DAY), dice)
    for start in person.starts:
        clicked = person.from_app or dice.random() < 0.30
        if clicked:
            fbc = click_cookie(start, dice)
        yield Visit(person, start, clicked, fbc)


def stay(visit: Visit, dice: Random) -> Iterator[Event]:
    """The events of one visit: pages, products, cart, perhaps a newsletter sign-up, checkout, order."""

    def event(name: str, url: str, **more) -> Event:
        return Event(name, clock, str(uuid.UUID(int=dice.getrandbits(128), version=4)), url, visit, **more)

    # Cookies are set as the page opens; the first event leaves when it has loaded and consent is given.
    clock = visit.start + dice.uniform(3, 12)
    cart = []
    for url, product in pages(visit, dice):
        yield event("PageView", url)
        if product:
            clock += dice.uniform(0.2, 0.9)
            yield event("ViewContent", url, cart=((product, 1),))
            if dice.random() < 0.30:
                clock += dice.uniform(12, 90)
                cart.append((product, dice.choices((1, 2, 4), (80, 15, 5))[0]))
                yield event("AddToCart", url, cart=(cart[-1],))
        clock += dice.uniform(15, 100)
    if dice.random() < 0.08:
        clock += dice.uniform(5, 30)
        yield event("Lead", f"{SHOP}/nyhedsbrev/tak")
    if cart and dice.random() < 0.62:
        clock += dice.uniform(10, 60)
        yield event("PageView", f"{SHOP}/checkout")
        clock += dice.uniform(0.3, 0.9)
        typed = dice.random() < 0.45
        yield event("InitiateCheckout", f"{SHOP}/checkout", cart=tuple(cart), typed_email=typed)
        if dice.random() < 0.64:
            clock += dice.uniform(70, 280)
            yield event("PageView", f"{SHOP}/checkout/tak")
            clock += dice.uniform(0.3, 0.9)
            yield event("Purchase", f"{SHOP}/checkout/tak", cart=tuple(cart))


def pages(visit: Visit, dice: Random) -> list[tuple[str, Product | None]]:
    """Addresses in the order seen, each with its product or none; the first tells of the ad clicked."""
    seen: list[tuple[str, Product | None]] = [
        (f"{SHOP}/p/{product.slug}", product)
        for product in dice.sample(PRODUCTS, dice.choices((0, 1, 2, 3), (24, 44, 22, 10))[0])
    ]
    if not seen or dice.random() < (0.3 if visit.clicked else 0.6):
        seen.insert(0, (SHOP + dice.choice(FRONT_PAGES), None))
    if visit.clicked and visit.fbc:
        url, product = seen[0]
        seen[0] = (f"{url}?{dice.choice(ADS)}&fbclid={visit.fbc.split('.')[3]}", product)
    return seen


def with_order_numbers(events: list[Event]) -> Iterator[Event]:
    """Orders are numbered as they come in, and the number is the event id of the Purchase."""
    number = FIRST_ORDER
    for event in events:
        if event.name == "Purchase":
            event = replace(event, id=str(number), order=str(number))
            number += 1
        yield event
