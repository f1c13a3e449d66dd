"""The pages by which people sign in and out: plain forms that need no script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import urlencode

from waypost.http.assets import Assets
from waypost.http.pages import whole_page
from waypost.http.replies import PAGE_POLICY, Reply
from waypost.tenancy import Tenant

# With another policy for referrers a browser would not say in `Origin` that a form is ours.
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": PAGE_POLICY.replace("form-action 'none'", "form-action 'self'"),
    "Referrer-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}
WORDS_OF_ROLES: Final[Mapping[str, str]] = {
    "city-admin": "an administrator of the city",
    "curator": "a curator",
    "issuer-admin": "an administrator of an organisation",
    "issuer-staff": "a member of an organisation's staff",
    "employer": "an employer",
}


@dataclass(frozen=True)
class SignInPages:
    """The pages in the look of a tenant, or the platform's own; `prefix` stands before their paths."""

    assets: Assets
    tenant: Tenant | None
    prefix: str

    def start(self, to: str | None, problem: str | None = None, *, status: int = 200) -> Reply:
        """The ways to sign in: the tenant's providers, and a letter with a link."""
        providers = self.tenant.providers if self.tenant is not None and self.tenant.is_open else ()
        kept = f"?{urlencode({'to': to})}" if to else ""
        ways = "\n".join(
            f'<li><a class="way" href="{self.prefix}/auth/{each.name}{escape(kept)}">'
            f"Sign in with {escape(each.title)}</a></li>"
            for each in providers
        )
        listed = f'<ul class="plain">\n{ways}\n</ul>\n<h2>Or by e-mail</h2>' if ways else ""
        wrong = ' aria-invalid="true" aria-describedby="problem"' if problem else ""
        said = f'<p class="problem" id="problem" role="alert">{escape(problem)}</p>' if problem else ""
        return self._page(
            "Sign in",
            f"""{listed}
<p>We e-mail you a link. It works once, for 15 minutes. There is no password.</p>
{said}
<form method="post" action="{self.prefix}/sign-in">
<label for="email">Your e-mail address</label>
<input id="email" name="email" type="email" autocomplete="email" maxlength="254" required{wrong}>
{_hidden("to", to)}
<button>Send me a link</button>
</form>""",
            status,
        )

    def sent(self) -> Reply:
        """What everybody is told who asked for a letter."""
        return self._page(
            "Look into your e-mail",
            """<p>If that address can receive e-mail, a link is on its way.
Open the link in this browser, within 15 minutes.</p>
<p class="quiet">Nothing came? Look among unwanted mail, or ask again in a while.</p>""",
        )

    def confirm(self, code: str, address: str | None, *, elsewhere: bool) -> Reply:
        """What a link leads to: a button, since programs that read letters follow links but press nothing."""
        who = f"as <strong>{escape(address)}</strong>" if address else ""
        warned = """<p class="problem">This link was asked for in another browser. Go on only if you asked for it
yourself: if somebody else sent you here, close this page.</p>"""
        return self._page(
            "Sign in",
            f"""{warned if elsewhere else ""}
<p>You are about to sign in {who}.</p>
<form method="post" action="{self.prefix}/sign-in/link">
{_hidden("code", code)}
{_hidden("here", "yes" if elsewhere else None)}
<button>{"Yes, sign in in this browser" if elsewhere else "Sign in"}</button>
</form>""",
        )

    def over(self) -> Reply:
        """A link that does not work any more."""
        return self._page(
            "This link does not work any more",
            f"""<p>A link works once, and for 15 minutes.</p>
<p><a class="way" href="{self.prefix}/sign-in">Ask for another</a></p>""",
            400,
        )

    def failed(self, words: str, status: int = 400) -> Reply:
        """Why somebody could not be signed in."""
        return self._page(
            "You are not signed in",
            f"""<p role="alert">{escape(words)}</p>
<p><a class="way" href="{self.prefix}/sign-in">Try again</a></p>""",
            status,
        )

    def too_many(self, retry_in_s: int) -> Reply:
        """A client that has tried too often."""
        minutes = max(1, retry_in_s // 60)
        reply = self.failed(f"There were too many attempts from here. Try again in {minutes} minutes.", 429)
        return Reply(reply.status, reply.body, reply.media, {**reply.headers, "Retry-After": str(retry_in_s)})

    def address(self, code: str, address: str) -> Reply:
        """What the letter to a further address leads to."""
        return self._page(
            "Add an address",
            f"""<p>You are about to add <strong>{escape(address)}</strong> to your account, with everything that was
given to it.</p>
<p class="quiet">Go on only if you asked for it yourself: if somebody else sent you here, close this page.</p>
<form method="post" action="{self.prefix}/sign-in/address">
{_hidden("code", code)}
<button>Add this address</button>
</form>""",
        )

    def address_added(self) -> Reply:
        """That an address is somebody's now."""
        return self._page(
            "The address is yours",
            f"""<p>From now on you can sign in with it too.</p>
<p><a class="way" href="{self.prefix}/">Go on</a></p>""",
        )

    def address_over(self) -> Reply:
        """A link to add an address that does not work any more."""
        return self._page(
            "This link does not work any more",
            "<p>A link works once, and for 15 minutes. Add the address again.</p>",
            400,
        )

    def address_refused(self, words: str) -> Reply:
        """Why an address was not added."""
        return self._page("The address is not added", f'<p role="alert">{escape(words)}</p>', 400)

    def sign_in_first(self, here: str) -> Reply:
        """That somebody has to sign in, to the account that asked, before they go on."""
        return self._page(
            "Sign in first",
            f"""<p>Sign in to the account that the address is to be added to, by a way that you have already.</p>
<p><a class="way" href="{escape(here)}">Sign in</a></p>""",
            401,
        )

    def leave(self) -> Reply:
        """The ways to sign out."""
        return self._page(
            "Sign out",
            f"""<form method="post" action="{self.prefix}/sign-out">
<button>Sign out in this browser</button>
</form>
<form method="post" action="{self.prefix}/sign-out">
{_hidden("everywhere", "yes")}
<button>Sign out everywhere</button>
</form>""",
        )

    def invitation(self, invitation: str, code: str, here: str | None) -> Reply:
        """What an invitation's letter leads to; `here` is where to sign in first."""
        words = f"{self.tenant.name} invites you." if self.tenant else "You are invited."
        way = f'<p><a class="way" href="{escape(here or "")}">Sign in to accept</a></p>'
        form = f"""<form method="post" action="{self.prefix}/sign-in/invitation">
{_hidden("invitation", invitation)}
{_hidden("code", code)}
<button>Accept</button>
</form>"""
        return self._page("An invitation", f"<p>{escape(words)}</p>\n{way if here else form}")

    def letter_needed(self) -> Reply:
        """That what a letter said is not known to this browser, or not any more."""
        return self._page(
            "An invitation", '<p role="alert">Open the link in the letter again, in this browser.</p>', 400
        )

    def joined(self, role: str) -> Reply:
        """What somebody is who accepted an invitation."""
        where = f" in {self.tenant.name}" if self.tenant else ""
        words = f"You are {WORDS_OF_ROLES.get(role, role)}{where}."
        return self._page(
            "Welcome", f"""<p>{escape(words)}</p>\n<p><a class="way" href="{self.prefix}/">Go on</a></p>"""
        )

    def look(self) -> Reply:
        """The style sheet with the tenant's colours; both were checked to be readable when they were chosen."""
        colours = ""
        if self.tenant is not None:
            primary, accent = self.tenant.primary_colour, self.tenant.accent_colour
            colours = (
                f".sheet button {{ background: {primary}; color: #ffffff; }}\n"
                f".band {{ height: .5rem; margin: 0 0 1.5rem; background: {accent}; }}\n"
            )
        return Reply(200, colours.encode(), "text/css", {"Cache-Control": "public, max-age=300"})

    def _page(self, title: str, content: str, status: int = 200) -> Reply:
        name = escape(self.tenant.name) if self.tenant else "Waypost"
        return whole_page(
            f"{title} – {self.tenant.name if self.tenant else 'Waypost'}",
            f"""<div class="sheet">
<div class="band"></div>
<p class="quiet">{name}</p>
<h1>{escape(title)}</h1>
{content}
</div>""",
            self.assets,
            status=status,
            styles=(f"{self.prefix}/sign-in/look.css",),
            headers=HEADERS,
        )


def _hidden(name: str, value: str | None) -> str:
    return f'<input type="hidden" name="{name}" value="{escape(value)}">' if value else ""
