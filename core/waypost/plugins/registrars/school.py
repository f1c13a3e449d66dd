"""Rules and objections in the Badge School."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from importlib.resources.abc import Traversable
from typing import Any

from waypost.outbox.linting import Rule, rule_of
from waypost.outbox.submission import Submission
from waypost.plugins.lint_rules import faults_of, rules_in
from waypost.plugins.names import code_prefix
from waypost.plugins.registrars.base import Registrar
from waypost.refusal import Refusal

Veto = Callable[[Submission], Awaitable[Refusal | None] | Refusal | None]


class SubmissionRegistrar(Registrar):
    """Takes vetoes: functions from a `Submission` to a `Refusal`, or None where they do not mind."""

    kinds = ("veto",)

    def __init__(self, plugin: str, prefix: str) -> None:
        super().__init__(plugin, prefix)
        self.vetoes: list[Veto] = []

    def veto(self, veto: Veto) -> Veto:
        """Register a veto; it is asked in the submission's own transaction and has `PATIENCE_S` to answer."""
        name = getattr(veto, "__name__", "veto")
        self._contributes("veto", name)
        self._calls(f"the veto {name}", veto, "submission")
        self.vetoes.append(veto)
        return veto


class LintRegistrar(Registrar):
    """Takes rules for the words of badges, in the form of the platform's own."""

    kinds = ("lint_rule",)

    def __init__(self, plugin: str, prefix: str) -> None:
        super().__init__(plugin, prefix)
        self.registered: list[Rule] = []

    def rules(self, rules: Traversable | Iterable[Mapping[str, Any]]) -> None:
        """Register rules: tables as a TOML file holds them under `[[rules]]`, or such a file of the package.

        A code begins with the prefix in upper case: `ESSENTIAL_`, `BADGE_NATION_`.
        """
        if isinstance(rules, Mapping):
            self.faults.append("rules are a list of tables, and this is one table alone: put it into [ ]")
            return
        for rule in rules_in(rules) if isinstance(rules, Traversable) else rules:
            code = str(rule.get("code", "?")) if isinstance(rule, Mapping) else "?"
            faults = [f"the rule {code}: {fault}" for fault in faults_of(rule, code_prefix(self.prefix))]
            self.faults += faults
            self._contributes("lint_rule", code)
            if not faults:
                self.registered.append(rule_of(rule))
