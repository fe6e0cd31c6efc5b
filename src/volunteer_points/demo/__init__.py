"""A demonstration: one Saturday told with its numbers, then one month of a community, both really carried out.

Every number that is told is read from the books after the step that made it. The ledgers stay in a folder, so that
whoever looks on can go on where the demonstration ends.
"""

from volunteer_points.demo.month import Month
from volunteer_points.demo.places import FOLDER, Places
from volunteer_points.demo.story import Story
from volunteer_points.demo.telling import Beat, Grid, Heading, Sentence

__all__ = ["FOLDER", "Beat", "Grid", "Heading", "Month", "Places", "Sentence", "Story"]
