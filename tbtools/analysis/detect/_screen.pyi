from tbtools.analysis.detect._screen_python import (
    NOT_FINITE as NOT_FINITE,
)
from tbtools.analysis.detect._screen_python import (
    RESTS as RESTS,
)
from tbtools.analysis.detect._screen_python import (
    RISES as RISES,
)
from tbtools.analysis.detect._screen_python import (
    SPIKES as SPIKES,
)
from tbtools.analysis.detect._screen_python import (
    SWINGS as SWINGS,
)
from tbtools.analysis.detect._screen_python import (
    UNUSUAL as UNUSUAL,
)
from tbtools.analysis.detect._screen_python import (
    first_look as first_look,
)
from tbtools.analysis.detect._screen_python import (
    look as look,
)
from tbtools.analysis.detect._screen_python import (
    measure as measure,
)
