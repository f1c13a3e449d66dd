"""The platform's own pages: where to start, and that there is nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from html import escape

from waypost.http.assets import Assets
from waypost.http.replies import Reply, page
from waypost.plugins import Link, Piece
from waypost.tenancy import Tenant

KINDS = {"city": "City", "region": "Region", "nation": "Nation", "network": "Network"}


def start_page(tenants: Iterable[Tenant], assets: Assets) -> Reply:
    """The page at `/`: the national graph and every open tenant, each with its ways in."""
    cards = "\n".join(_card(tenant, f"/{tenant.slug}") for tenant in tenants if tenant.is_open)
    listed = f'<ul class="cards">\n{cards}\n</ul>' if cards else "<p>No city has been set up yet.</p>"
    return whole_page(
        "Waypost",
        f"""<h1>Waypost</h1>
<p class="quiet">Activities, badges and pathways of many cities, read through one graph.</p>
<h2>All cities</h2>
<p>The national graph shows what every city has published.</p>
{_links("", "all cities")}
<h2>Cities and networks</h2>
{listed}""",
        assets,
    )


def tenant_page(tenant: Tenant, prefix: str, assets: Assets, pieces: Iterable[Piece] = ()) -> Reply:
    """The page of one tenant: what it is, the ways into its graph, and what plugins show.

    `prefix` is "" on its own host.
    """
    closed = "" if tenant.is_open else "<p>It is closed: what it published stays readable.</p>"
    return whole_page(
        f"{tenant.name} – Waypost",
        f"""<h1>{escape(tenant.name)}</h1>
<p>{_description(tenant)}</p>
{closed}
{_links(prefix, tenant.name)}
<p><a href="{prefix}/sign-in">Sign in</a></p>
{"".join(_piece(each, prefix) for each in pieces)}""",
        assets,
    )


def fault_page(status: int, message: str, assets: Assets) -> Reply:
    """A page that says why there is nothing to see."""
    return whole_page(
        f"{status} – Waypost",
        f"""<h1>{"Not here" if status == 404 else "That did not work"}</h1>
<p>{escape(message)}</p>
<p><a href="/">To the start</a></p>""",
        assets,
        status=status,
    )


def message_page(title: str, content: str, assets: Assets) -> Reply:
    """A page of few words (`content` is HTML), which may hold a form that leads to itself; never kept."""
    reply = whole_page(f"{title} – Waypost", content, assets)
    policy = reply.headers["Content-Security-Policy"].replace("form-action 'none'", "form-action 'self'")
    return replace(
        reply, headers={**reply.headers, "Content-Security-Policy": policy, "Cache-Control": "private, no-store"}
    )


def _piece(piece: Piece, prefix: str) -> str:
    words = f"<p>{escape(piece.words)}</p>\n" if piece.words else ""
    links = "\n".join(f"<li>{_link(each, prefix)}</li>" for each in piece.links)
    listed = f'<ul class="links">\n{links}\n</ul>\n' if links else ""
    return f"<section>\n<h2>{escape(piece.title)}</h2>\n{words}{listed}</section>\n"


def _link(link: Link, prefix: str) -> str:
    target = prefix + link.target if link.target.startswith("/") else link.target
    return f'<a href="{escape(target)}">{escape(link.words)}</a>'


def _card(tenant: Tenant, prefix: str) -> str:
    return f"""<li>
<h3><a href="{prefix}/">{escape(tenant.name)}</a></h3>
<p class="quiet">{_description(tenant)}</p>
{_links(prefix, tenant.name)}
</li>"""


def _description(tenant: Tenant) -> str:
    words = escape(" · ".join(filter(None, (KINDS.get(tenant.kind, tenant.kind), tenant.nation))))
    return f'{words} <span class="example">Example</span>' if tenant.example else words


def _links(prefix: str, name: str) -> str:
    of = f'<span class="unseen"> of {escape(name)}</span>'
    return f"""<ul class="links">
<li><a href="{prefix}/graphql">Explore with GraphiQL{of}</a></li>
<li><a href="{prefix}/schema.graphql">Schema{of}</a></li>
</ul>"""


def whole_page(
    title: str,
    content: str,
    assets: Assets,
    *,
    status: int = 200,
    styles: Iterable[str] = (),
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """A page of the platform around its content; `styles` are addresses of further style sheets."""
    links = "".join(f'\n<link rel="stylesheet" href="{escape(each)}">' for each in styles)
    return page(
        f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<link rel="stylesheet" href="{assets.url("waypost.css")}">{links}
<link rel="icon" href="{assets.url("waypost.svg")}">
</head>
<body>
<main>
{content}
</main>
</body>
</html>
""",
        status=status,
        headers={"Cache-Control": "no-cache", **(headers or {})},
    )
