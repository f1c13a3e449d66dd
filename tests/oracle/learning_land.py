"""Learners in the little country: what they joined, saved, earned and asked for, and what was made for them."""

from __future__ import annotations

from typing import Final

from tests.graph.world import World
from waypost.db import new_id
from waypost.db.connections import Connection
from waypost.graph import Asker

JOIN_SQL: Final = """
INSERT INTO joined_pathway (person_id, tenant_id, pathway_id, joined_at)
SELECT $1, tenant_id, id, $2::timestamptz + row_number() OVER (ORDER BY id) * interval '1 hour' FROM pathway
"""
SAVE_SQL: Final = """
INSERT INTO saved_opportunity (person_id, tenant_id, opportunity_id, saved_at)
SELECT $1, tenant_id, id, $2::timestamptz + row_number() OVER (ORDER BY id) * interval '1 hour' FROM opportunity
WHERE get_byte(uuid_send(id), 15) % 2 = 0
"""
RECIPIENT_SQL: Final = """
INSERT INTO recipient (tenant_id, id, kind, display_name, person_id) VALUES ($1, $2, 'person', 'Ada', $3)
"""
# Half of the issuers call them otherwise.
NAME_SQL: Final = """
INSERT INTO recipient_name (tenant_id, recipient_id, issuer_id, name)
SELECT tenant_id, $2, id, 'Ada of ' || slug FROM issuer WHERE tenant_id = $1 AND get_byte(uuid_send(id), 15) % 2 = 0
"""
# Every other badge, in two cities; some do not count.
AWARD_SQL: Final = """
INSERT INTO award (tenant_id, id, badge_id, version_id, recipient_id, person_id, issuer_id, state, awarded_at,
                   expires_at, earned_in_tenant_id, decided_at)
SELECT tenant_id, gen_random_uuid(), id, version_id, $2, $3, issuer_id,
       CASE WHEN n % 5 = 4 THEN 'offered' ELSE 'accepted' END, $4::timestamptz - n * interval '1 day',
       CASE WHEN n % 5 = 3 THEN $4::timestamptz - interval '1 hour' END, tenant_id, $4
FROM (SELECT *, row_number() OVER (ORDER BY slug) AS n FROM badge WHERE tenant_id = $1 AND public) b WHERE n % 3 > 0
"""
# What is said of awards: a batch, evidence, a reason, a successor, what one took part in; how often badges are given.
SAID_SQL: Final = """
UPDATE award a SET narrative = CASE n % 2 WHEN 0 THEN 'Made a *film*.' END,
       batch_id = CASE n % 3 WHEN 0 THEN $2::uuid END,
       state = CASE n WHEN 2 THEN 'revoked' WHEN 3 THEN 'replaced' ELSE a.state END,
       revoked_at = CASE n WHEN 2 THEN $3::timestamptz END, revoked_reason = CASE n WHEN 2 THEN 'No.' END,
       replaced_by_id = CASE n WHEN 3 THEN (SELECT min(id::text)::uuid FROM award WHERE tenant_id = $1) END,
       decided_at = CASE WHEN a.state = 'offered' THEN NULL ELSE a.decided_at END,
       opportunity_id = (SELECT o.id FROM opportunity o WHERE o.tenant_id = $1 ORDER BY o.id OFFSET n LIMIT 1)
FROM (SELECT id, row_number() OVER (ORDER BY awarded_at) AS n FROM award WHERE tenant_id = $1) b
WHERE a.tenant_id = $1 AND a.id = b.id
"""
# Some took part in what another city offers, which may not be shown any more.
AWAY_SQL: Final = """
UPDATE {table} a SET (earned_in_tenant_id, opportunity_id) = (
    SELECT o.tenant_id, o.id FROM opportunity o
    WHERE o.tenant_id <> $1 ORDER BY o.public = (n % 6 > 0) DESC, o.id LIMIT 1)
FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM {table} WHERE tenant_id = $1) b
WHERE a.tenant_id = $1 AND a.id = b.id AND n % 3 = 0
"""
SHOWN_SQL: Final = """
INSERT INTO award_evidence (tenant_id, award_id, position, url)
SELECT a.tenant_id, a.id, n, 'https://example.org/' || (9 - n) FROM award a, generate_series(1, 2) n
WHERE get_byte(uuid_send(a.id), 15) % 2 = 0
"""
POLICY_SQL: Final = """
INSERT INTO award_policy (tenant_id, badge_id, repeats)
SELECT tenant_id, id, CASE get_byte(uuid_send(id), 15) % 2 WHEN 0 THEN 'always' ELSE 'once-a-version' END
FROM badge WHERE get_byte(uuid_send(id), 15) % 3 > 0
"""
CODE_SQL: Final = """
INSERT INTO claim_code (tenant_id, id, badge_id, issuer_id, recipient_id, label, closes_at, most, claimed, created_at,
                        cancelled_at)
SELECT tenant_id, gen_random_uuid(), id, issuer_id, CASE WHEN n = 1 THEN $2::uuid END, slug,
       CASE WHEN n = 2 THEN $3::timestamptz - interval '1 day' END, CASE WHEN n IN (1, 3) THEN 1 END,
       CASE WHEN n = 3 THEN 1 ELSE 0 END, $3::timestamptz + n * interval '1 minute', CASE WHEN n = 4 THEN $3 END
FROM (SELECT *, row_number() OVER (ORDER BY slug) AS n FROM badge WHERE tenant_id = $1) b WHERE n <= 6
"""
REQUEST_SQL: Final = """
INSERT INTO badge_request (tenant_id, id, badge_id, issuer_id, recipient_id, person_id, statement, state, reason,
                           requested_at, decided_at)
SELECT tenant_id, gen_random_uuid(), id, issuer_id, $2, $3, 'I made "it".', s.state, s.reason,
       $4::timestamptz + n * interval '1 minute', CASE WHEN s.reason IS NOT NULL THEN $4 END
FROM (SELECT *, row_number() OVER (ORDER BY slug) AS n FROM badge WHERE tenant_id = $1 AND public) b
JOIN (VALUES (1, 'open', NULL), (2, 'refused', 'No.'), (3, 'more-wanted', 'Which?')) s (m, state, reason) ON s.m = b.n
"""
EVIDENCE_SQL: Final = """
INSERT INTO badge_request_evidence (tenant_id, request_id, position, url)
SELECT q.tenant_id, q.id, n, 'https://example.org/' || (9 - n) FROM badge_request q, generate_series(1, 2) n
"""
# Issuers endorse each other: accepted, offered and refused.
ENDORSE_SQL: Final = """
INSERT INTO endorsement (tenant_id, id, issuer_id, endorsed_id, home_tenant_id, endorser_id, endorser_tenant_id,
                         comment, state, reason, valid_from, offered_at, public)
SELECT a.tenant_id, gen_random_uuid(), a.id, a.id, $1, b.id, $1, 'Good', s.state,
       CASE WHEN s.state = 'refused' THEN 'Why?' END, $2, $2::timestamptz + a.n * interval '1 minute',
       s.state = 'accepted'
FROM (SELECT *, row_number() OVER (ORDER BY slug) AS n FROM issuer WHERE tenant_id = $1 AND public) a
JOIN (SELECT *, row_number() OVER (ORDER BY slug) AS n FROM issuer WHERE tenant_id = $1 AND public) b ON b.n = a.n + 1
JOIN (VALUES (0, 'accepted'), (1, 'offered'), (2, 'refused')) s (m, state) ON s.m = a.n % 3
"""
# Each also gives its word in other cities, and each city has a row of it; some were hidden since.
ABROAD_SQL: Final = """
INSERT INTO endorsement (tenant_id, id, badge_id, issuer_id, endorsed_id, home_tenant_id, endorser_id,
                         endorser_tenant_id, comment, state, valid_from, offered_at, public)
SELECT t.id, gen_random_uuid(), b.id, CASE WHEN b.id IS NULL THEN a.id END, a.id, a.tenant_id, e.id, e.tenant_id,
       'Good, from afar', s.state, $1, $1::timestamptz + (a.n + e.n) * interval '1 second',
       s.state = 'accepted' AND t.id = a.tenant_id
FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM issuer) a
JOIN (SELECT *, row_number() OVER (ORDER BY id) AS n FROM issuer) e
  ON e.tenant_id <> a.tenant_id AND (a.n + e.n) % 7 = 0
LEFT JOIN LATERAL (
    SELECT id FROM badge b WHERE b.tenant_id = a.tenant_id AND b.issuer_id = a.id AND e.n % 2 = 0 ORDER BY id LIMIT 1
) b ON true
JOIN tenant t ON t.id IN (a.tenant_id, e.tenant_id)
JOIN (VALUES (0, 'accepted'), (1, 'accepted'), (2, 'offered')) s (m, state) ON s.m = a.n % 3
"""


async def settle(connection: Connection, world: World, learner: Asker) -> None:
    """Let a learner live in the country; the connection is a superuser's."""
    person = learner.person
    await connection.execute(JOIN_SQL, person, world.now)
    await connection.execute(SAVE_SQL, person, world.now)
    for town in ("plymouth", "cardiff"):
        here, recipient = world.towns[town].id, new_id()
        await connection.execute("INSERT INTO known_in (person_id, tenant_id) VALUES ($1, $2)", person, here)
        await connection.execute(RECIPIENT_SQL, here, recipient, person)
        await connection.execute(NAME_SQL, here, recipient)
        await connection.execute(AWARD_SQL, here, recipient, person, world.now)
        await connection.execute(SAID_SQL, here, new_id(), world.now)
        await connection.execute(CODE_SQL, here, recipient, world.now)
        for table in ("award", "claim_code"):
            await connection.execute(AWAY_SQL.format(table=table), here)
        await connection.execute(REQUEST_SQL, here, recipient, person, world.now)
        await connection.execute(ENDORSE_SQL, here, world.now)
    await connection.execute(ABROAD_SQL, world.now)
    for sql in (EVIDENCE_SQL, SHOWN_SQL, POLICY_SQL):
        await connection.execute(sql)
