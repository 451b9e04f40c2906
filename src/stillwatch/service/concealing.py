"""Requests as the collector would have stored them: else they would not be found in what was learnt from logs."""

from dataclasses import replace
from typing import Any, Final

from stillwatch.ingest.conceal import Concealer
from stillwatch.ingest.options import Content
from stillwatch.model.decision import Request

__all__ = ["RequestConcealer"]

_IDS: Final = ("account_id", "organisation_id", "end_user_id", "session_id", "conversation_id")


class RequestConcealer:
    """Hides in a request what ingest hides in an exchange: raw keys and e-mail names among ids, texts not to be kept.

    A request that is hidden stays as it is. Decisions, their records, appeals and cases then name accounts as the
    findings do, and no record holds a key or an address.

    salt        The collector's: `stillwatch.ingest.installation_salt`.
    content     The collector's: text that no log holds must not be looked up either.
    """

    def __init__(self, salt: bytes, content: Content | str = Content.FULL) -> None:
        self._concealer, self._content = Concealer(salt), Content(content)

    def id(self, text: str) -> str:
        """One id.

        >>> RequestConcealer(b"s").id("acct-1")
        'acct-1'
        """
        return self._concealer.id(text)

    def request(self, request: Request) -> Request:
        """The request, the same object when there is nothing to hide."""
        changed = self._texts(request)
        for name in _IDS:
            told = getattr(request, name)
            if told is not None and (hidden := self._concealer.id(told)) != told:
                changed[name] = hidden
        return replace(request, **changed) if changed else request

    def _texts(self, request: Request) -> dict[str, Any]:
        if self._content is Content.FULL or request.prompt_text is request.system_text is None:
            return {}
        system = request.system_text if self._content is Content.HASHED else None
        return {"prompt_text": None, "system_text": None if system is None else self._concealer.text(system)}
