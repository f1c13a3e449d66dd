-- The framework stands in the platform's own tables now; here stays what badges show of it.
-- migrate:up
ALTER TABLE plugin_skills_builder.badge_essential DROP CONSTRAINT badge_essential_skill_code_step_fkey;
ALTER TABLE plugin_skills_builder.badge_essential ADD CONSTRAINT badge_essential_step_check CHECK (step BETWEEN 0 AND 15);
DROP TABLE plugin_skills_builder.essential_step, plugin_skills_builder.essential_skill;
-- migrate:down
CREATE TABLE plugin_skills_builder.essential_skill (
    code text PRIMARY KEY CHECK (code = framework || '/' || slug),
    framework text NOT NULL,
    position integer NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    exact_match_of text REFERENCES plugin_skills_builder.essential_skill (code) DEFERRABLE INITIALLY DEFERRED,
    is_related_to text REFERENCES plugin_skills_builder.essential_skill (code) DEFERRABLE INITIALLY DEFERRED,
    UNIQUE (framework, position)
);
CREATE TABLE plugin_skills_builder.essential_step (
    skill_code text NOT NULL REFERENCES plugin_skills_builder.essential_skill (code),
    step integer NOT NULL CHECK (step BETWEEN 0 AND 15),
    PRIMARY KEY (skill_code, step)
);
INSERT INTO plugin_skills_builder.essential_skill
    (code, framework, position, slug, name, exact_match_of, is_related_to)
VALUES
    ('1.0/listening', '1.0', 1, 'listening', 'Listening', '2.0/listening', NULL),
    ('1.0/speaking', '1.0', 2, 'speaking', 'Speaking', '2.0/speaking', NULL),
    ('1.0/problem-solving', '1.0', 3, 'problem-solving', 'Problem Solving', '2.0/problem-solving', NULL),
    ('1.0/creativity', '1.0', 4, 'creativity', 'Creativity', '2.0/creativity', NULL),
    ('1.0/staying-positive', '1.0', 5, 'staying-positive', 'Staying Positive', NULL, '2.0/adapting'),
    ('1.0/aiming-high', '1.0', 6, 'aiming-high', 'Aiming High', NULL, '2.0/planning'),
    ('1.0/leadership', '1.0', 7, 'leadership', 'Leadership', '2.0/leadership', NULL),
    ('1.0/teamwork', '1.0', 8, 'teamwork', 'Teamwork', '2.0/teamwork', NULL),
    ('2.0/listening', '2.0', 1, 'listening', 'Listening', '1.0/listening', NULL),
    ('2.0/speaking', '2.0', 2, 'speaking', 'Speaking', '1.0/speaking', NULL),
    ('2.0/problem-solving', '2.0', 3, 'problem-solving', 'Problem Solving', '1.0/problem-solving', NULL),
    ('2.0/creativity', '2.0', 4, 'creativity', 'Creativity', '1.0/creativity', NULL),
    ('2.0/adapting', '2.0', 5, 'adapting', 'Adapting', NULL, '1.0/staying-positive'),
    ('2.0/planning', '2.0', 6, 'planning', 'Planning', NULL, '1.0/aiming-high'),
    ('2.0/leadership', '2.0', 7, 'leadership', 'Leadership', '1.0/leadership', NULL),
    ('2.0/teamwork', '2.0', 8, 'teamwork', 'Teamwork', '1.0/teamwork', NULL);
SET CONSTRAINTS ALL IMMEDIATE;
INSERT INTO plugin_skills_builder.essential_step (skill_code, step)
SELECT code, step FROM plugin_skills_builder.essential_skill, generate_series(0, 15) AS step;
ALTER TABLE plugin_skills_builder.badge_essential DROP CONSTRAINT badge_essential_step_check;
ALTER TABLE plugin_skills_builder.badge_essential ADD CONSTRAINT badge_essential_skill_code_step_fkey
    FOREIGN KEY (skill_code, step) REFERENCES plugin_skills_builder.essential_step (skill_code, step);
