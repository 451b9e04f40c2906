"""What a provider knows of an account. Raw card numbers, secrets and e-mail local parts never enter."""

import pyarrow as pa

from stillwatch.model.column import Column, schema_of
from stillwatch.model.exchange import TIME_TYPE

__all__ = ["ACCOUNT", "ACCOUNT_COLUMNS"]

ACCOUNT_COLUMNS: tuple[Column, ...] = (
    Column("account_id", pa.string(), "The account, as in the exchanges.", required=True),
    Column("organisation_id", pa.string(), "Owner of the account."),
    Column("created_at", TIME_TYPE, "When the account was opened, UTC."),
    Column("payment_fingerprint", pa.string(), "Keyed hash of the means of payment."),
    Column("email_domain", pa.string(), "Domain of the e-mail address, never the local part."),
    Column("programme", pa.string(), "education, research, startup, ...; null when none."),
    Column("verified_level", pa.int32(), "0 unverified, 1 contact, 2 business verified by a person."),
    Column(
        "declared_use",
        pa.string(),
        "Declared and verified use that may explain coordination: evaluation, distillation, resale, fleet; null.",
    ),
)

ACCOUNT: pa.Schema = schema_of("account", ACCOUNT_COLUMNS)
