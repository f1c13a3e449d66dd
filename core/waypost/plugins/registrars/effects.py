"""What a plugin does in the background."""

from __future__ import annotations

from typing import TypeVar

from waypost.outbox.composing import letter_faults
from waypost.outbox.work import Effects, Handler, JobKind, Letter, Schedule
from waypost.plugins.registrars.base import Registrar

Job = TypeVar("Job", Handler, JobKind, Schedule, Letter)


class EffectsRegistrar(Registrar):
    """Takes what a plugin does in the background: handlers of events, jobs, schedules, letters."""

    kinds = ("handler", "job", "schedule", "letter")

    def __init__(self, plugin: str, prefix: str) -> None:
        super().__init__(plugin, prefix)
        self._handlers: list[Handler] = []
        self._jobs: list[JobKind] = []
        self._schedules: list[Schedule] = []
        self._letters: list[Letter] = []

    def handler(self, handler: Handler) -> Handler:
        """Register a handler of events; it is called for tenants in which the plugin is active."""
        events: object = handler.events  # nobody has checked it
        if isinstance(events, str):
            self.faults.append(f'the handler {handler.name} waits for a set of events: frozenset({{"{events}"}})')
        self._calls(f"the handler {handler.name}", handler.run, "work", "event")
        return self._named("handler", handler, self._handlers)

    def job(self, job: JobKind) -> JobKind:
        """Register a job, which `enqueue(name, facts)` asks for."""
        self._calls(f"the job {job.name}", job.run, "work", "facts")
        if job.dead is not None:
            self._calls(f"dead of the job {job.name}", job.dead, "work", "facts")
        return self._named("job", job, self._jobs)

    def schedule(self, schedule: Schedule) -> Schedule:
        """Register something to be done every so many seconds, in one worker of all."""
        every_s: object = schedule.every_s  # nobody has checked it
        if not isinstance(every_s, int) or every_s < 1:
            self.faults.append(f"the schedule {schedule.name} runs every so many seconds: a whole number, 1 or more")
        self._calls(f"the schedule {schedule.name}", schedule.run, "work")
        return self._named("schedule", schedule, self._schedules)

    def letter(self, letter: Letter) -> Letter:
        """Register an e-mail; its templates lie in the plugin's package, those in English at least."""
        self.faults.extend(letter_faults(letter))
        self._calls(f"the letter {letter.name}", letter.facts, "work", "given")
        return self._named("letter", letter, self._letters)

    def effects(self) -> Effects:
        """Everything registered, in its order."""
        return Effects(tuple(self._handlers), tuple(self._jobs), tuple(self._schedules), tuple(self._letters))

    def _named(self, kind: str, effect: Job, known: list[Job]) -> Job:
        if not effect.name.startswith(f"{self.prefix}."):
            self.faults.append(f"the {kind} {effect.name} must begin with {self.prefix}.")
        self._contributes(kind, effect.name)
        known.append(effect)
        return effect
