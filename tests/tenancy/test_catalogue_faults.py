"""What can be wrong in catalogue files: each names file, line and key."""

from __future__ import annotations

import pytest

from tests.tenancy.country import CLUB, PATHWAY, Folders, Shelf, badge, told, workshop


def pathway(*steps: str, more: str = "") -> str:
    """A pathway whose sixth line is `more` and whose steps have their own lines behind it."""
    head = PATHWAY.format(slug="way").partition("[[pathways.steps]]")[0]
    return f"{head}{more}\n" + "".join(f"[[pathways.steps]]\n{step}\n" for step in steps)


PLACE = '[[places]]\nslug = "hall"\nname = "Hall"\nkind = "library"\nlatitude = 50.5\nlongitude = -0.5\n'
ISSUER = '[[issuers]]\nslug = "band"\norganisation = "club"\nname = "Band"\n'

FAULTS: dict[str, tuple[str, str]] = {
    "an unknown array": ("[[badgess]]\n", '1: badgess: unknown key "badgess"; did you mean "badges"?'),
    "an array that is a table": (
        "[places]\n",
        "1: places: must be an array of tables: begin each place with [[places]]",
    ),
    "an unknown key": (badge("layers = 1"), '7: badges[0].layers: unknown key "layers"; did you mean "layer"?'),
    "an unknown key in a criterion": (
        badge('[[badges.criteria]]\ntext = "x"\nrequred = true'),
        '9: badges[0].criteria[0].requred: unknown key "requred"; did you mean "required"?',
    ),
    "a wrong type": (badge('urgent = "yes"'), '7: badges[0].urgent: must be true or false, not "yes"'),
    "text for a table": (badge('text = "x"'), '7: badges[0].text: must be a table, not "x"'),
    "a missing key": (
        '[[places]]\nslug = "x"\nname = "X"\nkind = "park"\nlatitude = 1\n',
        "1: places[0].longitude: is missing",
    ),
    "a slug that is none": (
        PLACE.replace('"hall"', '"Old Hall"'),
        (
            '2: places[0].slug: "Old Hall" is no slug: small letters and digits, joined by single hyphens, '
            'like "real-ideas"'
        ),
    ),
    "a latitude over 90": (PLACE.replace("50.5", "90.1"), "5: places[0].latitude: must be at most 90, not 90.1"),
    "a longitude under -180": (
        PLACE.replace("-0.5", "-181"),
        "6: places[0].longitude: must be at least -180, not -181",
    ),
    "a latitude that is no number": (
        PLACE.replace("50.5", "nan"),
        "5: places[0].latitude: must be a finite number, not nan",
    ),
    "a kind of place": (
        PLACE.replace('"library"', '"libary"'),
        (
            '4: places[0].kind: unknown kind of place "libary"; there are library, college, school, university, '
            "community-centre, museum, theatre, park, sports-centre, workplace, online-hub, other; "
            'did you mean "library"?'
        ),
    ),
    "a postcode": (
        PLACE + 'postcode = "BN1 1G"',
        '7: places[0].postcode: "BN1 1G" is no postcode of the United Kingdom; write it like "BN1 1GE"',
    ),
    "an accessibility code": (
        PLACE + 'accessibility = ["step-free",\n"lift"]',
        (
            '8: places[0].accessibility[1]: unknown accessibility code "lift"; there are step-free, '
            "accessible-toilet, hearing-loop, quiet-space, bsl, parking, large-print, captions"
        ),
    ),
    "a control character": (
        PLACE.replace('"Hall"', '"Ha\\u0007ll"'),
        "3: places[0].name: must not contain the control character U+0007",
    ),
    "a name of two lines": (PLACE.replace('"Hall"', '"Ha\\nll"'), "3: places[0].name: must stand on one line"),
    "a translation into the first language": (
        PLACE + '[places.text.en]\nname = "Hall"',
        '7: places[0].text.en: "en" is the first language here: its text stands in the entry itself',
    ),
    "a translation into a foreign language": (
        PLACE + '[places.text.fr]\nname = "Salle"',
        '7: places[0].text.fr: "fr" is none of the languages of brighton: en, cy',
    ),
    "a translation without its text": (PLACE + "[places.text.cy]", "7: places[0].text.cy.name: is missing"),
    "an organisation that is missing": (
        ISSUER.replace('"club"', '"clup"'),
        '3: issuers[1].organisation: there is no organisation "clup" in any tenant; did you mean "club"?',
    ),
    "a role": (
        ISSUER + 'roles = ["awards"]',
        '5: issuers[1].roles[0]: unknown role "awards"; there are issues, provides, employs, endorses',
    ),
    "a place that is missing": (ISSUER + 'place = "hall"', '5: issuers[1].place: there is no place "hall" in brighton'),
    "a place and a point": (
        ISSUER + 'place = "hall"\nlatitude = 50\nlongitude = 0\n' + PLACE,
        '6: issuers[1].latitude: the place "hall" says where it is: leave this out',
    ),
    "half a point": (
        ISSUER + "latitude = 50",
        "1: issuers[1].longitude: is missing: a point has latitude and longitude",
    ),
    "a parent that is missing": (ISSUER + 'parent = "x"', '5: issuers[1].parent: there is no issuer "x" in brighton'),
    "a parent that is itself": (ISSUER + 'parent = "band"', "5: issuers[1].parent: must name another issuer"),
    "an official number": (
        '[[organisations]]\nslug = "x"\nname = "X"\nkind = "charity"\ncharity_number = "12"\n',
        '5: organisations[1].charity_number: "12" is no charity number.',
    ),
    "a layer": (
        badge("").replace('"engage"', '"engaged"'),
        '5: badges[0].layer: unknown layer "engaged"; the standard rsa-2019 has engage, participate, demonstrate, lead',
    ),
    "a layer of another standard": (
        badge("").replace('"engage"', '"rsa-2025/lead"'),
        (
            '5: badges[0].layer: unknown layer "lead"; the standard rsa-2025 has explorer, practitioner, '
            "collaborator, innovator, leader"
        ),
    ),
    "a standard of a layer": (
        badge("").replace('"engage"', '"rsa-2020/lead"'),
        '5: badges[0].layer: unknown standard "rsa-2020"; there are rsa-2019, rsa-2025; did you mean "rsa-2025"?',
    ),
    "an issuer that is missing": (
        badge("").replace('"club"', '"clubb"'),
        '6: badges[0].issuer: there is no issuer "clubb" in brighton; did you mean "club"?',
    ),
    "a creator that is missing": (badge('creator = "x"'), '7: badges[0].creator: there is no issuer "x" in brighton'),
    "a successor that is missing": (
        badge('replaced_by = "x"'),
        '7: badges[0].replaced_by: there is no badge "x" in brighton',
    ),
    "a category": (
        badge('category = "sport"'),
        (
            '7: badges[0].category: unknown category "sport"; there are attendance, participation, skill, '
            "validation, achievement, leadership"
        ),
    ),
    "a state": (
        badge('state = "submitted"'),
        '7: badges[0].state: unknown state "submitted"; there are draft, published, retired',
    ),
    "a skill without letters": (
        badge('skills = ["!"]'),
        '7: badges[0].skills[0]: "!" is no name of a skill: it has no letters',
    ),
    "a skill twice": (
        badge('skills = ["Teamwork", "team work", "Team-work"]'),
        '7: badges[0].skills: "team work" and "Team-work" are one skill',
    ),
    "a price that is no text": (
        badge("price = 12.5"),
        '7: badges[0].price: must be text in quotation marks, like "12.50"',
    ),
    "a price of three decimals": (
        badge('price = "1.005"'),
        '7: badges[0].price: "1.005" is no price; write it like "12.50"',
    ),
    "a price without its currency": (
        badge('price = "1.00"'),
        "7: badges[0].price: A price needs its currency, and a currency its price.",
    ),
    "a price of what is free": (
        badge('price = "1.00"\ncurrency = "GBP"\nfree = true'),
        "7: badges[0].price: What is free has no price.",
    ),
    "a currency": (
        badge('currency = "pounds"'),
        '7: badges[0].currency: "pounds" is no currency of ISO 4217, like "GBP"',
    ),
    "too few criteria": (
        badge("").partition("[[badges.criteria]]")[0],
        "1: badges[0].criteria: A published badge has at least 2 criteria, this one has 0.",
    ),
    "criteria that are not translated": (
        badge('[badges.text.cy]\nname = "x"\ndescription = "y"\ncriteria = ["z"]'),
        "10: badges[0].text.cy.criteria: translates 1 criteria, and the badge has 2",
    ),
    "an address with another scheme": (
        badge('image_url = "javascript:alert(1)"'),
        '7: badges[0].image_url: "javascript:alert(1)" must begin with https:// or http://',
    ),
    "a section of a plugin that is not switched on": (
        badge("[badges.essential]\ncreativity = 5"),
        (
            '7: badges[0].essential: "essential" belongs to the plugin skills_builder, which is not switched on: '
            "add [plugins.skills_builder] to tenant.toml"
        ),
    ),
    "a section that nobody knows": (
        badge("[badges.essentail]\ncreativity = 5"),
        '7: badges[0].essentail: unknown key "essentail"; did you mean "essential"?',
    ),
    "a kind of opportunity": (
        workshop("").replace("WORKSHOP", "WORKSHOPS"),
        (
            '5: opportunities[0].kind: unknown kind of opportunity "WORKSHOPS"; there are ONLINE_LEARNING, JOB, '
            "WORK_EXPERIENCE, INFORMATION, EVENT, COURSE, VOLUNTEER, WORKSHOP, PROJECT, APPRENTICESHIP; "
            'did you mean "WORKSHOP"?'
        ),
    ),
    "a kind of opportunity in small letters": (
        workshop("").replace("WORKSHOP", "workshop"),
        (
            '5: opportunities[0].kind: unknown kind of opportunity "workshop"; there are ONLINE_LEARNING, JOB, '
            "WORK_EXPERIENCE, INFORMATION, EVENT, COURSE, VOLUNTEER, WORKSHOP, PROJECT, APPRENTICESHIP; "
            'did you mean "WORKSHOP"?'
        ),
    ),
    "a provider that is missing": (
        workshop("").replace('"club"', '"x"'),
        '6: opportunities[0].provider: there is no issuer "x" in brighton',
    ),
    "nowhere": (
        workshop("").replace("latitude = 50.5\nlongitude = -0.5\n", ""),
        "1: opportunities[0].place: is missing: say where it is by place, by latitude and longitude, or online",
    ),
    "a recurrence": (
        workshop('starts_at = 2027-03-06T10:00:00\nrecurrence = "FREQ=SOMETIMES"'),
        "10: opportunities[0].recurrence: FREQ must be one of DAILY, WEEKLY, MONTHLY, YEARLY, not SOMETIMES.",
    ),
    "a recurrence without a start": (
        workshop('recurrence = "FREQ=DAILY"'),
        "1: opportunities[0].starts_at: What has a recurrence needs a start.",
    ),
    "an end before the start": (
        workshop("starts_at = 2027-03-06T10:00:00\nends_at = 2027-03-06T09:00:00"),
        "10: opportunities[0].ends_at: It ends before it starts.",
    ),
    "an end before the start on other clocks": (
        workshop("starts_at = 2027-07-06T10:00:00\nends_at = 2027-07-06T09:30:00Z\napply_by = 2027-07-06T10:00:00Z"),
        "11: opportunities[0].apply_by: it is over before applications close",
    ),
    "a date without a time": (
        workshop("starts_at = 2027-03-06"),
        "9: opportunities[0].starts_at: must be a date with a time, like 2027-03-06T10:00:00, not 2027-03-06",
    ),
    "a date of long ago": (
        workshop("apply_by = 0207-03-06T10:00:00"),
        "9: opportunities[0].apply_by: the year 207 is not between 1970 and 2199",
    ),
    "ages the wrong way round": (
        workshop("age_min = 19\nage_max = 11"),
        "10: opportunities[0].age_max: 11 is less than age_min, 19",
    ),
    "nobody may come": (workshop("capacity = 0"), "9: opportunities[0].capacity: must be at least 1, not 0"),
    "a badge that is missing": (
        workshop('badges = ["smart"]'),
        '9: opportunities[0].badges[0]: there is no badge "smart" in brighton',
    ),
    "a badge that is a draft": (
        workshop('badges = ["smart"]') + badge('state = "draft"'),
        (
            '9: opportunities[0].badges[0]: the badge "smart" is a draft at tenants/brighton/catalogue/all.toml:20: '
            "publish it first"
        ),
    ),
    "a badge twice": (
        workshop('badges = ["smart", "brighton/smart"]') + badge(""),
        '9: opportunities[0].badges[1]: "smart" stands here twice',
    ),
    "a reference that is none": (
        workshop('badges = ["a/b/c"]'),
        '9: opportunities[0].badges[0]: "a/b/c" names nothing; write "slug", or "tenant/slug" for another tenant\'s',
    ),
    "a rule": (
        pathway('key = "a"\ntitle = "A"\nrule = "some"'),
        '10: pathways[0].steps[0].rule: "some" is no rule: use all, any or at-least:2',
    ),
    "a rule of the pathway that asks for too much": (
        pathway('key = "a"\ntitle = "A"', more='rule = "at-least:2"'),
        "6: pathways[0].rule: asks for 2, and there is 1 step below it",
    ),
    "a rule of a step that asks for too much": (
        pathway('key = "a"\ntitle = "A"\nrule = "any"'),
        "10: pathways[0].steps[0].rule: asks for 1, and there is no badge or step below it",
    ),
    "a parent step that is missing": (
        pathway('key = "top"\ntitle = "A"', 'key = "b"\ntitle = "B"\nparent = "topp"'),
        '13: pathways[0].steps[1].parent: there is no step "topp"; did you mean "top"?',
    ),
    "a step below itself": (
        pathway('key = "top"\ntitle = "T"', 'key = "a"\ntitle = "A"\nparent = "a"'),
        '13: pathways[0].steps[1].parent: the step "a" stands below itself',
    ),
    "a key twice": (
        pathway('key = "a"\ntitle = "A"', 'key = "a"\ntitle = "B"'),
        '11: pathways[0].steps[1].key: the key "a" stands twice: steps[0] has it too',
    ),
    "no step": (pathway(), "1: pathways[0].steps: is missing: a published pathway has at least one step"),
    "a completion badge that is missing": (
        pathway('key = "a"\ntitle = "A"', more='completion_badge = "x"'),
        '6: pathways[0].completion_badge: there is no badge "x" in brighton',
    ),
    "an outcome that is missing": (
        pathway('key = "a"\ntitle = "A"', more='outcomes = ["x"]'),
        '6: pathways[0].outcomes[0]: there is no opportunity "x" in brighton',
    ),
    "an opportunity of a step that is missing": (
        pathway('key = "a"\ntitle = "A"\nopportunities = ["x"]'),
        '10: pathways[0].steps[0].opportunities[0]: there is no opportunity "x" in brighton',
    ),
    "a step that is translated and is none": (
        pathway('key = "a"\ntitle = "A"') + '[pathways.text.cy]\nname = "x"\ndescription = "y"\nsteps = { b = "B" }',
        '13: pathways[0].text.cy.steps.b: there is no step "b" to translate',
    ),
}


@pytest.mark.parametrize(("entries", "fault"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_names_file_line_and_key(folders: Folders, entries: str, fault: str) -> None:
    folders.plug(Shelf().plugin())
    assert told(folders, entries) == [fault]


def test_an_entry_that_is_no_table_is_refused(folders: Folders) -> None:
    folders.city("brighton", catalogue="places = [1]\n")
    assert folders.faults() == [
        "tenants/brighton/catalogue/all.toml:1: places[0]: must be a table: begin each place with [[places]]"
    ]


def test_two_entries_of_one_slug_name_each_other(folders: Folders) -> None:
    folders.city("brighton", catalogue=CLUB + badge(""))
    folders.write("brighton/catalogue/more.toml", badge(""))
    assert folders.faults() == [
        (
            'tenants/brighton/catalogue/more.toml:2: badges[0].slug: "smart" names two badges: '
            "the other one is at tenants/brighton/catalogue/all.toml:11"
        )
    ]


def test_issuers_that_stand_above_each_other_are_refused(folders: Folders) -> None:
    assert told(folders, ISSUER + 'parent = "club"\n') == []
    folders.edit("brighton/catalogue/all.toml", 'roles = ["issues", "provides"]', 'parent = "band"')
    assert folders.faults() == [
        'tenants/brighton/catalogue/all.toml:10: issuers[0].parent: "club" stands above its own parent',
        'tenants/brighton/catalogue/all.toml:15: issuers[1].parent: "band" stands above its own parent',
    ]


def test_a_tree_of_steps_goes_six_levels_deep(folders: Folders) -> None:
    steps = [f'key = "s{n}"\ntitle = "S"\n' + (f'parent = "s{n - 1}"' if n else "") for n in range(7)]
    assert told(folders, pathway(*steps[:6])) == []
    assert told(folders, pathway(*steps)) == [
        '34: pathways[0].steps[6].parent: the step "s6" is 7 levels deep; at most 6 are possible'
    ]


def test_a_pathway_has_at_most_two_hundred_steps(folders: Folders) -> None:
    steps = [f'key = "s{n}"\ntitle = "S"' for n in range(201)]
    assert told(folders, pathway(*steps[:200])) == []
    assert told(folders, pathway(*steps)) == [
        "607: pathways[0].steps[200]: there are 201 steps, and a pathway has at most 200"
    ]


def test_a_point_outside_the_outline_is_flagged_and_not_refused(folders: Folders) -> None:
    assert told(folders, PLACE.replace("50.5", "52.25") + workshop("").replace("-0.5", "2")) == []
    assert folders.notices() == [
        (
            "tenants/brighton/catalogue/all.toml:15: places[0].latitude: the point 52.25, -0.5 lies outside the "
            "outline of brighton: flagged"
        ),
        (
            "tenants/brighton/catalogue/all.toml:23: opportunities[0].latitude: the point 50.5, 2 lies outside the "
            "outline of brighton: flagged"
        ),
    ]


def test_files_that_are_not_read_are_noticed(folders: Folders) -> None:
    folders.city("brighton")
    folders.write("brighton/catalogue/badges.tolm", "nonsense")
    folders.write("brighton/catalogue/README.md", "About this folder.")
    folders.write("brighton/catalogue/.swp", "")
    assert folders.faults() == []
    assert folders.notices() == [
        "tenants/brighton/catalogue/badges.tolm:1: this is not read: a catalogue is made of .toml files"
    ]


def test_a_file_that_cannot_be_read_makes_no_other_faults(folders: Folders) -> None:
    folders.city("brighton", catalogue=None)
    folders.write("brighton/catalogue/a.toml", CLUB.replace("]]", "]", 1))
    folders.write("brighton/catalogue/b.toml", badge(""))
    assert folders.faults() == [
        "tenants/brighton/catalogue/a.toml:1:16: this is not TOML: expected ']]' at the end of an array declaration"
    ]
