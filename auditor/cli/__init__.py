"""The commands. The only package that prints or exits; each command is imported when it is called."""

from __future__ import annotations

import importlib
import logging
import signal
import sys
from collections.abc import Mapping, Sequence

import click

from auditor import __version__
from auditor.cli import console
from auditor.errors import AuditorError
from auditor.secret import forget

COMMANDS: Mapping[str, str] = {
    "scan": "Read the tenant, judge it, write the reports.",
    "collect": "Read the tenant into a snapshot: the network part alone.",
    "evaluate": "Judge a snapshot: the offline part alone.",
    "demo": "Audit an embedded tenant with seeded faults.",
    "emulator": "Run the embedded tenant, to develop against.",
    "rules": "List, show, document, check and test the rules.",
    "profiles": "List, show and check the profiles of applications.",
    "explain": "Tell the whole story of one finding.",
    "permissions": "The least set of Graph permissions, and what each is for.",
    "metadata": "Check a federation metadata document: may a service provider trust it?",
    "response": "Check the captured SAML response of a test sign-on.",
    "report": "The report's JSON Schema; any format again from report.json.",
    "drift": "What changed between two runs, and who did it.",
    "baseline": "The approved state: approve a run, show it, compare with it.",
    "verify": "Verify a signed bundle: untouched, signed by whom, its report what its evidence gives?",
    "history": "The runs that scans kept: list, show, prune, and whether the nights still happen.",
    "deploy": "Files that scan every night: systemd, cron, Kubernetes, GitHub Actions, container.",
    "alert": "Try the channels of the configuration's alerts.",
}
"""The module of the same name here defines `command`. The sentences stand in `auditor --help`."""

_EPILOG = """\b
Begin with:
  auditor demo                            see an audit, without a tenant
  auditor permissions                     what to grant, and how
  auditor scan --config auditor.yaml      audit your own

\b
Exit codes, the first that applies:
   2  usage or configuration error        1  could not run, or an alert was not delivered
  10  a failure at or above --fail-on     3  something could not be judged
  11  something changed (drift)           0  clean

\b
Shell completion (bash; zsh and fish alike):
  eval "$(_AUDITOR_COMPLETE=bash_source auditor)"
"""


class _Commands(click.Group):
    """Imports a command only when it is called, so that `auditor --help` answers at once."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"{__name__}.{cmd_name}").command
        command.short_help = COMMANDS[cmd_name]
        return command

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


# The placeholders are what click looks through for the nearest name of an unknown command.
@click.group(
    cls=_Commands,
    commands={name: click.Command(name) for name in COMMANDS},
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="auditor")
def program() -> None:
    """Audits SAML enterprise applications in Microsoft Entra ID against their integration tutorials.

    It only reads. Say `auditor COMMAND --help` for more about a command.
    """


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program with `argv` (default: the process's own) and gives the exit code."""
    if argv is None:  # being told to stop is being interrupted: files are whole, temporary ones go
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        sys.excepthook = lambda _, error, trace: console.tell_defect(error, as_json=as_json, run=run)
    forget()
    as_json, run = console.asks_for_json(sys.argv[1:] if argv is None else argv), console.new_run()
    with console.logging_to_stderr(as_json=as_json, run=run):
        try:
            outcome = program.main(argv, prog_name="auditor", standalone_mode=False)
        except AuditorError as error:
            console.tell(error)
            return error.exit_code
        except click.ClickException as error:
            if console.is_json():
                logging.getLogger("auditor").error("%s", error.format_message(), extra={"event": "failed"})
            else:
                error.show()
            return error.exit_code
        except click.Abort:
            logging.getLogger("auditor").error("interrupted; reports and snapshots are as they were before")
            return 1
        except BrokenPipeError:
            console.close_stdout()
            return 1
    return int(outcome or 0)
