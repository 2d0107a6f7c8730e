"""A fix as a card: its rank, what to do, what the log shows, and what it brings."""

from collections.abc import Sequence

from markupsafe import Markup

from emq_audit.app import page, parts
from emq_audit.app.words import shown
from emq_audit.report import Fix, path
from emq_audit.report.words import count, counted, gain, gained, points


def row(fixes: Sequence[Fix], first: str | None) -> Markup:
    """Cards side by side, ranked 1, 2, 3; `first` is the event whose gain is shown where it has one."""
    cards = Markup("").join(
        Markup(
            '<article class="emq-card"><div class="emq-card-head">{}{}</div><h3>{}</h3><p>{}</p>{}</article>'
        ).format(rank(place), brings(fix, first), fix.title, shown(fix.why, 400), tags(fix))
        for place, fix in enumerate(fixes, 1)
    )
    return Markup('<div class="emq-cards">{}</div>').format(cards)


def wide(place: int, fix: Fix, first: str | None) -> Markup:
    """One card over the whole width, without its border: the view puts the steps below."""
    return Markup(
        '<div class="emq-card emq-wide">{}<div class="emq-what"><h3>{}</h3><p>{}</p>{}</div>{}</div>'
    ).format(rank(place), fix.title, shown(fix.why, 600), tags(fix), brings(fix, first))


def rank(place: int) -> Markup:
    return Markup('<div class="emq-rank">{}</div>').format(place)


def brings(fix: Fix, first: str | None) -> Markup:
    """+0.6, Purchase 7.4 → 8.0, with the side where it is not the one whose score stands for the event; or that it brings no points."""
    best = path.best_gain(fix, first)
    if best is None:
        return Markup('<div class="emq-gain"><small>no points, still needed</small></div>')
    name, value = best
    told, side = gain(value), path.other_side(page.report(), fix, name)
    way = f", {side} side" if side else ""
    if name in fix.scores:
        before, after = fix.scores[name]
        if points(before) != points(after):
            way += f" {points(before)} → {points(after)}"
        told = gained(before, after)
    most = Markup("<small>at most</small>") if fix.kind == "collect" else ""
    return Markup('<div class="emq-gain">{}<small>{}{}</small>{}</div>').format(
        told, shown(name, 22), way, most
    )


def tags(fix: Fix) -> Markup:
    of = (
        f"{count(fix.events)} of {counted(fix.in_scope, 'event')}"
        if fix.in_scope
        else counted(fix.events, "event")
    )
    return parts.tags((of, fix.owner, fix.effort))
