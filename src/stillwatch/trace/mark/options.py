"""What a mark is made with; the same values find it again."""

from dataclasses import dataclass

from stillwatch.errors import InvalidInput

__all__ = ["Scheme"]


@dataclass(frozen=True, slots=True)
class Scheme:
    """Widths and strengths of both layers, and who draws at which contexts of the account layer.

    account_width   Tokens before a token that the account layer's numbers depend on, 1 to 16.
    campaign_width  The same for the layer that students inherit; short, so that a student meets a context often.
    gamma           Share of the vocabulary that is green after a context, in (0, 1).
    delta           Nats added to a green token's logit; 0.5 to 2 is usual.
    global_share    Share of contexts at which the provider's global key draws, for a quick screen of large data sets.
    symbol_share    Share of contexts at which a symbol of the account's code word draws, for millions of accounts. At
                    the rest the account's own key draws.
    """

    account_width: int = 4
    campaign_width: int = 2
    gamma: float = 0.5
    delta: float = 1.0
    global_share: float = 0.0
    symbol_share: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what makes no mark."""
        for name, width in (("account_width", self.account_width), ("campaign_width", self.campaign_width)):
            if not 1 <= width <= 16:
                message = f"{name} must be in 1 to 16, got {width}"
                raise InvalidInput(message)
        if not 0 < self.gamma < 1:
            message = f"gamma must be in (0, 1), got {self.gamma}"
            raise InvalidInput(message)
        if not 0 <= self.delta <= 20:
            message = f"delta must be in 0 to 20 nats, got {self.delta}"
            raise InvalidInput(message)
        shares = (self.global_share, self.symbol_share)
        if min(shares) < 0 or sum(shares) > 1:
            message = f"global_share and symbol_share must be 0 or above and at most 1 together, got {shares}"
            raise InvalidInput(message)

    @property
    def has_slots(self) -> bool:
        """Whether contexts are divided: the global key says which is whose, and is needed to find anything."""
        return self.global_share > 0 or self.symbol_share > 0
