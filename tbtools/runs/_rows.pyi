from tbtools.runs._rows_python import (
    measure as measure,
)
from tbtools.runs._rows_python import (
    series_keys as series_keys,
)
from tbtools.runs._rows_python import (
    spaced_rows as spaced_rows,
)
from tbtools.runs._rows_python import (
    spaced_series as spaced_series,
)
from tbtools.runs._rows_python import (
    stable_order as stable_order,
)
from tbtools.runs._rows_python import (
    stretch_means as stretch_means,
)
