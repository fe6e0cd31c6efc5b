"""Sealing at the command line: checkpoints for the notice board, and proofs that are checked without the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from volunteer_points.cli.context import Desk
from volunteer_points.cli.output import DONE, REFUSED, Answer, Line, Table
from volunteer_points.cli.verbs import option, verb
from volunteer_points.cli.words import Words
from volunteer_points.entries import Entry
from volunteer_points.errors import InputError
from volunteer_points.sealing import Checkpoint, Extension, Inclusion, Seal, Signer, seal_from, seal_text

_EXTRA = "pip install 'volunteer-points[seals]'"
_KEY_BYTES = 32


@verb(
    "seal",
    zh="封存账本：给现有的全部分录取一个校验点，可抄到公示栏。\n\n没有新分录时，给出上一个校验点。",
    examples=("volunteer-points seal", "volunteer-points seal --sign key.pem --out checkpoint.json"),
)
@option(
    "--sign",
    "key_file",
    metavar="KEYFILE",
    type=click.Path(dir_okay=False),
    en="Sign it with this Ed25519 private key (PEM).",
    zh="用此 Ed25519 私钥（PEM）签名。",
)
@option("--out", metavar="FILE", en="Also write it to a file.", zh="同时写入文件。")
def seal(desk: Desk, key_file: str | None, out: str | None) -> Answer:
    """Seal the ledger: take a checkpoint of all its entries, to be put on the notice board.

    Where nothing came since the last checkpoint, that one is given.
    """
    signer = _signer(key_file) if key_file else None
    checkpoint = desk.programme.seal(signer)
    if out:
        _write(out, checkpoint)
    told = desk.say(f"{checkpoint.size} entries are sealed.", f"已封存 {checkpoint.size} 条分录。")
    show = desk.say(f"For the notice board: {checkpoint.root}", f"公示栏抄写：{checkpoint.root}")
    return Answer(_data(checkpoint), (Line(told, "good"), show, seal_text(checkpoint).strip()))


@verb("checkpoints", zh="列出账本的全部校验点。", examples=("volunteer-points checkpoints",))
def checkpoints(desk: Desk) -> Answer:
    """List the checkpoints of the ledger."""
    with desk.store_for_reading(desk.ledger_place).reader() as reader:
        found = list(reader.tree().checkpoints())
    headings = tuple(
        each.said(desk.language)
        for each in (Words("Entries", "分录"), Words("Taken", "时间"), Words("Signed", "签名"), Words("Root", "根"))
    )
    rows = tuple(
        (str(each.size), desk.shown(each.at), desk.say("yes", "是") if each.signature else "-", each.root)
        for each in found
    )
    return Answer({"checkpoints": [_data(each) for each in found]}, (Table(headings, rows, right=(0,)),))


@verb(
    "prove",
    zh="出具证明文件：某条发放或分录在账本中的位置，无需账本即可核对。\n\n"
    "SUBJECT 为记录、兑换或分录的编号；用 --since 则证明账本自某个校验点以来只增不改。",
    examples=(
        "volunteer-points prove r-jq6s2pqmxxwa33kb --out award.json",
        "volunteer-points prove --since checkpoint.json --out growth.json",
    ),
)
@click.argument("subject", required=False)
@option(
    "--since",
    metavar="FILE",
    en="Prove that the ledger only grew since this checkpoint.",
    zh="证明账本自此校验点以来只增不改。",
)
@option("--out", metavar="FILE", en="The file to write. [the screen]", zh="写入的文件。[默认显示在屏幕]")
def prove(desk: Desk, subject: str | None, since: str | None, out: str | None) -> Answer:
    """Make a proof that others can check without the ledger: of one award, redemption or entry.

    It is named by the id of its record, of its redemption, or its own; with --since the proof shows instead that the
    ledger only grew since a checkpoint.
    """
    if bool(subject) == bool(since):
        raise InputError("subject_or_since")
    proof: Seal = desk.programme.prove(subject) if subject else desk.programme.extends(checkpoint_in(str(since)))
    if not out:
        return Answer(_data(proof), (seal_text(proof).strip(),))
    _write(out, proof)
    check = desk.command("verify", out, "--checkpoint", "CHECKPOINT")
    told = desk.say(f"The proof is in {out}. Check it: {check}", f"证明已写入 {out}。核对：{check}")
    return Answer(_data(proof), (Line(told, "good"),))


@verb(
    "verify",
    zh="核对证明文件或校验点，不需要账本。\n\n"
    "依据是公示的校验点（--checkpoint）或社区的公钥（--public-key）。"
    "退出码：0 成立，1 不成立，2 用法有误，3 无法读取。",
    examples=(
        "volunteer-points verify award.json --checkpoint checkpoint.json",
        "volunteer-points verify award.json --public-key key.pub.pem",
    ),
)
@click.argument("file", type=click.Path(dir_okay=False))
@option(
    "--checkpoint",
    "published",
    metavar="FILE",
    multiple=True,
    en="A checkpoint as it was published; may be repeated.",
    zh="公示的校验点文件，可重复。",
)
@option(
    "--public-key",
    metavar="KEY",
    en="The community's Ed25519 public key: a PEM file, or 64 hexadecimal digits.",
    zh="社区的 Ed25519 公钥：PEM 文件，或 64 位十六进制。",
)
def verify(desk: Desk, file: str, published: tuple[str, ...], public_key: str | None) -> Answer:
    """Check a proof or a checkpoint, without the ledger.

    It rests on a checkpoint that was published (--checkpoint), or on the community's public key.
    Exit codes: 0 it holds, 1 it does not, 2 usage, 3 unreadable.
    """
    if not published and public_key is None:
        raise InputError("nothing_to_rest_on")
    found = _read(file)
    known = [checkpoint_in(each) for each in published]
    key = _public_key(public_key) if public_key is not None else None
    holds = _holds(found) and _vouched(found, known, key)
    entry = found.entry if isinstance(found, Inclusion) and holds else None
    data = {"holds": holds, **_data(found), "entry": _entry_data(entry)}
    if not holds:
        return Answer(data, (Line(desk.say("It does not hold.", "不成立。"), "bad"),), REFUSED)
    told = [Line(desk.say("It holds.", "成立。"), "good")]
    if isinstance(found, Inclusion) and entry is not None:
        told.append(Line(f"{entry.kind} {entry.id} · {found.place + 1}/{found.checkpoint.size}"))
        told.append(Line(found.content))
    return Answer(data, tuple(told), DONE)


def _entry_data(entry: Entry | None) -> dict[str, Any] | None:
    """The entry as JSON: its id and kind."""
    return None if entry is None else {"id": entry.id, "kind": entry.kind, "key": entry.key, "number": entry.number}


# --- what it rests on --------------------------------------------------------------------------------------------


def _rests_on(found: Seal) -> list[Checkpoint]:
    match found:
        case Checkpoint():
            return [found]
        case Inclusion():
            return [found.checkpoint]
        case Extension():
            return [found.old, found.new]


def _holds(found: Seal) -> bool:
    match found:
        case Inclusion():
            return found.holds(found.checkpoint)
        case Extension():
            return found.holds(found.old, found.new)
    return True


def _vouched(found: Seal, published: list[Checkpoint], key: bytes | None) -> bool:
    """Whether each checkpoint was published or is signed, and each that was given is one of them."""
    within = _rests_on(found)
    if not all(any(_same(given, each) for each in within) for given in published):
        return False
    return all(
        any(_same(given, each) for given in published)
        or (key is not None and bool(each.signature) and each.is_signed_by(key))
        for each in within
    )


def _same(one: Checkpoint, other: Checkpoint) -> bool:
    return (one.ledger, one.head) == (other.ledger, other.head)


# --- files and keys ----------------------------------------------------------------------------------------------


def _data(found: Seal) -> dict[str, Any]:
    kind = type(found).__name__.lower()
    newest = _rests_on(found)[-1]
    at = {"size": newest.size, "root": newest.root, "at": newest.at, "signature": newest.signature}
    return {"seal": kind, "ledger": newest.ledger, **at, "text": seal_text(found)}


def _read(path: str) -> Seal:
    return seal_from(_bytes(path).decode("utf-8", "replace"))


def checkpoint_in(path: str) -> Checkpoint:
    """The checkpoint in a file.

    Raises:
        InputError: ``no_such_file`` or ``not_a_seal``.
    """
    found = _read(path)
    if isinstance(found, Checkpoint):
        return found
    raise InputError("not_a_seal", problem=f"{path} is a proof, and a checkpoint is wanted")


def _write(path: str, found: Seal) -> None:
    try:
        Path(path).write_text(seal_text(found), encoding="utf-8")
    except OSError as error:
        raise InputError("file_unwritable", place=path, reason=error.strerror or str(error)) from None


def _bytes(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError("no_such_file", place=path, reason=error.strerror or str(error)) from None


def _signer(path: str) -> Signer:
    content = _bytes(path)
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - an extra
        from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 - an extra
    except ImportError:
        raise InputError("seals_missing", command=_EXTRA) from None
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError) as error:
        raise InputError("not_a_key", place=path, reason=str(error).partition(". ")[0]) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError("not_a_key", place=path, reason=type(key).__name__)
    return key


def _public_key(text: str) -> bytes:
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415 - an extra
        from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415 - an extra
    except ImportError:
        raise InputError("seals_missing", command=_EXTRA) from None
    if len(text) == 2 * _KEY_BYTES and not Path(text).exists():
        try:
            return bytes.fromhex(text)
        except ValueError as error:
            raise InputError("not_a_key", place=text, reason=str(error)) from None
    try:
        key = load_pem_public_key(_bytes(text))
    except ValueError as error:
        raise InputError("not_a_key", place=text, reason=str(error).partition(". ")[0]) from None
    if not isinstance(key, Ed25519PublicKey):
        raise InputError("not_a_key", place=text, reason=type(key).__name__)
    return key.public_bytes_raw()


__all__ = ["checkpoint_in", "checkpoints", "prove", "seal", "verify"]
