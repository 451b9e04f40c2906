"""What a mark is made with; the same values find it again."""

from dataclasses import dataclass

from stillwatch.errors import InvalidInput

__all__ = ["Scheme"]


@dataclass(frozen=True, slots=True)
class Scheme:
    """Widths and strengths of both layers.

    account_width   Tokens before a token that the account layer's numbers depend on, 1 to 16.
    campaign_width  The same for the layer that students inherit; short, so that a student meets a context often.
    gamma           Share of the vocabulary that is green after a context, in (0, 1).
    delta           Nats added to a green token's logit; 0.5 to 2 is usual.
    """

    account_width: int = 4
    campaign_width: int = 2
    gamma: float = 0.5
    delta: float = 1.0

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
