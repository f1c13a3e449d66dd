-- Both versions of the Universal Framework, and what each city's badges show of them.
-- migrate:up
CREATE TABLE plugin_skills_builder.essential_skill (
    code text PRIMARY KEY CHECK (code = framework || '/' || slug),
    framework text NOT NULL,
    position integer NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    -- Deferred, since the two versions name each other.
    exact_match_of text REFERENCES plugin_skills_builder.essential_skill (code) DEFERRABLE INITIALLY DEFERRED,
    is_related_to text REFERENCES plugin_skills_builder.essential_skill (code) DEFERRABLE INITIALLY DEFERRED,
    UNIQUE (framework, position)
);

CREATE TABLE plugin_skills_builder.essential_step (
    skill_code text NOT NULL REFERENCES plugin_skills_builder.essential_skill (code),
    step integer NOT NULL CHECK (step BETWEEN 0 AND 15),
    PRIMARY KEY (skill_code, step)
);

CREATE TABLE plugin_skills_builder.badge_essential (
    tenant_id uuid NOT NULL,
    badge_id uuid NOT NULL,
    skill_code text NOT NULL,
    step integer NOT NULL,
    position integer NOT NULL,
    public boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, badge_id, skill_code),
    FOREIGN KEY (tenant_id, badge_id) REFERENCES public.badge (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (skill_code, step) REFERENCES plugin_skills_builder.essential_step (skill_code, step)
);
-- migrate:down
DROP TABLE plugin_skills_builder.badge_essential, plugin_skills_builder.essential_step,
    plugin_skills_builder.essential_skill;
