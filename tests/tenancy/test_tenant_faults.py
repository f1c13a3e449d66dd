"""What can be wrong in `tenant.toml` and the outline beside it: each names file, line and key."""

from __future__ import annotations

import os

import pytest

from tests.tenancy.country import SQUARE, Folders, Shelf, with_problem
from waypost.tenancy.documents import MAX_BYTES

# (line 6 and on of tenant.toml, the fault); lines 1 to 6 are name, kind, languages, timezone, standard, area.
FAULTS = {
    "an unknown key": (
        "langauges = []",
        ':7: langauges: unknown key "langauges"; did you mean "languages"?',
    ),
    "a key that resembles nothing": (
        "zzz = 1",
        (
            ':7: zzz: unknown key "zzz"; known here: area, contact_url, example, files, formerly, graph, groups, '
            "hosts, kind, languages, licence, look, name, nation, origins, plugins, retention_days, review, sign_in, "
            "standard, timezone"
        ),
    ),
    "a wrong type": ("example = 1", ":7: example: must be true or false, not 1"),
    "text for a list": ('hosts = "a.example.org"', ':7: hosts: must be a list in square brackets, not "a.example.org"'),
    "an unknown nation": ('nation = "GB-ENGL"', ':7: nation: "GB-ENGL" is no code of ISO 3166, like "GB-WLS"'),
    "a nation that the kingdom has not": (
        'nation = "GB-WAL"',
        (
            ':7: nation: "GB-WAL" is no nation of the United Kingdom; there are GB-ENG, GB-NIR, GB-SCT, '
            'GB-WLS; did you mean "GB-WLS"?'
        ),
    ),
    "an address with another scheme": (
        'contact_url = "mailto:a@example.org"',
        ':7: contact_url: "mailto:a@example.org" must begin with https:// or http://',
    ),
    "an address with a password": (
        'contact_url = "https://me:secret@example.org/"',
        ':7: contact_url: "https://me:secret@example.org/" must not carry a user name or password',
    ),
    "an address that is none": ('contact_url = "https://"', ':7: contact_url: "https://" is no web address'),
    "an address with a broken port": (
        'contact_url = "https://example.org:port/"',
        (
            ':7: contact_url: "https://example.org:port/" is no web address: '
            "Port could not be cast to integer value as 'port'"
        ),
    ),
    "a host with a scheme": (
        'hosts = ["https://a.example.org"]',
        (
            ':7: hosts[0]: "https://a.example.org" is no host name: small letters, no scheme, port or path, '
            'like "learn.example.org"'
        ),
    ),
    "a host twice": ('hosts = ["a.example.org", "a.example.org"]', ':7: hosts: "a.example.org" stands here twice'),
    "an origin with a path": (
        'origins = ["https://a.example.org/"]',
        (
            ':7: origins[0]: "https://a.example.org/" is no origin: scheme, host and port only, in small letters, '
            'like "https://a.example.org"'
        ),
    ),
    "an unknown mode": (
        'files = "mangaed"',
        ':7: files: unknown mode "mangaed"; there are managed, seed; did you mean "managed"?',
    ),
    "a reviewer that is missing": ('review = "nowhere"', ':7: review: there is no tenant "nowhere"'),
    "a reviewer that is itself": (
        'review = "brighton"',
        ":7: review: a tenant that reviews its own badges names nobody: leave this out",
    ),
    "a group that is missing": (
        'groups = ["badge-natoin"]',
        ':7: groups[0]: there is no tenant "badge-natoin"; did you mean "badge-nation"?',
    ),
    "a group that is a city": (
        'groups = ["badge-nation", "plymouth"]',
        ':7: groups[1]: "plymouth" is a city; only a region, a nation, a network can be a group',
    ),
    "a group that is itself": ('groups = ["brighton"]', ":7: groups[0]: a tenant cannot be a group of its own"),
    "a weak primary colour": (
        '[look]\nprimary_colour = "#77aaaa"',
        (
            ":8: look.primary_colour: #77aaaa has a contrast of 2.58 against white, and text needs at least 4.5: "
            "choose a darker one"
        ),
    ),
    "a dark accent colour": (
        '[look]\naccent_colour = "#333333"',
        (
            ":8: look.accent_colour: #333333 has a contrast of 1.66 against black, and text needs at least 4.5: "
            "choose a lighter one"
        ),
    ),
    "a colour that is none": (
        '[look]\nprimary_colour = "teal"',
        ':8: look.primary_colour: "teal" is no colour; write it like "#0b5d6b"',
    ),
    "a look that is no table": ('look = "nice"', ':7: look: must be a table, not "nice"'),
    "an unknown plugin": (
        "[plugins.skils_builder]",
        (
            ':7: plugins.skils_builder: no plugin "skils_builder" is installed: install it or take '
            '[plugins.skils_builder] out; what it keeps stays; did you mean "skills_builder"?'
        ),
    ),
    "a bad setting of a plugin": (
        '[plugins.skills_builder]\nframework = "2.0"\ncolour = 1',
        ":9: plugins.skills_builder.colour: unknown setting",
    ),
    "a setting that cannot be kept": (
        "[plugins.skills_builder]\nframework = 2027-01-01",
        ":7: plugins.skills_builder: dates and infinite numbers cannot be kept: write dates as text",
    ),
    "a former slug of somebody": (
        'formerly = ["plymouth"]',
        ':7: formerly[0]: "plymouth" is also the slug of tenants/plymouth/tenant.toml',
    ),
    "a former slug that is none": (
        'formerly = ["Old Town"]',
        ':7: formerly[0]: "Old Town" is no slug: small letters and digits, joined by single hyphens, like "real-ideas"',
    ),
    "a character that cannot be kept": (
        'contact_url = "https://example.org/\\u0000"',
        ":7: contact_url: must not contain the character U+0000",
    ),
}


@pytest.mark.parametrize(("written", "fault"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_names_file_line_and_key(folders: Folders, written: str, fault: str) -> None:
    folders.plug(Shelf().plugin())
    folders.city("brighton", f"{written}\n")
    folders.city("plymouth")
    folders.network("badge-nation")
    assert folders.faults() == [f"tenants/brighton/tenant.toml{fault}"]


# What stands on the first six lines, changed.
CHANGED = {
    "an unknown kind": (
        'kind = "city"',
        'kind = "town"',
        ':2: kind: unknown kind "town"; there are city, region, nation, network',
    ),
    "an unknown time zone": (
        "Europe/London",
        "Europe/Lodnon",
        ':4: timezone: unknown time zone "Europe/Lodnon"; did you mean "Europe/London"?',
    ),
    "a time zone that climbs out": (
        "Europe/London",
        "../etc/passwd",
        ':4: timezone: unknown time zone "../etc/passwd"',
    ),
    "a language that is none": (
        '"cy"',
        '"c_y"',
        ':3: languages[1]: "c_y" is no language tag of BCP 47, like "en" or "cy"',
    ),
    "a language in the wrong case": ('"cy"', '"en-gb"', ':3: languages[1]: write "en-GB", not "en-gb"'),
    "no language": ('["en", "cy"]', "[]", ":3: languages: must have at least 1"),
    "an unknown standard": (
        "rsa-2019",
        "rsa-2091",
        ':5: standard: unknown standard "rsa-2091"; there are rsa-2019, rsa-2025; did you mean "rsa-2019"?',
    ),
    "no name": ('name = "Brighton"\n', "", ":1: name: is missing"),
    "an empty name": ('"Brighton"', '" "', ":1: name: must not be empty"),
    "no area": (
        'area = "area.geojson"\n',
        "",
        ':1: area: is missing: a city has an outline, like area = "area.geojson"',
    ),
    "an area that is not there": (
        "area.geojson",
        "map.geojson",
        ':6: area: there is no file "map.geojson" beside tenant.toml',
    ),
    "an area somewhere else": (
        "area.geojson",
        "../plymouth/area.geojson",
        ':6: area: "../plymouth/area.geojson" must be the name of a file beside tenant.toml, like "area.geojson"',
    ),
    "malformed TOML": ('["en", "cy"]', "en", ":3:13: this is not TOML: invalid value"),
    "a file that breaks off": ('area = "area.geojson"\n', 'area = ["a"', ":6:12: this is not TOML: unclosed array"),
    "a key twice": ('kind = "city"', 'name = "x"', ":2:11: this is not TOML: cannot overwrite a value"),
}


@pytest.mark.parametrize(("old", "new", "fault"), CHANGED.values(), ids=CHANGED.keys())
def test_a_fault_in_what_every_tenant_says_names_file_line_and_key(
    folders: Folders, old: str, new: str, fault: str
) -> None:
    folders.city("brighton", catalogue=None)
    folders.city("plymouth", catalogue=None)
    folders.edit("brighton/tenant.toml", old, new)
    assert f"tenants/brighton/tenant.toml{fault}" in folders.faults()


def test_a_network_has_no_area(folders: Folders) -> None:
    folders.network("tuc", 'area = "area.geojson"\n')
    assert folders.faults() == [
        "tenants/tuc/tenant.toml:6: area: a network has no area: it is a community without a place"
    ]


@pytest.mark.parametrize("slug", ["graphql", "x", "static", "sign-in"])
def test_a_reserved_slug_is_refused(folders: Folders, slug: str) -> None:
    folders.city(slug)
    assert folders.faults() == [
        (
            f'tenants/{slug}/tenant.toml:1: "{slug}" is reserved for the platform\'s own addresses; '
            "choose another name for the folder"
        )
    ]


def test_a_folder_whose_name_is_no_slug_is_refused(folders: Folders) -> None:
    folders.city("Brighton_Hove")
    assert folders.faults() == [
        (
            'tenants/Brighton_Hove/tenant.toml:1: "Brighton_Hove" is no slug: small letters and digits, '
            'joined by single hyphens, like "real-ideas"'
        )
    ]


def test_a_host_claimed_twice_names_both_tenants(folders: Folders) -> None:
    folders.city("brighton", 'hosts = ["learn.example.org"]\n')
    folders.city("plymouth", 'hosts = ["other.example.org", "learn.example.org"]\n')
    assert folders.faults() == [
        (
            'tenants/plymouth/tenant.toml:7: hosts[1]: "learn.example.org" is claimed by two tenants, brighton and '
            "plymouth: the other claim is at tenants/brighton/tenant.toml:7"
        )
    ]


def test_the_platforms_own_host_cannot_be_claimed(folders: Folders) -> None:
    folders.plug(hosts=["waypost.example.org"])
    folders.city("brighton", 'hosts = ["waypost.example.org"]\n')
    assert folders.faults() == [
        'tenants/brighton/tenant.toml:7: hosts[0]: "waypost.example.org" is the platform\'s own host (WAYPOST_BASE_URL)'
    ]


def test_a_former_slug_claimed_twice_names_both_places(folders: Folders) -> None:
    folders.city("brighton", 'formerly = ["old"]\n')
    folders.city("plymouth", 'formerly = ["old"]\n')
    assert folders.faults() == [
        'tenants/plymouth/tenant.toml:7: formerly[0]: "old" is also the slug of tenants/brighton/tenant.toml:7'
    ]


def test_a_plugin_that_was_left_out_is_a_notice(folders: Folders) -> None:
    folders.plug(with_problem(Shelf().plugin(), "it cannot be imported: no module named tide"))
    folders.city("brighton", "[plugins.skills_builder]\nanything = 1\n")
    assert folders.faults() == []
    assert folders.notices() == [
        (
            'tenants/brighton/tenant.toml:7: plugins.skills_builder: the plugin "skills_builder" was left out: '
            "it cannot be imported: no module named tide"
        )
    ]


def test_a_folder_without_a_file_says_so(folders: Folders) -> None:
    folders.write("brighton/catalogue/all.toml", "")
    assert folders.faults() == ["tenants/brighton/tenant.toml:1: this file is missing"]


def test_a_directory_without_tenants_says_so(folders: Folders) -> None:
    assert folders.faults() == ["tenants:1: there is no tenant in this folder; `waypost tenants new` makes one"]
    folders.directory.rmdir()
    assert folders.faults() == ["tenants:1: there is no such folder of tenants"]


def test_bytes_that_are_no_utf8_are_found(folders: Folders) -> None:
    folders.city("brighton")
    (folders.directory / "brighton/tenant.toml").write_bytes(b'name = "x"\nkind = "caf\xe9"\n')
    assert folders.faults() == ["tenants/brighton/tenant.toml:2:12: byte 0xe9 is not UTF-8; save the file as UTF-8"]


def test_the_mark_that_windows_editors_write_is_welcome(folders: Folders) -> None:
    folders.city("brighton")
    file = folders.directory / "brighton/tenant.toml"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    assert folders.faults() == []


def test_a_file_that_is_too_large_is_not_read(folders: Folders) -> None:
    folders.city("brighton")
    folders.write("brighton/tenant.toml", "#" * (MAX_BYTES + 1))
    assert folders.faults() == ["tenants/brighton/tenant.toml:1: this file is larger than 2 MiB; split it"]


def test_a_file_that_is_no_file_is_not_read(folders: Folders) -> None:
    folders.city("brighton")
    (folders.directory / "brighton/tenant.toml").unlink()
    os.mkfifo(folders.directory / "brighton/tenant.toml")
    assert folders.faults() == ["tenants/brighton/tenant.toml:1: this is no plain file"]


def test_what_is_nested_a_thousand_times_is_not_read(folders: Folders) -> None:
    folders.city("brighton")
    folders.write("brighton/tenant.toml", f"name = {'[' * 5000}{']' * 5000}")
    assert folders.faults() == ["tenants/brighton/tenant.toml:1: this is nested too deeply to be read"]


POINTS = "[[-1, 50], [0, 50], [0, 51], [-1, 50]]"
AREAS = {
    "no JSON": ("{", ":1:2: this is not JSON: expecting property name enclosed in double quotes"),
    "no object": ("[]", ":1: this is no GeoJSON object"),
    "a point": (
        '{"type": "Point", "coordinates": [0, 51]}',
        ":1: coordinates: The area must be a GeoJSON Polygon or MultiPolygon.",
    ),
    "nothing": (
        '{"type": "Polygon", "coordinates": []}',
        ":1: coordinates: The outline is empty.",
    ),
    "a line": (
        '{"type": "Polygon",\n"coordinates": [[[0, 50], [1, 51], [0, 50], [0, 50]]]}',
        ":2: coordinates: The outline encloses nothing: it is empty, or as thin as a line.",
    ),
    "a latitude over 90": (
        '{"type": "Polygon", "coordinates": [[\n[-1, 50],\n[0, 150],\n[0, 51], [-1, 50]]]}',
        ":3: coordinates[0][1]: the latitude 150 is not between -90 and 90; points are [longitude, latitude]",
    ),
    "a longitude over 180": (
        (
            '{"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [[\n'
            "[-181, 50], [0, 51], [1, 51], [-181, 50]]]}}"
        ),
        ":2: geometry.coordinates[0][0]: the longitude -181 is not between -180 and 180",
    ),
    "a point of text": (
        '{"type": "Polygon", "coordinates": [[["a", 50], [0, 51], [1, 51], ["a", 50]]]}',
        ":1: coordinates[0][0]: a point is [longitude, latitude] in degrees",
    ),
    "not a number": ('{"type": "Polygon", "coordinates": [[[NaN, 1]]]}', ":1: NaN is no JSON number"),
}


@pytest.mark.parametrize(("text", "fault"), AREAS.values(), ids=AREAS.keys())
def test_an_outline_that_is_none_is_refused_where_it_stands(folders: Folders, text: str, fault: str) -> None:
    folders.city("brighton")
    folders.write("brighton/area.geojson", text)
    assert folders.faults()[0] == f"tenants/brighton/area.geojson{fault}"


def test_an_outline_that_crosses_itself_is_repaired_with_a_notice(folders: Folders) -> None:
    folders.city("brighton", catalogue=None)
    folders.write(
        "brighton/area.geojson",
        '{"type": "Polygon",\n "coordinates": [[[0, 50], [1, 51], [1, 50], [0, 51], [0, 50]]]}',
    )
    assert folders.faults() == []
    assert folders.notices() == [
        "tenants/brighton/area.geojson:2: coordinates: the outline was repaired: Self-intersection[0.5 50.5]"
    ]


def test_every_fault_of_every_file_is_told_at_once_in_order(folders: Folders) -> None:
    folders.city("plymouth", "b = 1\na = 1\n")
    folders.city("brighton", "example = 1\n")
    folders.write("brighton/area.geojson", SQUARE.replace("51", "951"))
    folders.write("brighton/catalogue/all.toml", "[[badges]]\nslug = 1\n")
    told = [fault.partition(": ")[0] for fault in folders.faults()]
    assert told == [
        "tenants/brighton/area.geojson:3",
        "tenants/brighton/area.geojson:3",
        "tenants/brighton/catalogue/all.toml:1",
        "tenants/brighton/catalogue/all.toml:1",
        "tenants/brighton/catalogue/all.toml:1",
        "tenants/brighton/catalogue/all.toml:1",
        "tenants/brighton/catalogue/all.toml:2",
        "tenants/brighton/tenant.toml:7",
        "tenants/plymouth/tenant.toml:7",
        "tenants/plymouth/tenant.toml:8",
    ]
