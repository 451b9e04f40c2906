"""Secrets that must not go further: raw API keys used as ids, e-mail names, texts that are not to be kept."""

import contextlib
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stillwatch.errors import InvalidInput, UnreadableSource
from stillwatch.ingest.options import Content
from stillwatch.ingest.strings import string_parts

__all__ = ["Concealer", "installation_salt"]

SALT_BYTES = 32
HASH_CHARACTERS = 32
SCHEME = re.compile(r"^(?:bearer|basic|token)\s+", re.IGNORECASE)
# RE2 syntax. Providers' published key prefixes, a JSON web token, or an Authorization header as it is.
KEY = (
    r"^(?:(?i:bearer|basic|token)\s+\S+"
    r"|(?:sk|pk|rk)[-_][A-Za-z0-9_-]{12,}"
    r"|(?:gsk|hf|r8|ghp|pplx|xai|csk|fw|nvapi|tgp)[-_][A-Za-z0-9_-]{12,}"
    r"|AIza[A-Za-z0-9_-]{20,}|AKIA[A-Z0-9]{12,}|eyJ[A-Za-z0-9_-]{8,}\.eyJ\S+)$"
)
KEY_STARTS = r"^(?:[bB][aAeE]|[tT][oO]|[spr]k|gsk|hf|r8|ghp|pplx|xai|csk|fw|nvapi|tgp|AI|AK|eyJ)"
_SPACE, _NO_SPACE = r"[\t\n\f\r ]", r"[^\t\n\f\r ]"
_KEY = re.compile(KEY.replace(r"\s", _SPACE).replace(r"\S", _NO_SPACE).removeprefix("^").removesuffix("$"))
_KEY_START = re.compile(KEY_STARTS)
"""The same for one text; Python's own classes of characters are wider than RE2's."""
HIDDEN_NAME = re.compile(r"name-[0-9a-f]{32}", re.ASCII)
HIDDEN_TEXT = r"^hash-[0-9a-f]{32}$"
CARD = re.compile(r"\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{1,7}", re.ASCII)


class Concealer:
    """Replaces secrets by keyed hashes: equal secrets stay equal, nobody without the salt can test a guess.

    What is hidden already stays as it is: a collector hides what comes, and a scan of what it has stored does again.

    salt    Key of the hashes (HMAC-SHA-256, first 128 bits). None draws one for this object: hashes are then equal
            within one run and say nothing across runs. An installation that wants to find its accounts again passes
            its own salt every time and keeps it like a password.
    """

    def __init__(self, salt: bytes | None = None) -> None:
        self._salt = secrets.token_bytes(SALT_BYTES) if salt is None else salt

    def keyed(self, text: str) -> str:
        """Keyed hash of `text`, 32 hexadecimal digits.

        >>> Concealer(b"salt").keyed("sk-secret")
        '9d45f51f65d125854da7454c601fff9e'
        """
        return hmac.new(self._salt, text.encode(), hashlib.sha256).hexdigest()[:HASH_CHARACTERS]

    def keyed_secret(self, text: str) -> str:
        """Keyed hash of a secret, the same with and without the scheme of an Authorization header.

        >>> Concealer(b"s").keyed_secret("Bearer sk-1") == Concealer(b"s").keyed_secret("sk-1")
        True
        """
        return "key-" + self.keyed(SCHEME.sub("", text.strip()))

    def ids(self, array: pa.Array) -> pa.Array:
        """Hide raw keys and e-mail names in a column of ids; the same array when there are none.

        An address keeps its domain; its name becomes a keyed hash, so that two people of one company stay two.

        >>> hidden = Concealer(b"s").ids(pa.array(["acct-1", "sk-abcdefghijklmnop", "a@b.org"])).to_pylist()
        >>> hidden[0], hidden[1][:4], hidden[2][-6:]
        ('acct-1', 'key-', '@b.org')
        """
        if pc.any(pc.match_substring_regex(array, KEY_STARTS)).as_py():
            array = _replaced(array, pc.match_substring_regex(array, KEY), self.keyed_secret)
        if _holds(array, b"@"):
            array = _replaced(array, pc.match_substring(array, "@"), self._without_name)
        return array

    def id(self, text: str) -> str:
        """Hide what `ids` hides in one id.

        >>> Concealer(b"s").id("a@b.org") == Concealer(b"s").ids(pa.array(["a@b.org"]))[0].as_py()
        True
        """
        if _KEY_START.match(text) and _KEY.fullmatch(text):
            text = self.keyed_secret(text)
        return self._without_name(text) if "@" in text else text

    def _without_name(self, text: str) -> str:
        name, _, domain = text.rpartition("@")
        hidden = name if HIDDEN_NAME.fullmatch(name) else f"name-{self.keyed(name.lower())}"
        return f"{hidden}@{domain.lower()}"

    def columns(self, batch: pa.RecordBatch, names: Iterable[str]) -> pa.RecordBatch:
        """Hide what `ids` hides in the named columns of a batch."""
        for name in names:
            index = batch.schema.get_field_index(name)
            column = batch.column(index)
            hidden = column if column.null_count == len(column) else self.ids(column)
            if hidden is not column:
                batch = batch.set_column(index, batch.schema.field(index), hidden)
        return batch

    def payments(self, array: pa.Array) -> pa.Array:
        """Hide raw card numbers among payment fingerprints.

        >>> Concealer(b"s").payments(pa.array(["fp-1", "4111 1111 1111 1111"])).to_pylist()[1][:5]
        'card-'
        """
        cards = pa.array([is_card_number(text) for text in array.to_pylist()], pa.bool_())
        return _replaced(array, cards, lambda text: "card-" + self.keyed(re.sub(r"\D", "", text)))

    def text(self, text: str) -> str:
        """Keyed hash in place of a system prompt, as content mode ``hashed`` keeps it."""
        return text if re.match(HIDDEN_TEXT, text, re.ASCII) else "hash-" + self.keyed(text)

    def texts(self, batch: pa.RecordBatch, content: Content) -> pa.RecordBatch:
        """Take out of a batch what the content mode does not let through."""
        if content is Content.FULL:
            return batch
        for name in ("system_text", "prompt_text", "output_text"):
            index = batch.schema.get_field_index(name)
            hidden = pa.nulls(batch.num_rows, pa.string())
            if name == "system_text" and content is Content.HASHED:
                column = batch.column(index)
                is_open = pc.invert(pc.match_substring_regex(column, HIDDEN_TEXT))
                hidden = _replaced(column, is_open, self.text)
            batch = batch.set_column(index, batch.schema.field(index), hidden)
        return batch


def is_card_number(text: str | None) -> bool:
    """Whether `text` is 13 to 19 digits with the check digit of payment cards (Luhn).

    >>> is_card_number("4111-1111-1111-1111"), is_card_number("4111111111111112")
    (True, False)
    """
    if text is None or not CARD.fullmatch(text.strip()):
        return False
    digits = [int(c) for c in reversed(text) if c.isdigit()]
    return sum(d if i % 2 == 0 else sum(divmod(2 * d, 10)) for i, d in enumerate(digits)) % 10 == 0


def _holds(array: pa.Array, byte: bytes) -> bool:
    """Whether any value holds `byte`: one pass over memory, cheaper than a pattern."""
    offsets, data = string_parts(array)
    return bool(np.any(data[offsets[0] : offsets[-1]] == byte[0]))


def _replaced(array: pa.Array, mask: pa.Array, change: Callable[[str], str]) -> pa.Array:
    if not pc.any(mask).as_py():
        return array
    mask = pc.fill_null(mask, False)
    encoded = array.filter(mask).dictionary_encode()
    changed = pa.array([change(text) for text in encoded.dictionary.to_pylist()], pa.string())
    return pc.replace_with_mask(array, mask, changed.take(encoded.indices))


def installation_salt(path: Path | None = None) -> bytes:
    """Read the salt of this installation, making it at first use (32 random bytes, readable by the owner only).

    path    None takes ``$STILLWATCH_SALT``, else ``~/.config/stillwatch/salt``.

    Raises      InvalidInput if the file is shorter than 16 bytes, UnreadableSource if it cannot be read or made.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "salt"
    >>> len(installation_salt(file)), installation_salt(file) == installation_salt(file)
    (32, True)
    """
    path = path or Path(os.environ.get("STILLWATCH_SALT") or Path.home() / ".config" / "stillwatch" / "salt")
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_bytes(SALT_BYTES))
            _install(fresh, path)
        salt = path.read_bytes()
    except OSError as error:
        message = f"the salt {path} cannot be read or made: {error.strerror}"
        raise UnreadableSource(message) from error
    if len(salt) < SALT_BYTES // 2:
        message = f"the salt must be at least {SALT_BYTES // 2} bytes, got {len(salt)} ({path})"
        raise InvalidInput(message)
    return salt


def _install(fresh: Path, path: Path) -> None:
    """Give the new file its name unless another process was first."""
    with contextlib.suppress(FileExistsError):
        path.hardlink_to(fresh)
    fresh.unlink()
