-- Further addresses of a person: asked for, proved by a letter, taken away.
-- migrate:up
-- Set while an address is only asked for by its person; forgotten after a day, and written to by its proof alone.
ALTER TABLE person_address ADD COLUMN asked_at timestamptz;
ALTER TABLE sign_in_attempt DROP CONSTRAINT sign_in_attempt_way_check;
ALTER TABLE sign_in_attempt DROP CONSTRAINT sign_in_attempt_check1;
ALTER TABLE sign_in_attempt ADD CONSTRAINT sign_in_attempt_way_check CHECK (way IN ('link', 'provider', 'address'));
ALTER TABLE sign_in_attempt ADD CONSTRAINT sign_in_attempt_person_check
    CHECK ((way = 'provider') = (person_id IS NULL));
-- migrate:down
DELETE FROM sign_in_attempt WHERE way = 'address';
ALTER TABLE sign_in_attempt DROP CONSTRAINT sign_in_attempt_person_check;
ALTER TABLE sign_in_attempt DROP CONSTRAINT sign_in_attempt_way_check;
ALTER TABLE sign_in_attempt ADD CONSTRAINT sign_in_attempt_way_check CHECK (way IN ('link', 'provider'));
ALTER TABLE sign_in_attempt ADD CONSTRAINT sign_in_attempt_check1 CHECK ((way = 'link') = (person_id IS NOT NULL));
ALTER TABLE person_address DROP COLUMN asked_at;
