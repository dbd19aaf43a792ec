"""Editions of the report in other languages, made from the pages of the first."""

from analysis.editions.catalogue import (
    Catalogue,
    Message,
    languages,
    message_key,
    read_catalogue,
    update_catalogues,
)
from analysis.editions.edition import collect, write_editions
from analysis.editions.sharing import share
from analysis.editions.wording import Wording, slots

__all__ = [
    "Catalogue",
    "Message",
    "Wording",
    "collect",
    "languages",
    "message_key",
    "read_catalogue",
    "share",
    "slots",
    "update_catalogues",
    "write_editions",
]
