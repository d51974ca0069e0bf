from numpy import float64
from numpy.typing import NDArray

def debiased(values: NDArray[float64], weight: float, smoothed: NDArray[float64]) -> None: ...
def decaying(
    values: NDArray[float64], decays: NDArray[float64], smoothed: NDArray[float64]
) -> None: ...
