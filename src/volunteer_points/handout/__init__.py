"""A rulebook as a page that a neighbour can read, and what changes from one to the next, in Chinese and English."""

from volunteer_points.handout.differences import Difference, differences
from volunteer_points.handout.page import html, markdown
from volunteer_points.handout.phrases import Phrases
from volunteer_points.handout.sentences import Section, Sentence, phrases, sections

__all__ = [
    "Difference",
    "Phrases",
    "Section",
    "Sentence",
    "differences",
    "html",
    "markdown",
    "phrases",
    "sections",
]
