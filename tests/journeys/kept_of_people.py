"""Rows of every kind that are kept of somebody, as SQL."""

from __future__ import annotations

RECIPIENT_SQL = """
INSERT INTO recipient (tenant_id, id, kind, display_name, address, person_id, birth_year, guardian_address)
VALUES ($1, $2, 'person', $3, $4, $5, 2012, $6)
"""
AWARD_SQL = """
INSERT INTO award (tenant_id, id, badge_id, version_id, recipient_id, issuer_id, state, awarded_at, earned_in_tenant_id,
    narrative)
SELECT tenant_id, $2, id, version_id, $3, issuer_id, 'accepted', now(), tenant_id, $4
FROM badge WHERE tenant_id = $1 AND public LIMIT 1
"""
EVIDENCE_SQL = "INSERT INTO award_evidence (tenant_id, award_id, position, url) VALUES ($1, $2, 1, $3)"
REQUEST_SQL = """
INSERT INTO badge_request (tenant_id, id, badge_id, issuer_id, recipient_id, person_id, statement, state, requested_at)
SELECT tenant_id, $2, id, issuer_id, $3, $4, $5, 'open', now() FROM badge WHERE tenant_id = $1 AND public LIMIT 1
"""
REQUEST_EVIDENCE_SQL = (
    "INSERT INTO badge_request_evidence (tenant_id, request_id, position, url) VALUES ($1, $2, 1, $3)"
)
CODE_SQL = """
INSERT INTO claim_code (tenant_id, id, badge_id, issuer_id, recipient_id, label, most)
SELECT tenant_id, $2, id, issuer_id, $3, $4, 1 FROM badge WHERE tenant_id = $1 AND public LIMIT 1
"""
COUNTED_SQL = """
INSERT INTO counted_award (tenant_id, id, learner_id, home_tenant_id, month, layer, kind, place, ward, deprivation, age)
VALUES ($1, $2, $3, $1, '2027-01', 'x', 'x', 'x', 'x', 'x', 'x')
"""
UPLOAD_SQL = """
INSERT INTO upload (tenant_id, id, person_id, purpose, media_type, size, created_at, expires_at)
VALUES ($1, $2, $3, 'awards', 'text/csv', 1, now(), now())
"""
NOBODY_S = ("job", "endorsement", "review_comment", "webhook")
# What they did in a city: $2 is a new id, $3 the person.
DONE_SQL = (
    """
    INSERT INTO kept_answer (tenant_id, person_id, digest, place, request_digest, answer)
    VALUES ($1, $3, $2::uuid::text, 1, 'x', 'sealed')
    """,
    """
    INSERT INTO job (tenant_id, id, kind, state, person_id) VALUES ($1, $2, 'award-many', 'failed', $3)
    """,
    """
    INSERT INTO endorsement (tenant_id, id, badge_id, endorser_id, endorsed_id, valid_from, state, offered_by,
                             decided_by, home_tenant_id, endorser_tenant_id)
    SELECT b.tenant_id, $2, b.id, i.id, b.issuer_id, now(), 'offered', $3, $3, b.tenant_id, b.tenant_id
    FROM badge b JOIN issuer i ON i.tenant_id = b.tenant_id AND i.id <> b.issuer_id
    WHERE b.tenant_id = $1 AND b.public LIMIT 1
    """,
    """
    INSERT INTO review_comment (tenant_id, id, review_id, round, text, by_curator, person_id, made_at)
    VALUES ($1, $2, $2, 1, 'Which?', true, $3, now())
    """,
    """
    INSERT INTO webhook (tenant_id, id, url, events, secret, person_id)
    VALUES ($1, $2, 'https://example.org/', '{badge.published}', 'sealed', $3)
    """,
)
# What follows from it names nobody.
FOLLOWS_SQL = (
    """
    INSERT INTO job_problem (tenant_id, id, job_id, position, line, code, message)
    VALUES ($1, $2, $2, 1, 2, 'INVALID', 'Say how they are called.')
    """,
    """
    INSERT INTO delivery (tenant_id, id, webhook_id, event_id, event_type, object_type, object_id, happened_at)
    VALUES ($1, $2, $2, $2, 'badge.published', 'Badge', $2, now())
    """,
)
