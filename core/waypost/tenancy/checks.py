"""What is wrong between the files: tenants with each other, and entries with what they name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from waypost.tenancy.absent import absent_plugins
from waypost.tenancy.catalogue import CatalogueKind, Placed, Reference, SharedKind
from waypost.tenancy.country import Country, Folder, Known, Survey
from waypost.tenancy.documents import Document
from waypost.tenancy.faults import Fault, in_order, listed, perhaps
from waypost.tenancy.models import GROUP_KINDS, TenantFile
from waypost.tenancy.providers import RESERVED_PROVIDERS, variable_problem
from waypost.tenancy.reading import read_country
from waypost.tenancy.sections import Problem
from waypost.tenancy.slugs import tenant_slug_problem


def survey(directory: Path, known: Known) -> Survey:
    """Read and check all tenants' folders: every fault of every file at once. Needs no database."""
    country, unread = read_country(directory, known)
    found = [*unread, *_check_slugs(country), *_check_hosts(country, known)]
    for folder in country.folders.values():
        if folder.document is not None and folder.tenant is not None:
            found += _check_tenant(folder.document, folder, folder.tenant, country, known)
        for kind in known.kinds:
            found += _check_entries(kind, folder, country, known)
    for each in known.arrays.values():
        found += each.check_country(country)
    absent = tuple(absent_plugins(country, known))
    found += [each.fault for each in absent]
    faults, notices = (in_order(f for f in found if f.notice is notice) for notice in (False, True))
    return Survey(country, known, faults, notices, absent)


def _check_slugs(country: Country) -> Iterator[Fault]:
    """Names of folders, and the slugs that tenants say they had."""
    owners = {slug: folder.file for slug, folder in country.folders.items()}
    for slug, folder in sorted(country.folders.items()):
        if problem := tenant_slug_problem(slug):
            yield Fault(folder.file, 1, None, "", problem)
        if folder.document is None or folder.tenant is None:
            continue
        for index, former in enumerate(folder.tenant.formerly):
            keys = ("formerly", index)
            if former in owners:
                words = f'"{former}" is also the slug of {owners[former]}'
                yield folder.document.fault(keys, words)
            else:
                owners[former] = folder.document.place(keys)


def _check_hosts(country: Country, known: Known) -> Iterator[Fault]:
    """One host leads to one tenant, and none of them to the platform's own."""
    claims: dict[str, tuple[str, str]] = {}
    for slug, folder in sorted(country.folders.items()):
        if folder.document is None or folder.tenant is None:
            continue
        for index, host in enumerate(folder.tenant.hosts):
            keys = ("hosts", index)
            if host in known.hosts:
                yield folder.document.fault(keys, f'"{host}" is the platform\'s own host (WAYPOST_BASE_URL)')
            elif host in claims:
                other, place = claims[host]
                words = f'"{host}" is claimed by two tenants, {other} and {slug}: the other claim is at {place}'
                yield folder.document.fault(keys, words)
            else:
                claims[host] = (slug, folder.document.place(keys))


def _check_tenant(
    document: Document, folder: Folder, tenant: TenantFile, country: Country, known: Known
) -> Iterator[Fault]:
    if tenant.standard not in known.standards:
        hint = perhaps(tenant.standard, known.standards)
        words = f'unknown standard "{tenant.standard}"; there are {listed(sorted(known.standards))}{hint}'
        yield document.fault(("standard",), words)
    for index, group in enumerate(tenant.groups):
        if problem := _group_problem(group, folder.slug, country):
            yield document.fault(("groups", index), problem)
    if tenant.review == folder.slug:
        yield document.fault(("review",), "a tenant that reviews its own badges names nobody: leave this out")
    elif tenant.review is not None and tenant.review not in country.folders:
        hint = perhaps(tenant.review, country.folders)
        yield document.fault(("review",), f'there is no tenant "{tenant.review}"{hint}')
    for name, provider in tenant.sign_in.items():
        if name in RESERVED_PROVIDERS:
            yield document.fault(("sign_in", name), f'"{name}" is the platform\'s own: choose another name')
        if foreign := variable_problem(folder.slug, provider.secret):
            yield document.fault(("sign_in", name, "secret"), foreign)
    for name in tenant.plugins:
        yield from _check_plugin(document, tenant, name, known)


def _group_problem(group: str, slug: str, country: Country) -> str | None:
    if group == slug:
        return "a tenant cannot be a group of its own"
    other = country.folders.get(group)
    if other is None:
        return f'there is no tenant "{group}"{perhaps(group, country.folders)}'
    if other.tenant is not None and other.tenant.kind not in GROUP_KINDS:
        return f'"{group}" is a {other.tenant.kind}; only a {", a ".join(GROUP_KINDS)} can be a group'
    return None


def _check_plugin(document: Document, tenant: TenantFile, name: str, known: Known) -> Iterator[Fault]:
    keys = ("plugins", name)
    plugin = known.plugin(name)
    if plugin is None:
        return  # see `absent_plugins`
    if not _fits_json(tenant.plugins[name]):
        yield document.fault(keys, "dates and infinite numbers cannot be kept: write dates as text")
    if plugin.problem is not None:
        words = f'the plugin "{name}" was left out: {plugin.problem}'
        yield document.fault(keys, words, notice=True)
        return
    for problem in plugin.check_settings(tenant.plugins[name]):
        yield document.fault((*keys, *problem.keys), problem.words, notice=problem.notice)
    for other in plugin.requires:
        if other not in tenant.plugins:
            yield document.fault(keys, f'needs the plugin "{other}" beside it: add [plugins.{other}]')


def _fits_json(settings: object) -> bool:
    try:
        json.dumps(settings, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def _check_entries(kind: CatalogueKind[Any], folder: Folder, country: Country, known: Known) -> Iterator[Fault]:
    for placed in folder.placed(kind.name):
        if placed.entry is None:
            continue
        for reference in kind.references(placed.entry):
            if words := _reference_problem(kind, placed, reference, country, known):
                yield placed.fault(Problem(reference.keys, words))
        if folder.tenant is not None:
            yield from map(placed.fault, kind.check(placed.entry, folder, country))


def _reference_problem(
    kind: CatalogueKind[Any], placed: Placed[Any], reference: Reference, country: Country, known: Known
) -> str | None:
    """Why a name leads nowhere, or to what it must not lead to."""
    named = known.arrays[reference.kind]
    if isinstance(named, SharedKind):
        return _missing_everywhere(named, reference.value, country)
    tenant, _, slug = reference.value.rpartition("/")
    home = country.folders.get(tenant or placed.tenant)
    if home is None:
        return f'there is no tenant "{tenant}"{perhaps(tenant, country.folders)}'
    target = home.entries.get(named.name, {}).get(slug)
    if target is None:
        if not home.whole:
            return None
        hint = perhaps(slug, home.entries.get(named.name, {}))
        return f'there is no {named.word} "{slug}" in {home.slug}{hint}'
    if target is placed:
        return f"must name another {kind.word}"
    if target.entry is None or named.is_public(target.entry):
        return None
    if home.slug != placed.tenant:
        return f'the {named.word} "{slug}" of {home.slug} is not published there, so nobody can borrow it'
    if kind.is_public(placed.entry):
        return f'the {named.word} "{slug}" is a draft at {target.place}: publish it first'
    return None


def _missing_everywhere(named: SharedKind[Any], slug: str, country: Country) -> str | None:
    slugs = {placed.slug for placed in country.all(named.name)}
    if slug in slugs or not all(folder.whole for folder in country.folders.values()):
        return None
    return f'there is no {named.word} "{slug}" in any tenant{perhaps(slug, slugs)}'
