"""What may be installed on an emulated device, and which backends that makes work."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmarks.emulated.device import Device


@dataclass(frozen=True)
class Setup:
    """A device with packages beside click.

    Attributes:
        kind: of the device, see `Device`.
        packages: names for `Device.packages`.
        backends: all that work with them.
    """

    kind: str
    packages: tuple[str, ...]
    backends: tuple[str, ...]

    @property
    def device(self) -> Device:
        """The device."""
        return Device(self.kind)

    def path(self, runtime: Path) -> list[Path]:
        """The folders to import from.

        Args:
            runtime: the folder with the runtime.
        """
        return [runtime, *map(self.device.packages, ("click", *self.packages))]


SETUPS = {
    "pi-64, nothing": Setup("pi-64", (), ("plain",)),
    "pi-64, LiteRT and ONNX Runtime": Setup(
        "pi-64", ("current",), ("plain", "numpy", "tflite", "onnx")
    ),
    "pi-64, tflite-runtime": Setup("pi-64", ("tflite",), ("plain", "numpy", "tflite")),
    # Its system has a numpy.
    "pi-32, nothing": Setup("pi-32", (), ("plain", "numpy")),
    "pi-32, tflite-runtime": Setup("pi-32", ("tflite",), ("plain", "numpy", "tflite")),
}
