"""The families of all sets."""

from __future__ import annotations

from benchmarks.blind.eighteenth import EIGHTEENTH
from benchmarks.blind.eighth import EIGHTH
from benchmarks.blind.eleventh import ELEVENTH
from benchmarks.blind.families import FAMILIES
from benchmarks.blind.fifteenth import FIFTEENTH
from benchmarks.blind.fifth import FIFTH
from benchmarks.blind.fourteenth import FOURTEENTH
from benchmarks.blind.fourth import FOURTH
from benchmarks.blind.nineteenth import NINETEENTH
from benchmarks.blind.ninth import NINTH
from benchmarks.blind.second import SECOND
from benchmarks.blind.seventeenth import SEVENTEENTH
from benchmarks.blind.seventh import SEVENTH
from benchmarks.blind.sixteenth import SIXTEENTH
from benchmarks.blind.sixth import SIXTH
from benchmarks.blind.tenth import TENTH
from benchmarks.blind.third import THIRD
from benchmarks.blind.thirteenth import THIRTEENTH
from benchmarks.blind.twelfth import TWELFTH

EVERY = (
    *FAMILIES,
    *SECOND,
    *THIRD,
    *FOURTH,
    *FIFTH,
    *SIXTH,
    *SEVENTH,
    *EIGHTH,
    *NINTH,
    *TENTH,
    *ELEVENTH,
    *TWELFTH,
    *THIRTEENTH,
    *FOURTEENTH,
    *FIFTEENTH,
    *SIXTEENTH,
    *SEVENTEENTH,
    *EIGHTEENTH,
    *NINETEENTH,
)
