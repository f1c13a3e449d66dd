"""Tenants: their kinds and groups, their files, their host names, and who is who."""

from __future__ import annotations

from waypost.tenancy.directory import Bounds, Directory, Tenant, load_directory, read_directory
from waypost.tenancy.sections import CatalogueSection, InstalledPlugin, Problem
from waypost.tenancy.slugs import RESERVED, slug_problem, tenant_slug_problem

__all__ = [
    "RESERVED",
    "Bounds",
    "CatalogueSection",
    "Directory",
    "InstalledPlugin",
    "Problem",
    "Tenant",
    "load_directory",
    "read_directory",
    "slug_problem",
    "tenant_slug_problem",
]
