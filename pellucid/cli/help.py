"""Help pages whose options stand in groups, as plain text: rich's own panels would triple the time they take."""

from __future__ import annotations

from typing import Any

from pellucid.cli.app import Command
from pellucid.errors import UsageError

ARGUMENTS, OPTIONS = "Arguments", "Options"


class GroupedCommand(Command):
    """A command whose help lists the options under the `rich_help_panel` that each names."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As it is elsewhere, where the last of several counts; but nobody who types two schedules means the last."""
        *_, order = self.make_parser(ctx).parse_args(args=list(args))
        if [one.name for one in order].count("schedule") > 1:
            raise UsageError(f"{ctx.info_name}: --schedule must be one schedule, but there are two. Type the one "
                             "that is meant; --warmup N goes before any of them but onecycle.")  # fmt: skip
        return super().parse_args(ctx, args)

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
