"""Help pages whose options stand in groups, as plain text: rich's own panels would triple the time they take."""

from __future__ import annotations

from typing import Any

from pellucid.cli.app import Command

ARGUMENTS, OPTIONS = "Arguments", "Options"


class GroupedCommand(Command):
    """A command whose help lists the options under the `rich_help_panel` that each names."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write one section a group, in the order the groups are first named; options without one come last."""
        groups: dict[str, list[tuple[str, str]]] = {}
        last: list[tuple[str, str]] = []
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is None:
                continue
            group = getattr(parameter, "rich_help_panel", None)
            if group is None and parameter.param_type_name == "argument":
                group = ARGUMENTS
            (last if group is None else groups.setdefault(group, [])).append(record)
        for title, records in [*groups.items(), (OPTIONS, last)]:
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)
