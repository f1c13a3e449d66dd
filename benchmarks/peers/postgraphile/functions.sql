-- What a careful user of PostGraphile would write beside the tables: functions that PostgreSQL can inline, with
-- the predicates that let it use the same indexes as Waypost. Limits are literals: with a bound one PostgreSQL
-- would plan anew at every call, which costs more than the search itself.
DROP SCHEMA IF EXISTS peer CASCADE;
CREATE SCHEMA peer;

CREATE FUNCTION peer.nearest(city uuid, x float8, y float8, z float8) RETURNS SETOF opportunity
LANGUAGE sql STABLE PARALLEL SAFE ROWS 20 AS $$
    SELECT * FROM opportunity
    WHERE tenant_id = city AND public AND state = 'open' AND over_at > now() AND earth IS NOT NULL
    ORDER BY earth <-> cube(ARRAY[x, y, z]), id LIMIT 20
$$;

CREATE FUNCTION peer.nearest_national(x float8, y float8, z float8) RETURNS SETOF opportunity
LANGUAGE sql STABLE PARALLEL SAFE ROWS 20 AS $$
    SELECT * FROM opportunity
    WHERE public AND state = 'open' AND over_at > now() AND earth IS NOT NULL
    ORDER BY earth <-> cube(ARRAY[x, y, z]), tenant_id, id LIMIT 20
$$;

CREATE FUNCTION peer.offers(city uuid, badge text) RETURNS SETOF opportunity
LANGUAGE sql STABLE PARALLEL SAFE ROWS 5 AS $$
    SELECT o.*
    FROM badge b
    JOIN opportunity_badge l ON l.tenant_id = b.tenant_id AND l.badge_id = b.id
    JOIN opportunity o ON o.tenant_id = l.tenant_id AND o.id = l.opportunity_id
    WHERE b.tenant_id = city AND b.slug = badge AND l.tenant_id = city AND o.tenant_id = city
        AND o.public AND o.state = 'open' AND o.over_at > now()
    ORDER BY o.title, o.id LIMIT 5
$$;

CREATE FUNCTION peer.found(city uuid, words text) RETURNS SETOF opportunity
LANGUAGE sql STABLE PARALLEL SAFE ROWS 20 AS $$
    SELECT * FROM opportunity
    WHERE tenant_id = city AND public AND state = 'open' AND over_at > now()
        AND search @@ websearch_to_tsquery('simple', words)
    ORDER BY -ts_rank(search, websearch_to_tsquery('simple', words))::float8, id LIMIT 20
$$;

CREATE FUNCTION peer.found_count(city uuid, words text) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT count(*)::integer FROM opportunity
    WHERE tenant_id = city AND public AND state = 'open' AND over_at > now()
        AND search @@ websearch_to_tsquery('simple', words)
$$;

CREATE FUNCTION peer.found_kinds(city uuid, words text) RETURNS TABLE (code text, count integer)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT kind, count(*)::integer FROM opportunity
    WHERE tenant_id = city AND public AND state = 'open' AND over_at > now()
        AND search @@ websearch_to_tsquery('simple', words)
    GROUP BY 1 ORDER BY 2 DESC, 1
$$;

CREATE FUNCTION peer.found_layers(city uuid, words text) RETURNS TABLE (code text, count integer)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT s.layer, count(*)::integer
    FROM opportunity o
    JOIN opportunity_layer s ON s.tenant_id = o.tenant_id AND s.opportunity_id = o.id
    JOIN layer l ON l.code = s.layer
    WHERE o.tenant_id = city AND s.tenant_id = city AND o.public AND o.state = 'open' AND o.over_at > now()
        AND o.search @@ websearch_to_tsquery('simple', words)
    GROUP BY 1 ORDER BY min(l.position), 2 DESC, 1
$$;

CREATE FUNCTION peer.found_skills(city uuid, words text) RETURNS TABLE (name text, count integer)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT k.name, count(*)::integer
    FROM opportunity o
    JOIN opportunity_skill s ON s.tenant_id = o.tenant_id AND s.opportunity_id = o.id
    JOIN skill k ON k.tenant_id = s.tenant_id AND k.id = s.skill_id
    WHERE o.tenant_id = city AND s.tenant_id = city AND k.tenant_id = city
        AND o.public AND o.state = 'open' AND o.over_at > now()
        AND o.search @@ websearch_to_tsquery('simple', words)
    GROUP BY k.code, k.name ORDER BY 2 DESC, k.code LIMIT 10
$$;
