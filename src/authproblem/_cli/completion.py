"""Print a script that completes commands, options, codes and problem types in your shell.

bash: eval "$(authproblem completion bash)"      in ~/.bashrc
zsh:  eval "$(authproblem completion zsh)"       in ~/.zshrc, after compinit
fish: authproblem completion fish | source       in ~/.config/fish/config.fish
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable

from authproblem._cli.commands import COMMANDS, load, make_parser

_BASH = """\
_authproblem() {
  local IFS=$'\\n' word="${COMP_WORDS[COMP_CWORD]}"
  # bash splits words at colons as well: join them again, and complete what follows the last colon
  local line="${COMP_LINE:0:COMP_POINT}"
  local -a words
  IFS=' ' read -r -a words <<<"$line"
  [[ "$line" == *' ' ]] && words+=('')
  local last="${words[${#words[@]}-1]}" prefix=''
  [[ "$last" == *:* && "$COMP_WORDBREAKS" == *:* ]] && prefix="${last%"${last##*:}"}"
  COMPREPLY=()
  local candidate
  while read -r candidate; do
    COMPREPLY+=("${candidate#"$prefix"}")
  done < <(authproblem completion --candidates -- "${words[@]:1}" 2>/dev/null)
}
complete -o default -F _authproblem authproblem
"""
_ZSH = """\
_authproblem() {
  local -a candidates
  candidates=("${(@f)$(authproblem completion --candidates -- "${(@)words[2,$CURRENT]}" 2>/dev/null)}")
  [[ -n "$candidates" ]] && compadd -- "${candidates[@]}" || _files
}
compdef _authproblem authproblem
"""
_FISH = """\
function __authproblem_candidates
  authproblem completion --candidates -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null
end
complete -c authproblem -a '(__authproblem_candidates)'
"""
SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("words", metavar="SHELL", nargs="*", help="bash, zsh or fish")
    parser.add_argument("--candidates", action="store_true", help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Print the script of a shell; or, for such a script, the candidates for the last of the given words."""
    if args.candidates:
        sys.stdout.write("".join(f"{candidate}\n" for candidate in candidates(args.words or [""])))
        return 0
    shell = args.words[0] if len(args.words) == 1 else ""
    if shell not in SCRIPTS:
        sys.stderr.write(f"authproblem completion: invalid shell {shell!r}; expected one of {', '.join(SCRIPTS)}\n")
        return 2
    sys.stdout.write(SCRIPTS[shell])
    return 0


def candidates(words: list[str]) -> list[str]:
    """Return the possible completions of the last word.

    Args:
        words: The words behind the program's name, the last one unfinished.
    """
    *before, last = words
    if not before:
        return _starting(last, [*COMMANDS, "--help", "--version"])
    name = before[0]
    if name not in COMMANDS:
        return []
    try:
        parser = make_parser(name, load(name))
    except ModuleNotFoundError:
        return []
    options = {option: action for action in parser._actions for option in action.option_strings}  # noqa: SLF001
    expected = options.get(before[-1])
    if expected is not None and expected.nargs != 0:
        return _starting(last, _values(name, expected))
    if last.startswith("-"):
        return _starting(last, options)
    positional = next((action for action in parser._actions if not action.option_strings), None)  # noqa: SLF001
    return [] if positional is None else _starting(last, _values(name, positional))


def _values(command: str, action: argparse.Action) -> Iterable[str]:
    """Return the values of an argument: its choices, or names from the registry."""
    if action.choices is not None:
        return [str(choice) for choice in action.choices]
    from authproblem._registry.registry import Registry

    registry = Registry.builtin()
    codes = {entry.code for entry in registry if entry.code is not None}
    return {
        ("completion", "words"): SCRIPTS,
        ("list", "type"): list(registry.types),
        ("list", "code"): sorted(codes),
        ("explain", "name"): sorted({*registry.types, *codes, *(entry.id for entry in registry)}),
    }.get((command, action.dest), [])


def _starting(prefix: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(prefix)]
