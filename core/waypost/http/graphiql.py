"""The page on which people explore a graph: GraphiQL, served by ourselves."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Final

from waypost.http.assets import Assets
from waypost.http.replies import Reply, page
from waypost.tenancy import Tenant

HOW: Final = """\
# The button on the right runs the query.
# Ctrl+Space suggests fields,
# the book on the left explains them.
"""

NEAR: Final = """\
# {title}:
# what is near, and which badges it leads to.
{how}
query NearMe {{
  discover(
    filter: {{
      near: {{
        latitude: {latitude:.4f}
        longitude: {longitude:.4f}
      }}
    }}
    first: 5
  ) {{
    totalCount
    edges {{
      distanceMetres
      node {{
        title
        startsAt
        kind {{ name }}
        provider {{ name }}
        badges {{
          name
          layer {{ name }}
          skills {{ name }}
        }}
      }}
    }}
  }}
}}
"""

BADGES: Final = """\
# {title}:
# its badges and what they recognise.
{how}
query Badges {{
  badges(first: 10) {{
    totalCount
    nodes {{
      name
      layer {{ name }}
      skills {{ name }}
      issuer {{ name }}
    }}
  }}
}}
"""

CITIES: Final = f"""\
# The national graph:
# every city, and what is near in any of them.
{HOW}
query Everywhere {{
  cities {{
    nodes {{ slug name kind }}
  }}
  discover(
    filter: {{ postcode: "BR3 4HG" }}
    first: 5
  ) {{
    edges {{
      distanceMetres
      node {{
        title
        city {{ name }}
        badges {{ name }}
      }}
    }}
  }}
}}
"""


def example_query(tenant: Tenant | None) -> str:
    """A first query that has an answer: near the tenant's centre, its badges, or all cities."""
    if tenant is None:
        return CITIES
    if tenant.latitude is None or tenant.longitude is None:
        return BADGES.format(title=_one_line(tenant.name), how=HOW)
    return NEAR.format(title=_one_line(tenant.name), how=HOW, latitude=tenant.latitude, longitude=tenant.longitude)


def graphiql(tenant: Tenant | None, prefix: str, assets: Assets, *, query: str = "", variables: str = "") -> Reply:
    """The GraphiQL page of one tenant, or of the national graph.

    `prefix` stands before `/graphql` in addresses ("" or "/brighton"); `query` and
    `variables` (JSON text) are put into the editors when a link brought them.
    """
    title = tenant.name if tenant else "All cities"
    mark = '<span class="example">Example</span>' if tenant and tenant.example else ""
    data = {
        "endpoint": f"{prefix}/graphql",
        "example": example_query(tenant),
        "query": query,
        "variables": variables,
    }
    attributes = "".join(f' data-{name}="{escape(value)}"' for name, value in data.items())
    scripts = ("react.production.min.js", "react-dom.production.min.js", "graphiql.min.js", "start.js")
    return page(f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} – GraphiQL – Waypost</title>
<link rel="stylesheet" href="{assets.url("graphiql/graphiql.min.css")}">
<link rel="stylesheet" href="{assets.url("graphiql/page.css")}">
<link rel="icon" href="{assets.url("waypost.svg")}">
</head>
<body>
<header>
<h1>{escape(title)}</h1>
{mark}
<nav aria-label="Waypost"><a href="/">Start</a> <a href="{prefix}/schema.graphql">Schema</a></nav>
</header>
<main><div id="graphiql"{attributes}><noscript>GraphiQL needs JavaScript.</noscript></div></main>
{"".join(f'<script src="{assets.url("graphiql/" + script)}" defer></script>' for script in scripts)}
</body>
</html>
""")


def linked(parameters: Mapping[str, str]) -> dict[str, str]:
    """What a link into GraphiQL puts into its editors: `query` and `variables` of the query string."""
    return {name: parameters[name] for name in ("query", "variables") if name in parameters}


def _one_line(name: str) -> str:
    return " ".join(name.split())
