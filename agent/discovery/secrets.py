"""Takes secrets out of command lines before anything else sees them. Better a word too many than one too few."""

from __future__ import annotations

import re
from collections.abc import Sequence

MASK = "***"
COMMAND_LENGTH = 512
_WORD_LENGTH = 1024  # of a word so long nothing but its beginning would be shown

_WORD = (
    r"(?:pass(?:word|wd|phrase|code)?|pwd|secret|token|credentials?|api[-_]?key|access[-_]?key|private[-_]?key"
    r"|auth(?:orization)?|cookie|bearer|dsn|session[-_]?(?:id|key))"
)
_NAMED = re.compile(
    rf"(?i)([\w.-]{{0,64}}{_WORD}[\w.-]{{0,64}}[\"']?\s{{0,4}}[=:]\s{{0,4}})"
    r"(?:(?:basic|bearer|token)\s{1,4})?(\"[^\"]*\"|'[^']*'|[^\s,;&}]+)"
)
_TELLTALE = re.compile(rf"(?i){_WORD}")
_ASSIGNMENT = re.compile(rf"(?i)^([\w.-]{{0,64}}{_WORD}[\w.-]{{0,64}}=).+$", re.DOTALL)
_OPTION = re.compile(rf"(?i)^-{{1,2}}[\w.-]{{0,64}}{_WORD}[\w.-]{{0,64}}$")
_OPTION_NOT = re.compile(
    r"(?i)(?:file|path|dir|no|prompt|stdin|enabled?|required|ttl|timeout|method|type|mode)$|^--?no-"
)
# A password may hold what ends a host, unescaped: up to the last @ of the word it may still be one.
_URL = re.compile(r"\b([a-zA-Z][a-zA-Z0-9+.-]{0,32}://)[^\s/@:]*(?::[^\s\"']*)?@")
_SHAPES = re.compile(
    r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}|(?:AKIA|ASIA)[A-Z0-9]{12,}"
    r"|sk-[A-Za-z0-9_-]{16,}|AIza[\w-]{30,}|eyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?)|-----BEGIN [A-Z ]*PRIVATE KEY-----.*"
)
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}")
# Programs whose short option carries a password in the same or the next word.
_ATTACHED = {"mysql": "-p", "mysqldump": "-p", "mysqladmin": "-p", "mariadb": "-p", "sshpass": "-p", "7z": "-p"}
_FOLLOWING = {
    "curl": ("-u", "-U", "--user", "--proxy-user"), "wget": ("--user",), "redis-cli": ("-a",), "sshpass": ("-p",),
    "ldapsearch": ("-w",), "smbclient": ("-U",), "openssl": ("-pass", "-passin", "-passout"),
    "mongo": ("-p",), "mongosh": ("-p",), "plink": ("-pw",), "influx": ("-t",),
}  # fmt: skip
_ENVIRONMENT = ("--env", "-e", "--environment", "--setenv")


def mask_text(text: str) -> str:
    """The text with named values, credentials in URLs and well-known token shapes masked."""
    if "://" in text:
        text = _URL.sub(rf"\1{MASK}@", text)
    text = _BEARER.sub(rf"\1 {MASK}", text)
    if _TELLTALE.search(text):
        text = _NAMED.sub(rf"\1{MASK}", _ASSIGNMENT.sub(rf"\1{MASK}", text))
    return _SHAPES.sub(MASK, text)


def mask_command(argv: Sequence[str]) -> str:
    """A command line for people, its secrets masked, cut at 512 characters."""
    program = argv[0].rpartition("/")[2] if argv else ""
    attached, following = _ATTACHED.get(program), _FOLLOWING.get(program, ())
    words: list[str] = []
    mask_next = False
    length = 0
    for word in argv[:256]:
        if length > COMMAND_LENGTH:
            break
        length += len(words[-1]) + 1 if words else 0
        if mask_next and not (word.startswith("--") and len(word) > 2):
            words.append(MASK)
            mask_next = False
            continue
        mask_next = word in following or _names_a_secret(word)
        if attached and word.startswith(attached) and len(word) > len(attached) and not word.startswith("--"):
            words.append(attached + MASK)
        elif words and words[-1] in _ENVIRONMENT and len(word) > 256:
            words.append(MASK)  # a whole environment: its names are not worth the risk of its values
        else:
            words.append(mask_text(word[:_WORD_LENGTH]))
    line = " ".join(words)
    return line if len(line) <= COMMAND_LENGTH else line[: COMMAND_LENGTH - 1] + "…"


def _names_a_secret(word: str) -> bool:
    return bool(_OPTION.match(word)) and not _OPTION_NOT.search(word)
