from __future__ import annotations

from pathlib import Path

import pytest

from waypost.db import Database, National, fetchrow, fetchval
from waypost.db.connections import Connection, connect
from waypost.places.postcodes import NotADirectory, import_postcodes, load_built_in
from waypost.places.rules import normal_postcode

HEADER = "pcd,pcds,dointr,doterm,oslaua,osward,ctry,lat,long,lsoa11,imd\n"
LINES = (
    'BR3 4HG,"BR3 4HG",198001,,E09000006,E05013987,E92000001,51.408600,-0.037000,E01000675,20123\n'
    'CF104PZ,"CF10 4PZ",198001,,W06000015,W05001272,W92000004,51.463400,-3.162100,W01001939,812\n'
    'AB1 0AA,"AB1 0AA",198001,199606,S12000033,S13002843,S92000003,57.101474,-2.242851,S01006514,4756\n'
    'GY1 1AA,"GY1 1AA",198001,,,,L93000001,99.999999,0.000000,,\n'
    'XX9 9XX,"QQ9 9CC",198001,,,,E92000001,51.0,-0.1,,\n'
    'SO147LY,"SO14 7LY",198001,,,,E92000001,95.1,-1.4,,0\n'
)


@pytest.fixture
async def owner(admin_url: str) -> Connection:
    return await connect(admin_url)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    file = tmp_path / "ONSPD_TEST.csv"
    file.write_text(HEADER + LINES, encoding="utf-8")
    return file


async def test_the_built_in_set_holds_what_the_demonstration_asks_for(database: Database) -> None:
    async with database.transaction(National()):
        row = await fetchrow("SELECT * FROM postcode WHERE code = 'BR34HG'")
        assert row is not None
        assert (row["latitude"], row["longitude"], row["source"]) == (51.4086, -0.0370, "built-in")
        assert await fetchval("SELECT count(*) FROM postcode") >= 40


async def test_every_built_in_code_is_a_postcode_in_normal_form(database: Database) -> None:
    async with database.transaction(National()):
        codes = await fetchval("SELECT array_agg(code) FROM postcode")
    assert [normal_postcode(code) for code in codes] == codes


async def test_the_directory_is_imported_line_by_line(owner: Connection, directory: Path) -> None:
    told: list[int] = []
    done = await import_postcodes(directory, owner, told.append)
    assert (done.read, done.written, done.without_coordinates, done.faulty) == (6, 3, 1, 2)
    assert told == [6]
    assert [(problem.line, problem.code) for problem in done.problems] == [
        (6, "INVALID_POSTCODE"),
        (7, "INVALID_POINT"),
    ]
    ended = await owner.fetchrow("SELECT * FROM postcode WHERE code = 'AB10AA'")
    assert ended is not None
    assert (ended["nation"], ended["ended"], ended["deprivation_rank"]) == ("GB-SCT", "199606", 4756)
    await owner.close()


async def test_importing_again_changes_nothing(owner: Connection, directory: Path) -> None:
    await import_postcodes(directory, owner)
    assert (await import_postcodes(directory, owner)).written == 0
    await owner.close()


async def test_the_built_in_value_never_comes_back(owner: Connection, directory: Path) -> None:
    await import_postcodes(directory, owner)
    await load_built_in(owner)
    row = await owner.fetchrow("SELECT source, ward FROM postcode WHERE code = 'BR34HG'")
    assert row is not None
    assert tuple(row) == ("ONSPD_TEST.csv", "E05013987")
    await owner.close()


async def test_newer_editions_name_their_columns_with_years(owner: Connection, tmp_path: Path) -> None:
    file = tmp_path / "new.csv"
    file.write_text(
        "pcds,doterm,lad23cd,lad25cd,wd25cd,ctry25cd,lat,long,lsoa11cd,lsoa21cd,imd20ind\n"
        "BN1 1GE,,old,E06000043,E05015400,E92000001,50.825,-0.1385,old,E01016968,7000\n",
        encoding="utf-8-sig",
    )
    assert (await import_postcodes(file, owner)).written == 1
    row = await owner.fetchrow("SELECT district, lsoa, deprivation_rank FROM postcode WHERE code = 'BN11GE'")
    assert row is not None
    assert tuple(row) == ("E06000043", "E01016968", 7000)
    await owner.close()


async def test_the_last_of_two_lines_about_one_postcode_counts(owner: Connection, tmp_path: Path) -> None:
    file = tmp_path / "twice.csv"
    file.write_text("pcds,lat,long\nM2 5DB,53.1,-2.1\nM25DB,53.2,-2.2\n", encoding="utf-8")
    await import_postcodes(file, owner)
    assert await owner.fetchval("SELECT latitude FROM postcode WHERE code = 'M25DB'") == 53.2
    await owner.close()


@pytest.mark.parametrize("text", ["", "name,age\nAda,36\n", "pcds,lat\nBR3 4HG,51\n"])
async def test_another_file_is_refused_and_nothing_written(owner: Connection, tmp_path: Path, text: str) -> None:
    file = tmp_path / "other.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(NotADirectory, match="no column"):
        await import_postcodes(file, owner)
    await owner.close()
