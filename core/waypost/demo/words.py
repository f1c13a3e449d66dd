"""The words that synthetic rows are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Topic:
    """A subject that activities and badges are about: its name, what people do, and the skills it shows."""

    name: str
    doing: str
    skills: tuple[str, ...]


@dataclass(frozen=True)
class Form:
    """What an activity of one kind is called, and one sentence about it; `{topic}` and `{doing}` are filled in."""

    title: str
    summary: str


# What every topic's badges may show besides the topic's own skills.
COMMON_SKILLS: Final = (
    "Teamwork",
    "Communication",
    "Problem solving",
    "Creativity",
    "Listening",
    "Planning",
    "Leadership",
    "Reliability",
)

TOPICS: Final = (
    Topic("Film", "plan, shoot and cut a short film", ("Storytelling", "Camera work", "Video editing")),
    Topic("Radio", "record and edit a radio item", ("Interviewing", "Audio editing", "Storytelling")),
    Topic("Photography", "take and choose pictures that tell a story", ("Photography", "Visual literacy")),
    Topic("Animation", "bring drawings and clay to life", ("Animation", "Drawing", "Patience")),
    Topic("Music", "write, rehearse and play together", ("Musicianship", "Performance", "Songwriting")),
    Topic("Dance", "make up and perform a piece", ("Performance", "Movement", "Confidence")),
    Topic("Theatre", "rehearse scenes and put on a show", ("Performance", "Public speaking", "Stagecraft")),
    Topic("Creative Writing", "write, read aloud and improve", ("Writing", "Editing", "Storytelling")),
    Topic("Journalism", "find a story and check it", ("Writing", "Fact checking", "Interviewing")),
    Topic("Fashion", "cut, sew and mend clothes", ("Sewing", "Design", "Resourcefulness")),
    Topic("Ceramics", "throw, glaze and fire", ("Craft", "Patience", "Design")),
    Topic("Drawing", "look closely and put it on paper", ("Drawing", "Observation")),
    Topic("Coding", "write small programs that do something useful", ("Programming", "Logical thinking")),
    Topic("Web Design", "build a page that works for everybody", ("Web design", "Accessibility", "Design")),
    Topic("Game Making", "design, build and test a game", ("Game design", "Programming", "Testing")),
    Topic("Robotics", "wire, program and race a robot", ("Robotics", "Programming", "Electronics")),
    Topic("Electronics", "solder circuits and find faults", ("Electronics", "Fault finding", "Precision")),
    Topic("Data", "ask a question and answer it with numbers", ("Data analysis", "Numeracy", "Visualisation")),
    Topic("Online Safety", "keep yourself and others safe online", ("Digital literacy", "Critical thinking")),
    Topic("3D Printing", "model and print a part", ("Digital fabrication", "Design", "Precision")),
    Topic("Science", "test an idea and write up what happened", ("Experimenting", "Observation", "Numeracy")),
    Topic("Astronomy", "find your way around the night sky", ("Observation", "Curiosity")),
    Topic("Marine Life", "survey a shore and record what lives there", ("Surveying", "Observation", "Recording")),
    Topic("Gardening", "grow food from seed to plate", ("Horticulture", "Patience", "Resourcefulness")),
    Topic("Conservation", "look after a stretch of land or water", ("Conservation", "Surveying", "Stamina")),
    Topic("Recycling", "turn waste into something wanted", ("Sustainability", "Resourcefulness")),
    Topic("Bike Repair", "strip, fix and true a bicycle", ("Mechanics", "Fault finding", "Tool use")),
    Topic("Woodwork", "measure, cut and join", ("Joinery", "Tool use", "Precision")),
    Topic("Construction", "learn the trades on a real site", ("Construction", "Site safety", "Tool use")),
    Topic("Sailing", "handle a boat with others", ("Seamanship", "Decision making", "Confidence")),
    Topic("Football", "train, play and referee", ("Fitness", "Fair play", "Refereeing")),
    Topic("Climbing", "climb and belay safely", ("Fitness", "Confidence", "Risk awareness")),
    Topic("Swimming", "swim further and save a life", ("Fitness", "Life saving")),
    Topic("Yoga", "move, breathe and rest", ("Wellbeing", "Movement")),
    Topic("First Aid", "help before the ambulance comes", ("First aid", "Calm under pressure")),
    Topic("Mental Health", "talk and listen about how we feel", ("Wellbeing", "Empathy")),
    Topic("Cooking", "cook a good meal on a small budget", ("Cooking", "Food hygiene", "Budgeting")),
    Topic("Baking", "bake bread that people buy", ("Baking", "Food hygiene", "Precision")),
    Topic("Hospitality", "welcome, serve and run a till", ("Customer service", "Food hygiene", "Numeracy")),
    Topic("Enterprise", "sell a first product", ("Enterprise", "Budgeting", "Negotiation")),
    Topic("Money", "plan a month and avoid debt", ("Budgeting", "Numeracy", "Critical thinking")),
    Topic("Job Search", "write a CV and practise interviews", ("Writing", "Self-presentation", "Interviewing")),
    Topic("Languages", "hold a first conversation", ("Languages", "Confidence", "Cultural awareness")),
    Topic("Sign Language", "introduce yourself in BSL", ("Sign language", "Empathy", "Inclusion")),
    Topic("Local History", "walk a street and read its past", ("Research", "Storytelling", "Observation")),
    Topic("Archives", "sort, date and show old papers", ("Research", "Cataloguing", "Precision")),
    Topic("Youth Council", "bring a change to those who decide", ("Campaigning", "Public speaking", "Research")),
    Topic("Debating", "argue both sides and be heard", ("Public speaking", "Critical thinking", "Research")),
    Topic("Childcare", "play and care for small children", ("Childcare", "Empathy", "Risk awareness")),
    Topic("Care Work", "care for people with dignity", ("Care", "Empathy", "Confidentiality")),
    Topic("Mentoring", "stand by somebody younger", ("Mentoring", "Empathy", "Confidentiality")),
    Topic("Event Planning", "run an evening from poster to clearing up", ("Event management", "Budgeting")),
)

# The ten kinds: how common each is in a hundred, and what its activities are called.
KINDS: Final[dict[str, tuple[int, tuple[Form, ...]]]] = {
    "EVENT": (
        21,
        (
            Form("{topic} Open Day", "Come and see how people here {doing}."),
            Form("{topic} Festival", "A day of talks, stalls and things to try."),
            Form("An Evening of {topic}", "Meet others who like to {doing}."),
        ),
    ),
    "WORKSHOP": (
        19,
        (
            Form("{topic} Lab", "Two hours to {doing}, with everything you need provided."),
            Form("{topic} for Beginners", "A first go: {doing}. No experience needed."),
            Form("{topic} Masterclass", "For those who know the basics: {doing} with a professional."),
        ),
    ),
    "COURSE": (
        17,
        (
            Form("{topic} Course", "Over several weeks you {doing}, and show the result at the end."),
            Form("Introduction to {topic}", "A course for adults and young people who want to {doing}."),
            Form("{topic}, the Next Step", "Carry on from the introduction and {doing} with less help."),
        ),
    ),
    "VOLUNTEER": (
        12,
        (
            Form("{topic} Helpers", "Help others to {doing}; training is given."),
            Form("{topic} Volunteer", "Give two hours a week so that people can {doing}."),
        ),
    ),
    "ONLINE_LEARNING": (
        9,
        (
            Form("{topic} Online", "Learn at your own pace how to {doing}."),
            Form("{topic} in Ten Short Films", "Watch, try and answer: how to {doing}."),
        ),
    ),
    "WORK_EXPERIENCE": (
        6,
        (
            Form("{topic} Placement", "A week with people who {doing} for a living."),
            Form("A Week in {topic}", "See the work behind it, and {doing} yourself."),
        ),
    ),
    "PROJECT": (
        5,
        (
            Form("The {topic} Project", "A group that meets until it is done: {doing}."),
            Form("{topic} Challenge", "A real question from a local employer: {doing}, then present it."),
        ),
    ),
    "INFORMATION": (
        4,
        (Form("{topic}: Where to Start", "Who can help you in the area if you want to {doing}."),),
    ),
    "JOB": (
        4,
        (Form("{topic} Assistant", "A paid part-time role for somebody who likes to {doing}."),),
    ),
    "APPRENTICESHIP": (
        3,
        (Form("{topic} Apprentice", "Earn while you learn to {doing}, with a qualification at the end."),),
    ),
}

CLOSINGS: Final = (
    "Everybody is welcome, whatever they have done before.",
    "Bring a friend, or come on your own.",
    "There is tea, and somebody to talk to.",
    "Ask about travel costs if they keep you away.",
    "Places are few, so tell us if you cannot come.",
    "What you do here counts towards a badge.",
)

# Stages of a badge, easiest first, with its level.
STAGES: Final = (
    ("Explorer", "foundational"),
    ("Maker", "foundational"),
    ("Contributor", "intermediate"),
    ("Practitioner", "intermediate"),
    ("Leader", "advanced"),
)
CRITERIA: Final = (
    "Took part in at least two sessions and said what was learned.",
    "Worked with others to {doing}.",
    "Showed a finished piece of work to an audience.",
    "Asked for feedback and used it.",
    "Kept a short record with pictures or notes.",
    "Helped somebody who was newer to it.",
)

PLACE_FORMS: Final[dict[str, tuple[str, ...]]] = {
    "library": ("{name} Library",),
    "community-centre": ("{name} Community Centre", "{name} Hall"),
    "school": ("{name} Academy", "{name} School"),
    "college": ("{name} College",),
    "park": ("{name} Park", "{name} Gardens"),
    "sports-centre": ("{name} Leisure Centre", "{name} Pool"),
    "museum": ("{name} Museum", "{name} Gallery"),
    "theatre": ("{name} Playhouse", "{name} Studio"),
    "workplace": ("{name} Works", "{name} Business Park"),
    "other": ("{name} Hub", "{name} Yard"),
}
ISSUER_FORMS: Final[dict[str, tuple[str, ...]]] = {
    "charity": ("{name} Youth Trust", "{name} Arts", "{name} Together", "Friends of {name}"),
    "club": ("{name} Club", "{name} Athletic"),
    "school": ("{name} School",),
    "college": ("{name} College",),
    "company": ("{name} & Sons", "{name} Studios", "{name} Engineering"),
    "council": ("{name} Community Council",),
    "public-body": ("{name} Museums Service", "{name} Health"),
    "network": ("{name} Learning Network",),
}
NAMES: Final = tuple(
    f"{first}{second}"
    for first in (
        *("Ash", "Beech", "Birch", "Cross", "Elm", "Fern", "Hawth", "Holly", "King", "Mill", "North"),
        *("Oak", "Old", "Queen", "River", "Rose", "Saint", "South", "Stone", "West", "Whit", "Wood"),
    )
    for second in ("bank", "bridge", "brook", "bury", "field", "ford", "gate", "hill", "lea", "mead", "side", "ton")
)
