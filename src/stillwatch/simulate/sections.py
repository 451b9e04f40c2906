"""Word lists and sentence pieces as they ship: text files with ``[section]`` lines."""

from importlib.resources import files

__all__ = ["read_sections"]


def read_sections(name: str) -> dict[str, tuple[str, ...]]:
    """Lines by section of the file `name` in ``simulate/words``; comments and blank lines are left out.

    >>> read_sections("frames")["en.followup"][1]
    'and {A}?'
    """
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for raw in files(__package__).joinpath("words", f"{name}.txt").read_text("utf-8").splitlines():
        line = raw.strip()
        if line.startswith("[") and line.endswith("]"):
            lines = sections.setdefault(line[1:-1], [])
        elif line and not line.startswith("#"):
            lines.append(line)
    return {key: tuple(value) for key, value in sections.items()}
