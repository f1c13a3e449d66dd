"""Stories of writing through the graph: places."""

from __future__ import annotations

from tests.journeys.stage import Stage

FACTS = "id slug name kind address postcode location { latitude longitude } insideArea accessibility city { slug }"
SHOWN = f"place {{ {FACTS} }}"
LIBRARY = {"name": "Jubilee Library", "kind": "library", "location": {"latitude": 50.825, "longitude": -0.1385}}


async def test_a_place_that_was_created_is_read_back_and_found_by_strangers_at_once(stage: Stage) -> None:
    given = {**LIBRARY, "postcode": "bn11ge", "accessibility": ["step-free"], "address": " Jubilee Street "}
    made = await stage.done("createPlace", given, SHOWN)
    assert made["place"].pop("id").startswith("Place.")
    assert made["place"] == {
        "slug": "jubilee-library",
        "name": "Jubilee Library",
        "kind": "library",
        "address": "Jubilee Street",
        "postcode": "BN1 1GE",
        "location": {"latitude": 50.825, "longitude": -0.1385},
        "insideArea": True,
        "accessibility": ["step-free"],
        "city": {"slug": "brighton"},
    }
    seen = await stage.read('{ place(slug: "jubilee-library") { name } places { nodes { name } } }')
    assert seen["place"] == {"name": "Jubilee Library"}
    assert seen["place"] in seen["places"]["nodes"]
